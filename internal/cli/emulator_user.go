package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/emulator/control"
)

// emulatorUserCommand adds RAM users with policies.
func (a *app) emulatorUserCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "user", Short: "Add RAM users whose policies the emulator enforces", Args: noSuchSubcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.userAddCommand())
	return c
}

func (a *app) userAddCommand() *cobra.Command {
	var policies []string
	c := &cobra.Command{
		Use: "add NAME", Short: "Add a RAM user and print its AccessKey", Args: cobra.ExactArgs(1),
		Long: `Add a RAM user to the running emulator's account, bounded by RAM policies, and print its
AccessKey as exports. Who is there already keeps the AccessKey, and gets these policies in place of
the former ones. Both gateways hold every call with that AccessKey against the policies as RAM does:
a statement that denies decides, else one must allow the action on what the call is about, by
patterns with * and ?. Of conditions StringEquals and StringLike over kms:tag/NAME and IpAddress
over acs:SourceIp are known; a statement with another one allows nothing. What is not allowed is
refused with Forbidden.NoPermission.

kmsplan iam prints the policy that a command needs.`,
		Example: "  kmsplan iam -for plan | kmsplan emulator user add ci -policy -",
	}
	repeated(c.Flags(), &policies, "policy", "a RAM policy's `FILE`, JSON, - for standard input; may be given several times")
	return a.steer(c, &steering{}, func(ctx context.Context, client *control.Client, args []string) error {
		u := control.User{Name: args[0], Policies: []string{}}
		for _, file := range policies {
			text, err := a.readPolicy(file)
			if err != nil {
				return err
			}
			u.Policies = append(u.Policies, text)
		}
		key, err := client.AddUser(ctx, u)
		if err != nil {
			return err
		}
		a.view.Listed(key, "export ALIBABA_CLOUD_ACCESS_KEY_ID="+key.AccessKeyID, "export ALIBABA_CLOUD_ACCESS_KEY_SECRET="+key.AccessKeySecret)
		return nil
	})
}

// maxRAMPolicy bounds what is read of a policy (RAM: 6,144 characters).
const maxRAMPolicy = 1 << 20

func (a *app) readPolicy(file string) (string, error) {
	in := a.proc.Stdin
	if file != "-" {
		f, err := os.Open(a.path(file))
		if err != nil {
			return "", fmt.Errorf("read the policy: %w", err)
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxRAMPolicy))
	if err != nil {
		return "", fmt.Errorf("read the policy %s: %w", file, durable.Reason(err))
	}
	return string(text), nil
}
