package cli

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/iam"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
)

// iamCommand prints the RAM policy that a command needs.
func (a *app) iamCommand() *cobra.Command {
	vars := &variables{}
	var purpose, gateway string
	c := &cobra.Command{
		Use: "iam -for plan|apply|run|worker", Short: "Print the least RAM policy that a command needs", GroupID: groupDeclare, Args: cobra.NoArgs,
		Long: `Print the least RAM policy, JSON, with which plan, apply, run or worker can do their work on this module:
plan reads what state holds; apply brings the configuration about, whatever has become of it in the
service; run works on the files of the data blocks; worker works on the objects of batches, and standard
error says what the places of objects, inventories and state have to allow. It names each key, secret and alias as state
knows them. Where a key does not exist yet, it holds for every key with this stack's tag, or for
every key, and standard error says so: print it again after the apply. Lists are allowed on *.
Nothing is called.

Key operations that a client key signs, as an emulator's always does, need no permission of RAM.

Exit codes: 0; 1 on errors, and when the command needs no permission.`,
		Example: `  kmsplan iam -for plan > plan-policy.json
  kmsplan iam -for apply -gateway hangzhou
  kmsplan iam -for plan | kmsplan emulator user add ci -policy -`,
		RunE: func(c *cobra.Command, _ []string) error {
			if !slices.Contains(iam.Purposes, purpose) {
				return usageError{fmt.Errorf("-for is one of %s, not %q", strings.Join(iam.Purposes, ", "), purpose)}
			}
			return a.withRemembered(c.Context(), vars, 0, func(stored *stack.Stored, st state.State) error {
				return a.permissions(stored, st, purpose, gateway)
			})
		},
	}
	vars.flags(c)
	c.Flags().StringVar(&purpose, "for", "", "the `COMMAND` that the policy is for: plan, apply, run or worker")
	c.Flags().StringVar(&gateway, "gateway", "", "of the gateway of this `NAME` alone, such as one of several accounts")
	return c
}

func (a *app) permissions(stored *stack.Stored, st state.State, purpose, gateway string) error {
	policy, notes, err := stored.Permissions(st, purpose, gateway)
	if err != nil {
		return err
	}
	for _, n := range notes {
		a.view.Notef("%s", n)
	}
	text, err := json.MarshalIndent(policy, "", "  ")
	if err != nil {
		return err
	}
	a.view.Listed(policy, strings.Split(string(text), "\n")...)
	return nil
}
