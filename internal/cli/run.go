package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/several"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/suggest"
	"kmsplan.dev/kmsplan/internal/version"
	"kmsplan.dev/kmsplan/internal/view"
)

// runCommand runs data blocks alone, for deploy pipelines.
func (a *app) runCommand() *cobra.Command {
	var vars variables
	var force bool
	c := &cobra.Command{
		Use: "run [ADDRESS …]", Short: "Run data blocks: encrypt, decrypt and rewrap the files of this stack", GroupID: groupFiles,
		Long: `Run the data blocks of the module, or those named, whose outputs are stale. Keys, aliases
and secrets are not planned or changed: a deploy pipeline needs no management permission.
Addresses look like data.encrypt.app_config; a block's address stands for all its instances.`,
		RunE: func(c *cobra.Command, args []string) error { return a.run(c.Context(), &vars, args, force) },
	}
	vars.flags(c)
	c.Flags().BoolVar(&force, "force", false, "run the blocks even if their outputs are current")
	return c
}

func (a *app) run(ctx context.Context, vars *variables, args []string, force bool) error {
	wanted, err := parseAddresses(args)
	if err != nil {
		return err
	}
	s, blocks, err := a.openBlocks(ctx, vars, wanted)
	if s != nil {
		defer s.close()
	}
	if err != nil {
		return err
	}
	if len(blocks) == 0 {
		a.term.Notef("the module has no data blocks that work on files")
	}
	changes, err := s.staleFiles(ctx, blocks, force)
	if err != nil {
		return err
	}
	return s.runBlocks(ctx, blocks, changes)
}

// openBlocks opens the stack and evaluates the wanted blocks. A variable without a value matters only
// where one of them needs it: a deploy pipeline does not know the secrets that apply writes.
func (a *app) openBlocks(ctx context.Context, vars *variables, wanted []addr.Address) (*stack, []ops.Block, error) {
	cfg, diags := a.load(vars, true)
	s, err := a.openModule(cfg, diags, defaultLockTimeout)
	if err != nil {
		return nil, nil, err
	}
	if s.state, err = currentState(ctx, s.store); err != nil {
		return s, nil, err
	}
	blocks, err := s.wantedBlocks(wanted)
	if err != nil {
		return s, nil, err
	}
	if err := a.needed(vars, blocks); err != nil {
		return s, nil, err
	}
	return s, blocks, nil
}

// needed refuses blocks with arguments that are not known: because a variable has no value, or because
// what they refer to does not exist yet.
func (a *app) needed(vars *variables, blocks []ops.Block) error {
	i := slices.IndexFunc(blocks, func(b ops.Block) bool { return b.Unknown })
	if i < 0 {
		return nil
	}
	if cfg, diags := a.load(vars, false); diags.HasErrors() {
		a.diagnostics(diags, cfg.Files)
		return exit{exitError}
	}
	return withHint(fmt.Errorf("%s needs what is not known yet", blocks[i].Addr), "Run kmsplan apply first: it makes the keys and aliases that the block refers to.")
}

func parseAddresses(args []string) ([]addr.Address, error) {
	var out []addr.Address
	for _, text := range args {
		parsed, err := addr.Parse(text)
		if err != nil {
			return nil, usageError{err}
		}
		if !parsed.Data {
			return nil, usageError{fmt.Errorf("%s is managed by plan and apply; run takes data blocks, for example data.encrypt.config", text)}
		}
		out = append(out, parsed)
	}
	return out, nil
}

// currentState is the stored state with an interrupted run's journal folded in.
func currentState(ctx context.Context, store *state.Local) (state.State, error) {
	st, _, err := store.Read(ctx)
	if err != nil {
		return st, err
	}
	entries, err := state.ReadJournal(store.JournalPath())
	if err != nil || len(entries) == 0 {
		return st, err
	}
	st, _, err = state.Fold(st, entries)
	return st, err
}

// wantedBlocks evaluates the data blocks that were asked for.
func (s *stack) wantedBlocks(wanted []addr.Address) ([]ops.Block, error) {
	all, err := s.dataBlocks()
	if err != nil || len(wanted) == 0 {
		return all, err
	}
	var out []ops.Block
	for _, w := range wanted {
		n := len(out)
		for _, b := range all {
			if b.Addr == w || b.Addr.Block() == w {
				out = append(out, b)
			}
		}
		if len(out) == n {
			return nil, fmt.Errorf("the module has no block %s%s", w, suggest.Clause(w.String(), addressesOf(all)))
		}
	}
	return out, nil
}

func addressesOf(blocks []ops.Block) []string {
	var out []string
	for _, b := range blocks {
		out = append(out, b.Addr.String())
	}
	return out
}

// staleFiles finds out which outputs are stale; with force all are.
func (s *stack) staleFiles(ctx context.Context, blocks []ops.Block, force bool) (map[addr.Address][]plan.FileChange, error) {
	status, err := s.statusOf(ctx, blocks)
	if err != nil {
		return nil, err
	}
	out := map[addr.Address][]plan.FileChange{}
	for _, c := range plan.FileChanges(status) {
		if c.Action == plan.NoOp && force {
			c.Action, c.Reason = plan.Update, "forced"
		}
		if c.Action != plan.NoOp {
			out[c.Addr] = append(out[c.Addr], c)
		}
	}
	return out, nil
}

// runBlocks runs the stale blocks, producers first, and records what they keep.
func (s *stack) runBlocks(ctx context.Context, blocks []ops.Block, changes map[addr.Address][]plan.FileChange) error {
	ctx, cancel := s.app.interruptible(ctx)
	defer cancel()
	progress := s.app.term.NewFileProgress(s.app.now)
	var failed several.Errors
	var kept []state.File
	for _, same := range ops.Ranks(blocks) {
		runs, errs := s.runTogether(ctx, same, changes, progress)
		for _, r := range runs {
			kept = append(kept, r.files...)
			s.reportRun(r)
		}
		for _, err := range errs {
			failed.Add(err)
		}
	}
	if len(kept) > 0 {
		if err := s.recordFiles(context.WithoutCancel(ctx), kept); err != nil {
			failed.Add(err)
		}
	}
	return failed.Err()
}

// blockRun is what became of one block.
type blockRun struct {
	block   ops.Block
	current bool // nothing was to do
	files   []state.File
}

// runTogether runs blocks that do not need each other.
func (s *stack) runTogether(ctx context.Context, blocks []ops.Block, changes map[addr.Address][]plan.FileChange, progress *view.FileProgress) ([]*blockRun, []error) {
	out := make([]*blockRun, len(blocks))
	for i, b := range blocks {
		out[i] = &blockRun{block: b, current: len(changes[b.Addr]) == 0}
	}
	errs := ops.Each(ctx, out, func(ctx context.Context, r *blockRun) (err error) {
		if r.current {
			return nil
		}
		if r.files, err = s.runBlock(ctx, r.block, changes[r.block.Addr], nil, progress); err != nil {
			err = fmt.Errorf("%s: %w", r.block.Addr, err)
		}
		return err
	})
	return out, errs
}

// reportRun says what one block wrote.
func (s *stack) reportRun(r *blockRun) {
	if r.current {
		s.app.term.Printf("%s: current\n", r.block.Addr)
	}
	for _, f := range r.files {
		s.app.term.Printf("%s: wrote %s\n", r.block.Addr, f.Path)
	}
}

// recordFiles puts census entries into the state.
func (s *stack) recordFiles(ctx context.Context, kept []state.File) error {
	lock, err := state.LockWait(ctx, s.store, state.NewLockInfo("run", s.app.now()), s.lock)
	if err != nil {
		return err
	}
	defer s.app.closing(lock.Unlock)
	journal, err := state.OpenJournal(s.store.JournalPath(), nil)
	if err != nil {
		return err
	}
	defer s.app.closing(journal.Close)
	at, err := state.CatchUp(ctx, s.store, journal, version.Number)
	if err != nil {
		return err
	}
	entries := make([]state.Entry, 0, len(kept))
	for _, f := range kept {
		entries = append(entries, state.FileEntry(f))
	}
	if err := errors.Join(journal.Start(at.State.Lineage, at.State.Serial), journal.Append(entries...)); err != nil {
		return err
	}
	_, err = state.Commit(ctx, s.store, journal, at, version.Number)
	return err
}

// recoverCommand resolves what interrupted runs left open.
func (a *app) recoverCommand() *cobra.Command {
	var vars variables
	c := &cobra.Command{
		Use: "recover", Short: "Find out what became of calls that an interrupted run left open", GroupID: groupState, Args: cobra.NoArgs,
		Long: `Fold an interrupted run's journal into the state and resolve its open calls: a key whose
creation took effect is found by its intent tag and adopted. plan and apply do this by
themselves; recover does nothing else.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.recoverOpen(c.Context(), &vars) },
	}
	vars.flags(c)
	return c
}

func (a *app) recoverOpen(ctx context.Context, vars *variables) error {
	s, err := a.openStack(vars, defaultLockTimeout)
	if err != nil {
		return err
	}
	defer s.close()
	if s.state, err = currentState(ctx, s.store); err != nil {
		return err
	}
	clients, err := s.connect(ctx)
	if err != nil {
		return err
	}
	got, err := apply.Recover(ctx, s.work(clients, "recover", apply.Hooks{Recovered: a.recovered}))
	if err != nil {
		return err
	}
	switch {
	case len(got.Open) > 0:
		a.term.Printf("%d calls are still open.\n", len(got.Open))
		return exit{exitChanges}
	case len(got.Recovered) > 0:
		a.term.Printf("Resolved %d open calls; the state has %d objects.\n", len(got.Recovered), len(got.State.Resources))
	default:
		a.term.Printf("Nothing is open.\n")
	}
	return nil
}
