package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/emulator/control"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
)

// emulatorFaultCommand makes the emulator fail on purpose.
func (a *app) emulatorFaultCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "fault", Short: "Make the emulator fail on purpose, the same way every time", Args: noSuchSubcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.faultListCommand(), a.faultAddCommand(), a.faultClearCommand())
	return c
}

func (a *app) faultListCommand() *cobra.Command {
	s := &steering{}
	return a.steer(&cobra.Command{Use: "list", Short: "List the faults, spent ones too", Args: cobra.NoArgs}, s,
		func(ctx context.Context, client *control.Client, _ []string) error {
			rules, err := client.Faults(ctx)
			if err != nil {
				return err
			}
			a.showRules(rules)
			return nil
		})
}

func (a *app) faultAddCommand() *cobra.Command {
	s := &steering{}
	var r fault.Rule
	c := &cobra.Command{
		Use: "add OPERATION:ACTION[:TIMES] …", Short: "Add faults", Args: cobra.MinimumNArgs(1),
		Long: `Add faults: the named operation's next calls meet the action, for example
CreateKey:drop-after-commit:1 or *:throttle. The flags narrow what matches.

Actions:
` + "  " + strings.Join(fault.Names(), "\n  "),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	f := c.Flags()
	f.StringVar(&r.Gateway, "gateway", "", "only calls of this gateway: public, dedicated or instance")
	f.StringVar(&r.Key, "key", "", "only calls that name this key, alias or secret")
	f.StringVar(&r.Caller, "caller", "", "only calls of this AccessKey or ClientKey id")
	f.IntVar(&r.After, "after", 0, "let so many matching calls pass first")
	return a.steer(c, s, func(ctx context.Context, client *control.Client, args []string) error {
		var last []fault.Rule
		for _, text := range args {
			parsed, err := fault.Parse(text, emulatorOperations())
			if err != nil {
				return usageError{err}
			}
			for _, rule := range parsed {
				rule.Gateway, rule.Key, rule.Caller, rule.After = r.Gateway, r.Key, r.Caller, r.After
				if last, err = client.AddFault(ctx, rule); err != nil {
					return err
				}
			}
		}
		a.showRules(last)
		return nil
	})
}

func (a *app) faultClearCommand() *cobra.Command {
	c := &cobra.Command{Use: "clear [ID …]", Short: "Remove faults by id, or all"}
	return a.steer(c, &steering{}, func(ctx context.Context, client *control.Client, args []string) error {
		var ids []int
		for _, text := range args {
			id, err := strconv.Atoi(text)
			if err != nil {
				return usageError{fmt.Errorf("%q is no fault's id; emulator fault list shows them", text)}
			}
			ids = append(ids, id)
		}
		n, err := client.RemoveFaults(ctx, ids...)
		if err != nil {
			return err
		}
		a.view.Result(map[string]int{"removed": n}, fmt.Sprintf("Removed %d faults.", n))
		return nil
	})
}

func (a *app) showRules(rules []fault.Rule) {
	lines := []string{}
	for _, r := range rules {
		lines = append(lines, fmt.Sprintf("%3d  %s:%s  fired %d of %s, seen %d", r.ID, orStar(r.Operation), r.Action, r.Fired, timesText(r.Times), r.Seen))
	}
	if len(rules) == 0 {
		lines = append(lines, "No faults.")
	}
	a.view.Result(rules, lines...)
}

func orStar(s string) string {
	if s == "" {
		return "*"
	}
	return s
}

func timesText(n int) string {
	switch n {
	case -1:
		return "always"
	case 0:
		return "1"
	}
	return strconv.Itoa(n)
}

// emulatorOperations are the names a fault may match.
func emulatorOperations() []string {
	return append(slices.Sorted(maps.Keys(engine.Operations())), slices.Sorted(maps.Keys(engine.InstanceOperations()))...)
}
