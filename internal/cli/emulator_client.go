package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/emulator/control"
	"kmsplan.dev/kmsplan/internal/stack"
)

// steering is what every command on a running emulator takes.
type steering struct {
	ready string
	json  bool
}

// flags adds -ready-file and -json.
func (s *steering) flags(c *cobra.Command) {
	c.Flags().StringVar(&s.ready, "ready-file", "", "the running emulator's ready `FILE` (default: $KMSPLAN_EMULATOR_READY, .kmsplan/emulator/ready.json, or the emulator started last)")
	c.Flags().BoolVar(&s.json, "json", false, "print JSON")
}

// readyFile finds the running emulator.
func (a *app) readyFile(flag string) string {
	switch {
	case flag != "":
		return a.path(flag)
	case a.getenv("KMSPLAN_EMULATOR_READY") != "":
		return a.path(a.getenv("KMSPLAN_EMULATOR_READY"))
	}
	here := a.path(filepath.Join(".kmsplan", "emulator", readyName))
	if last := a.lastReady(); !exists(here) && last != "" && exists(last) {
		return last
	}
	return here
}

// steer makes a command that talks to a running emulator.
func (a *app) steer(c *cobra.Command, s *steering, work func(context.Context, *control.Client, []string) error) *cobra.Command {
	s.flags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		client, err := control.FromReadyFile(a.readyFile(s.ready))
		if err != nil {
			return withHint(err, "Start one with: kmsplan emulator serve")
		}
		defer client.Close()
		a.answerIn(s.json)
		return work(c.Context(), client, args)
	}
	return c
}

// emulatorEnvCommand prints the exports for a shell.
func (a *app) emulatorEnvCommand() *cobra.Command {
	var ready string
	c := &cobra.Command{
		Use: "env", Short: "Print the exports for clients of the running emulator", Args: cobra.NoArgs,
		Long: `Print shell exports for clients of the running emulator: the variables the vendor's SDKs and
tools read, and KMSPLAN_EMULATOR_… for the rest.

  eval "$(kmsplan emulator env)"`,
		RunE: func(*cobra.Command, []string) error {
			r, err := stack.ReadReadyFile(a.readyFile(ready))
			if err != nil {
				return err
			}
			for _, v := range [][2]string{
				{"ALIBABA_CLOUD_ACCESS_KEY_ID", r.AccessKeyID}, {"ALIBABA_CLOUD_ACCESS_KEY_SECRET", r.AccessKeySecret},
				{"ALICLOUD_ACCESS_KEY", r.AccessKeyID}, {"ALICLOUD_SECRET_KEY", r.AccessKeySecret},
				{"ALIBABA_CLOUD_REGION_ID", r.Region}, {"ALICLOUD_REGION", r.Region}, {"KMS_ENDPOINT", r.Public.HTTPS},
				{"KMSPLAN_EMULATOR_READY", a.readyFile(ready)},
				{"KMSPLAN_EMULATOR_HTTPS", r.Public.HTTPS}, {"KMSPLAN_EMULATOR_HTTP", r.Public.HTTP},
				{"KMSPLAN_EMULATOR_INSTANCE", r.Instance.Endpoint}, {"KMSPLAN_EMULATOR_INSTANCE_ID", r.Instance.ID},
				{"KMSPLAN_EMULATOR_CLIENT_KEY_FILE", r.Instance.ClientKeyFile}, {"KMSPLAN_EMULATOR_CLIENT_KEY_PASSWORD", r.Instance.ClientKeyPassword},
				{"KMSPLAN_EMULATOR_CA_FILE", r.CAFile}, {"SSL_CERT_FILE", r.CAFile}, {"NODE_EXTRA_CA_CERTS", r.CAFile},
				{"KMSPLAN_EMULATOR_OSS", r.OSS}, {"NO_PROXY", noProxy(r.Public.HTTPS, r.Public.HTTP, r.Instance.Endpoint, r.OSS)},
			} {
				a.view.Listed(v, "export "+v[0]+"="+shellQuote(v[1]))
			}
			return nil
		},
	}
	c.Flags().StringVar(&ready, "ready-file", "", "the running emulator's ready `FILE` (default: $KMSPLAN_EMULATOR_READY, .kmsplan/emulator/ready.json, or the emulator started last)")
	return c
}

// noProxy lists the endpoints as the vendor's SDK compares them: host and port, to the letter.
func noProxy(endpoints ...string) string {
	out := "127.0.0.1,localhost"
	for _, e := range endpoints {
		if e != "" {
			out += "," + e
		}
	}
	return out
}

func (a *app) emulatorStatusCommand() *cobra.Command {
	s := &steering{}
	c := &cobra.Command{Use: "status", Short: "Sum up the running emulator", Args: cobra.NoArgs}
	return a.steer(c, s, func(ctx context.Context, client *control.Client, _ []string) error {
		st, err := client.Status(ctx)
		if err != nil {
			return err
		}
		lines := []string{
			fmt.Sprintf("process   %d, since %s", st.PID, st.Started.UTC().Format(timeLayout)), "data      " + st.Data, "auth      " + st.Auth,
			"throttle  " + st.Throttle, "clock     " + clockText(st.Clock), fmt.Sprintf("calls     %d", st.Calls), fmt.Sprintf("faults    %d", st.Faults),
		}
		if st.Problem != "" {
			lines = append(lines, "problem   "+st.Problem)
		}
		a.view.Result(st, lines...)
		return nil
	})
}

func (a *app) emulatorResetCommand() *cobra.Command {
	c := &cobra.Command{Use: "reset", Short: "Empty the running emulator; its credentials change, and its ready files with them", Args: cobra.NoArgs}
	return a.steer(c, &steering{}, func(ctx context.Context, client *control.Client, _ []string) error {
		if err := client.Reset(ctx); err != nil {
			return err
		}
		a.view.Result(nil, "The emulator is empty, and its ready files hold the new credentials: read them again.")
		return nil
	})
}

func (a *app) emulatorSeedCommand() *cobra.Command {
	s := &steering{}
	var force bool
	c := &cobra.Command{
		Use: "seed FILE", Short: "Add accounts, keys and secrets from a file to the running emulator", Args: cobra.ExactArgs(1),
		Long: `Add what the file (JSON) describes: accounts, AccessKeys, instances, keys with their ids and
raw material, aliases and secrets. What exists is left alone, unless -force.`,
	}
	c.Flags().BoolVar(&force, "force", false, "overwrite what exists")
	return a.steer(c, s, func(ctx context.Context, client *control.Client, args []string) error {
		in, err := a.open(args[0])
		if err != nil {
			return err
		}
		defer in.Close()
		document, err := readBounded(in, args[0])
		if err != nil {
			return fmt.Errorf("read the seed: %w", err)
		}
		result, err := client.Seed(ctx, document, force)
		if err != nil {
			return err
		}
		a.answerIn(true)
		a.view.Result(result)
		return nil
	})
}
