package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/go-multierror"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/suggest"
	"kmsplan.dev/kmsplan/internal/version"
)

// BlockRun is what became of one data block.
type BlockRun struct {
	Addr    addr.Address
	Current bool         // nothing was to do
	Files   []state.File // written now
}

// OpenForFiles opens a module to run its data blocks alone. A variable without a value matters only where
// one of them needs it: a deploy pipeline does not know the secrets that apply writes. Errors: InvalidError.
func OpenForFiles(m Module, o Options) (*Stack, error) {
	cfg, diags := m.Load(true)
	return open(m, o, cfg, diags)
}

// Run runs the data blocks that are wanted, or all, whose outputs are stale, or all with force. It calls no
// management operation on what is managed. done is told of each block as it ends.
func (s *Stack) Run(ctx context.Context, wanted []addr.Address, force bool, done func(BlockRun)) error {
	var err error
	if s.State, _, err = readStored(ctx, s.store); err != nil {
		return err
	}
	blocks, err := s.wantedBlocks(wanted)
	if err != nil {
		return err
	}
	if err := s.needed(blocks); err != nil {
		return err
	}
	if len(blocks) == 0 {
		s.options.Note("the module has no data blocks that work on files")
	}
	changes, err := s.staleFiles(ctx, blocks, force)
	if err != nil {
		return err
	}
	return s.runBlocks(ctx, blocks, changes, done)
}

// needed refuses blocks with arguments that are not known: because a variable has no value, or because
// what they refer to does not exist yet.
func (s *Stack) needed(blocks []ops.Block) error {
	i := slices.IndexFunc(blocks, func(b ops.Block) bool { return b.Unknown })
	if i < 0 {
		return nil
	}
	if cfg, diags := s.module.Load(false); diags.HasErrors() {
		return &InvalidError{Diagnostics: diags, Files: cfg.Files}
	}
	return hint(fmt.Errorf("%s needs what is not known yet", blocks[i].Addr), "Run kmsplan apply first: it makes the keys and aliases that the block refers to.")
}

// wantedBlocks evaluates the data blocks that were asked for.
func (s *Stack) wantedBlocks(wanted []addr.Address) ([]ops.Block, error) {
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
func (s *Stack) staleFiles(ctx context.Context, blocks []ops.Block, force bool) (map[addr.Address][]plan.FileChange, error) {
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
func (s *Stack) runBlocks(ctx context.Context, blocks []ops.Block, changes map[addr.Address][]plan.FileChange, done func(BlockRun)) error {
	var failed *multierror.Error
	var kept []state.File
	for _, same := range ops.Ranks(blocks) {
		runs, errs := s.runTogether(ctx, same, changes)
		for _, r := range runs {
			kept = append(kept, r.Files...)
			done(*r)
		}
		failed = multierror.Append(failed, errs...)
	}
	if len(kept) > 0 {
		if err := s.recordFiles(context.WithoutCancel(ctx), kept); err != nil {
			failed = multierror.Append(failed, err)
		}
	}
	return failed.ErrorOrNil()
}

// runTogether runs blocks that do not need each other.
func (s *Stack) runTogether(ctx context.Context, blocks []ops.Block, changes map[addr.Address][]plan.FileChange) ([]*BlockRun, []error) {
	out := make([]*BlockRun, len(blocks))
	byAddr := map[addr.Address]ops.Block{}
	for i, b := range blocks {
		out[i] = &BlockRun{Addr: b.Addr, Current: len(changes[b.Addr]) == 0}
		byAddr[b.Addr] = b
	}
	errs := ops.Each(ctx, out, func(ctx context.Context, r *BlockRun) (err error) {
		if r.Current {
			return nil
		}
		if r.Files, err = s.runBlock(ctx, byAddr[r.Addr], changes[r.Addr], nil); err != nil {
			err = fmt.Errorf("%s: %w", r.Addr, err)
		}
		return err
	})
	return out, errs
}

// recordFiles puts census entries into the state.
func (s *Stack) recordFiles(ctx context.Context, kept []state.File) (err error) {
	lock, err := state.LockWait(ctx, s.store, state.NewLockInfo("run", s.options.Now()), s.options.LockTimeout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	journal, _, err := state.Open(ctx, s.store, version.Number)
	if err != nil {
		return err
	}
	entries := make([]state.Entry, 0, len(kept))
	for _, f := range kept {
		entries = append(entries, state.FileEntry(f))
	}
	if err := journal.Append(entries...); err != nil {
		return errors.Join(err, journal.Abandon())
	}
	_, err = journal.Commit(ctx)
	return err
}
