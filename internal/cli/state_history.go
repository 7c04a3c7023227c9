package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
)

// stateHistoryCommand lists what the store keeps.
func (a *app) stateHistoryCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "history", Short: "List the states that are kept: serial, when, by whom, in which command", Args: cobra.NoArgs,
		Long: `List the states that the store keeps, the newest first: serial, when it was stored, by whom and in
which command, by which version of kmsplan, and its digest. Of an encrypted one, the KMS key that it
is sealed under. Nothing is opened: kmsplan doctor proves that the oldest still opens.`,
		RunE: func(c *cobra.Command, _ []string) error {
			a.answerIn(asJSON)
			stored, err := a.openState(0)
			if err != nil {
				return err
			}
			kept, err := stored.History(c.Context())
			if err = errors.Join(err, stored.Close()); err != nil {
				return err
			}
			a.showHistory(kept)
			return nil
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

// keptState is one line of a history.
type keptState struct {
	Serial    uint64 `json:"serial"`
	Lineage   string `json:"lineage,omitempty"`
	Stored    string `json:"stored,omitempty"` // RFC 3339
	By        string `json:"by,omitempty"`
	Operation string `json:"operation,omitempty"`
	Writer    string `json:"writer,omitempty"`
	Digest    string `json:"digest,omitempty"`
	Key       string `json:"key,omitempty"`
	Problem   string `json:"problem,omitempty"`
}

func (a *app) showHistory(kept []state.Kept) {
	list := make([]keptState, len(kept))
	rows := make([][]string, len(kept))
	for i, k := range kept {
		s := keptState{Serial: k.Version.Serial, Lineage: k.Version.Lineage, By: k.Stored.By, Operation: k.Stored.Operation, Writer: k.Writer, Digest: k.Version.Digest, Key: k.Key, Problem: k.Problem}
		if !k.Stored.At.IsZero() {
			s.Stored = k.Stored.At.UTC().Format(time.RFC3339)
		}
		list[i] = s
		rows[i] = []string{fmt.Sprintf("%6d", s.Serial), cmp.Or(s.Stored, "-"), cmp.Or(s.By, "-"), cmp.Or(s.Operation, "-"), cmp.Or(s.Writer, "-"), fmt.Sprintf("%.12s", s.Digest), cmp.Or(s.Key, "-")}
		if s.Problem != "" {
			rows[i] = []string{fmt.Sprintf("%6d", s.Serial), "cannot be read: " + s.Problem}
		}
	}
	if len(kept) == 0 {
		a.view.Result(list, "The store keeps no state yet.")
		return
	}
	a.view.Table(list, []string{"SERIAL", "STORED", "BY", "COMMAND", "KMSPLAN", "DIGEST", "KEY"}, rows)
}

// stateRollbackCommand goes back to a kept state.
func (a *app) stateRollbackCommand() *cobra.Command {
	var approve, forget, input, asJSON bool
	var lockTimeout time.Duration
	c := &cobra.Command{
		Use: "rollback SERIAL", Short: "Store the content of a kept state again, as a new one", Args: cobra.ExactArgs(1),
		Long: `Store the content of a state that is kept (kmsplan state history) again, as a new state that follows
the current one: the lineage stays, the serial grows, and nothing in the service is touched. What
the older state does not know is shown first, and the command asks. Keys that the older state does
not know would live on with nothing that remembers them: that is refused with exit code 3, unless
-forget-keys says so. While calls of an interrupted run are open, nothing is rolled back.`,
		RunE: func(c *cobra.Command, args []string) error {
			a.answerIn(asJSON)
			serial, err := strconv.ParseUint(args[0], 10, 64)
			if err != nil || serial == 0 {
				return usageError{fmt.Errorf("%q is no serial; kmsplan state history lists them", args[0])}
			}
			stored, err := a.openState(lockTimeout)
			if err != nil {
				return err
			}
			err = a.rollBack(c.Context(), stored, serial, forget, func(question string) error { return a.askYes(question, approve, input) })
			return errors.Join(err, stored.Close())
		},
	}
	lockTimeoutFlag(c, &lockTimeout)
	f := c.Flags()
	f.BoolVar(&approve, "auto-approve", false, "do not ask for approval")
	f.BoolVar(&input, "input", true, "ask for approval; -input=false never asks")
	f.BoolVar(&asJSON, "json", false, "print JSON; the question, which -auto-approve answers, stands on standard error")
	f.BoolVar(&forget, "forget-keys", false, "let go of keys that the older state does not know; they go on living")
	return c
}

func (a *app) rollBack(ctx context.Context, stored *stack.Stored, serial uint64, forget bool, ask func(question string) error) error {
	planned, err := stored.Rollback(ctx, serial)
	if err != nil {
		return err
	}
	a.view.Result(nil, rollbackLines(planned, serial)...)
	if keys := planned.Keys(); len(keys) > 0 && !forget {
		return a.lostKeys(&stack.LostKeysError{Keys: keys})
	}
	if err := ask(fmt.Sprintf("Store the content of serial %d as serial %d?", serial, planned.Next.Serial)); err != nil {
		return err
	}
	now, err := stored.RollBack(ctx, planned, serial, forget)
	var lost *stack.LostKeysError
	if errors.As(err, &lost) {
		return a.lostKeys(lost)
	}
	if err == nil {
		a.view.Result(rolledBack(planned, serial, now), fmt.Sprintf("Stored the content of serial %d as serial %d. Next: kmsplan plan", serial, now))
	}
	return err
}

// rolledBack is what a rollback did, for -json: which serial's content follows which one, and what it let go of.
func rolledBack(r state.Rollback, serial, now uint64) map[string]any {
	forgotten, back := []string{}, []string{}
	for i := range r.Lost {
		forgotten = append(forgotten, r.Lost[i].Address)
	}
	for i := range r.Back {
		back = append(back, r.Back[i].Address)
	}
	return map[string]any{"content_of": serial, "follows": r.From.Serial, "serial": now, "lineage": r.Next.Lineage, "forgotten": forgotten, "files_forgotten": len(r.LostFiles), "back": back}
}

// lostKeys is a refusal as a guard's.
func (a *app) lostKeys(lost *stack.LostKeysError) error {
	a.view.Error("Refused", lost,
		"Roll back to a state that knows them: kmsplan state history lists those there are.",
		"Or give -forget-keys: the keys go on living, and the next plan takes those up again that have a block and carry this stack's tags.")
	return exit{exitRefused}
}

func rollbackLines(r state.Rollback, serial uint64) []string {
	lines := []string{fmt.Sprintf("The content of serial %d would follow serial %d, as serial %d of lineage %s.", serial, r.From.Serial, r.Next.Serial, r.Next.Lineage)}
	add := func(head string, list []string) {
		if len(list) > 0 {
			lines = append(append(lines, "", head), list...)
		}
	}
	add("It does not know these objects, which go on living:", objectLines(r.Lost))
	var files []string
	for _, f := range r.LostFiles {
		files = append(files, fmt.Sprintf("  %s of %s, under key %s", f.Path, f.Address, f.KeyID))
	}
	add("It does not know these files, which stay as they are:", files)
	add("It knows these objects, which the current state does not; the next plan looks whether they live:", objectLines(r.Back))
	return lines
}

func objectLines(list []state.Resource) []string {
	var out []string
	for _, r := range list {
		out = append(out, fmt.Sprintf("  %s (%s)", r.Address, r.ID))
	}
	return out
}
