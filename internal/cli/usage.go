package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/usage"
)

// usageCommand groups what the state knows of who uses keys.
func (a *app) usageCommand() *cobra.Command {
	show := a.usageShowCommand()
	c := &cobra.Command{
		Use: "usage", Short: "Learn from the service's logs who used which key version last", GroupID: groupCare, Args: noSuchSubcommand,
		Long: `KMS keeps logs of who used which key, and no answer to when that was last. usage import reads them into the state:
of each key, version and principal the last use. plan cites it when a key would be taken out of use, and status when it
is asked whether one may go. Without a subcommand it shows what is known.`,
		RunE: func(c *cobra.Command, args []string) error { return show.RunE(c, args) },
	}
	c.AddCommand(a.usageImportCommand(), show, a.usageForgetCommand())
	return c
}

func (a *app) usageImportCommand() *cobra.Command {
	var vars variables
	var all, asJSON bool
	var lockTimeout time.Duration
	c := &cobra.Command{
		Use: "import FILE …", Short: "Read access logs of an instance, or events of ActionTrail",
		Long: `Read what was exported of an instance's access log (Simple Log Service, Logstore kms_audit_log) or of ActionTrail:
JSON, JSON lines or CSV, compressed with gzip or not; - is standard input. Of each key, version and principal the state
keeps the last use: when, by whom, which operation, and whether KMS refused it. Nothing else of a log is kept; sessions of a
role are the role. What is older than what the state has changes nothing, so that logs may overlap.

Keys that the stack has nothing to do with are counted and left out, unless -all is given. A call that was refused for want
of rights is no use.`,
		Example: `  kmsplan usage import actiontrail-2026-05.json.gz
  aliyunlog log pull_log_dump … && kmsplan usage import dump_*.data`,
		Args: needFiles,
		RunE: func(c *cobra.Command, args []string) error {
			a.answerIn(asJSON)
			return a.withState(&vars, lockTimeout, func(stored *stack.Stored) error {
				return a.importUsage(c.Context(), stored, args, all)
			})
		},
	}
	vars.flags(c)
	c.Flags().BoolVar(&all, "all", false, "keep the uses of keys that the stack has nothing to do with, too")
	jsonFlag(c, &asJSON)
	lockTimeoutFlag(c, &lockTimeout)
	return c
}

func (a *app) importUsage(ctx context.Context, stored *stack.Stored, files []string, all bool) error {
	st, err := stored.Remembered(ctx)
	if err != nil {
		return err
	}
	names := namesOf(st)
	r := usage.Reader{Now: a.now(), Resolve: func(alias string) (string, bool) { id, ok := names.byName[alias]; return id, ok }}
	if !all {
		known := keysKnown(st, names)
		r.Known = func(key string) bool { return known[key] }
	}
	for _, name := range files {
		if err := a.readUsage(&r, name); err != nil {
			return fmt.Errorf("%w; nothing was recorded", err)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	if len(r.Uses) > 0 {
		err = stored.EditCensus(ctx, "usage import", func(now state.State) (state.State, error) {
			now.Uses = state.WithUses(now.Uses, r.Uses)
			return now, nil
		})
	}
	if err == nil {
		a.view.Result(learnt(r.Report), learntLines(r.Report)...)
	}
	return err
}

func (a *app) readUsage(r *usage.Reader, name string) error {
	in, err := a.open(name)
	if err != nil {
		return err
	}
	r.Name = name
	if err := errors.Join(r.Read(in), closed(in)); err != nil {
		return fmt.Errorf("read %s: %w", name, durable.Reason(err))
	}
	return nil
}

func closed(c io.Closer) error { return c.Close() }

// keysKnown are the keys that a stack has something to do with.
func keysKnown(st state.State, names keyNaming) map[string]bool {
	known := map[string]bool{}
	for id := range names.address {
		known[id] = true
	}
	for _, id := range names.byName {
		known[id] = true
	}
	for _, f := range st.Files {
		known[f.KeyID] = true
	}
	delete(known, "")
	return known
}

// learntAnswer is the document of usage import.
type learntAnswer struct {
	Records int                    `json:"records"`
	Skipped map[string]int         `json:"skipped"`
	First   map[string]usage.Place `json:"first_skipped"`
	Uses    []state.Use            `json:"uses"`
}

func learnt(r usage.Report) learntAnswer {
	return learntAnswer{r.Records, r.Skipped, r.At, append([]state.Use{}, r.Uses...)}
}

func learntLines(r usage.Report) (lines []string) {
	for _, why := range slices.Sorted(maps.Keys(r.Skipped)) {
		lines = append(lines, fmt.Sprintf("%d records %s; the first in %s, line %d.", r.Skipped[why], why, r.At[why].File, r.At[why].Line))
	}
	if len(r.Uses) == 0 {
		return append(lines, fmt.Sprintf("Nothing was learnt of %s.", countOf(r.Records, "record")))
	}
	return append(lines, fmt.Sprintf("Learnt the last uses by %s of %s, from %s to %s.", countOf(principals(r.Uses), "principal"), countOf(r.Records, "record"),
		r.First.Format(time.DateOnly), r.Last.Format(time.DateOnly)))
}

func principals(list []state.Use) int {
	seen := map[string]bool{}
	for _, u := range list {
		seen[u.Principal] = true
	}
	return len(seen)
}

func (a *app) usageShowCommand() *cobra.Command {
	var asJSON bool
	var version string
	c := &cobra.Command{
		Use: "show [KEY]", Short: "Show who used which key version last", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			a.answerIn(asJSON)
			st, err := a.readState(c)
			if err != nil {
				return err
			}
			names := namesOf(st)
			key, err := names.find(strings.Join(args, ""))
			if err != nil {
				return err
			}
			list := usesOf(st.UsesOf(key, version), a.now())
			if len(list) == 0 && !asJSON {
				a.view.Notef("nothing is known of that; kmsplan usage import reads the service's logs")
				return nil
			}
			a.view.Table(list, []string{"KEY", "VERSION", "LAST USED", "BY", "OPERATION"}, usageRows(list, names))
			return nil
		},
	}
	c.Flags().StringVar(&version, "version", "", "only this key `VERSION`")
	jsonFlag(c, &asJSON)
	return c
}

func usageRows(list []keyUse, names keyNaming) (rows [][]string) {
	for _, u := range list {
		operation := u.Operation
		if u.Refused {
			operation += " (refused)"
		}
		rows = append(rows, []string{names.called(u.KeyID), u.KeyVersion, u.Last.UTC().Format(time.DateTime), u.Principal, operation})
	}
	return rows
}

func (a *app) usageForgetCommand() *cobra.Command {
	var asJSON bool
	var lockTimeout time.Duration
	c := &cobra.Command{
		Use: "forget KEY", Short: "Forget what was learnt of a key", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			a.answerIn(asJSON)
			stored, err := a.openState(lockTimeout)
			if err != nil {
				return err
			}
			defer a.closing(stored.Close)
			forgotten := 0
			err = stored.EditCensus(c.Context(), "usage forget", func(st state.State) (state.State, error) {
				key, err := namesOf(st).find(args[0])
				if err != nil {
					return st, err
				}
				before := len(st.Uses)
				st.Uses = slices.DeleteFunc(slices.Clone(st.Uses), func(u state.Use) bool { return u.KeyID == key })
				if forgotten = before - len(st.Uses); forgotten == 0 {
					return st, fmt.Errorf("the state knows of no use of %s", args[0])
				}
				return st, nil
			})
			if err == nil {
				a.view.Result(map[string]any{"key": args[0], "forgotten": forgotten}, fmt.Sprintf("Forgotten: %s of %s.", countOf(forgotten, "use"), args[0]))
			}
			return err
		},
	}
	jsonFlag(c, &asJSON)
	lockTimeoutFlag(c, &lockTimeout)
	return c
}
