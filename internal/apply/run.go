package apply

import (
	"context"
	"errors"
	"fmt"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// ErrInterrupted says that a run was stopped: what was under way was finished and
// recorded, the rest was not started.
var ErrInterrupted = errors.New("interrupted")

// Run applies a plan. It locks the store, resolves what an earlier run left open,
// refuses a plan that is stale, carries out the changes, stores the state and unlocks. A failure
// takes only its dependants with it, and nothing is rolled back: what was done is recorded and
// reported, whatever the error. The error names every address that failed.
//
// Killed at any instant, it loses nothing: the journal has every call that may have been
// made, and the next Recover or Run folds it in.
func Run(ctx context.Context, in Input) (report Report, err error) {
	in.Work = in.Work.withDefaults()
	if in.Parallelism <= 0 {
		in.Parallelism = DefaultParallelism
	}
	if err := in.check(); err != nil {
		return Report{}, err
	}
	err = in.locked(ctx, func() error {
		report, err = run(ctx, in)
		return err
	})
	return report, err
}

// locked runs work with the store's lock in hand.
func (w Work) locked(ctx context.Context, work func() error) (err error) {
	lock, err := state.LockWait(ctx, w.Store, w.lockInfo(), w.LockTimeout)
	if err != nil {
		return err
	}
	defer func() { err = joined(err, lock.Unlock()) }()
	return work()
}

func (w Work) lockInfo() state.LockInfo {
	info := state.NewLockInfo(w.Operation, w.Now())
	info.Writer = w.Writer
	return info
}

func run(ctx context.Context, in Input) (Report, error) {
	b := &bell{hooks: in.Hooks}
	at, recovered, err := in.begin(ctx, b)
	report := Report{Recovered: recovered, State: at.State, Open: at.Open}
	if err != nil {
		return report, err
	}
	j, at, err := state.Open(ctx, in.Store, in.Writer)
	if err != nil {
		return report, err
	}
	if at, err = bind(in.Plan, at, in.FilesOnly); err != nil {
		return report, joined(err, j.Abandon())
	}
	j.Born(at.State.Lineage)
	g, err := newGraph(in.Plan, in.Config, at.State)
	if err == nil {
		b.count(g)
		err = in.Scheme.begin(j, at.State)
	}
	if err != nil {
		return report, joined(err, j.Abandon())
	}
	err = execute(ctx, in, j, b, at, g, &report)
	stored, storeErr := j.Commit(context.WithoutCancel(ctx))
	report.State, report.Open = stored.State, stored.Open
	report.Broken = report.Broken || storeErr != nil
	return report, joined(err, storeErr)
}

// begin brings the state up to date with earlier runs.
func (in Input) begin(ctx context.Context, b *bell) (state.Position, []Recovered, error) {
	if in.FilesOnly {
		return state.Position{}, nil, nil
	}
	return in.catchUp(ctx, b)
}

// execute carries the graph out.
func execute(ctx context.Context, in Input, j *state.Journal, b *bell, at state.Position, g *graph, report *Report) error {
	moved, err := moveFirst(j, in.Plan, at.State)
	if err != nil {
		return err
	}
	report.Moved += len(in.Plan.MovedBatches())
	for _, b := range in.Plan.ForgottenBatches() {
		if err := j.Append(state.ForgetBatchEntry(b.Addr.String())); err != nil {
			return err
		}
		report.Forgotten++
	}
	if moved, err = moveGateways(j, in.Plan, moved, at.Open, report); err != nil {
		return err
	}
	x := newExecutor(in.Work, j, b, moved)
	x.files, x.stop, x.given = in.Files, in.Stop, in.Given
	for _, r := range report.Recovered {
		if r.Status == StillPending {
			x.pending[r.Intent.Address] = r
		}
	}
	for _, n := range g.nodes {
		if n.Change == nil && n.Lookup == nil {
			x.unwritten[n.Addr] = true
		}
	}
	s := &schedule{
		graph: g, parallelism: in.Parallelism, stop: in.Stop, broken: j.Err, run: x.step,
		started: func(n *node) { x.start(n) }, ended: func(n *node) { x.end(n) },
	}
	report.Interrupted = s.execute(ctx)
	for _, n := range g.nodes {
		report.count(n)
	}
	err = report.errorOf()
	if report.Interrupted {
		err = joined(err, fmt.Errorf("%w: %d changes were not started; apply again to go on", ErrInterrupted, report.Skipped))
	}
	var other error
	if !in.KeepOutputs && !in.FilesOnly && j.Err() == nil {
		other = x.outputs(at.State.Outputs, in.Plan)
	}
	report.Broken = other != nil || j.Err() != nil
	if !in.KeepOutputs && !in.FilesOnly {
		report.Checks = x.checks(ctx, report.Interrupted)
	}
	return joined(err, other)
}

// moveFirst gives moved objects their new addresses, all at once, before anything else.
func moveFirst(j *state.Journal, p *plan.Plan, st state.State) (state.State, error) {
	moves := map[string]string{}
	for i := range p.Changes {
		if c := &p.Changes[i]; c.MovedFrom.Kind != "" {
			moves[c.MovedFrom.String()] = c.Addr.String()
		}
	}
	for _, f := range p.MovedBlocks() {
		moves[f.MovedFrom.String()] = f.Addr.String()
	}
	for _, b := range p.MovedBatches() {
		moves[b.MovedFrom.String()] = b.Addr.String()
	}
	if len(moves) == 0 {
		return st, nil
	}
	if err := j.Append(state.MoveEntry(moves)); err != nil {
		return st, err
	}
	moved, err := j.Position()
	return moved.State, err
}

func (x *executor) start(n *node) {
	if n.Action != plan.NoOp {
		x.bell.started(n.Step)
	}
}

func (x *executor) end(n *node) {
	if n.Action == plan.NoOp && n.out.Status != Failed {
		return
	}
	switch n.out.Status {
	case Done:
		x.bell.ended(n.Step, *n.out)
	case Skipped:
		x.bell.skipped(n.Step, *n.out)
	default:
		x.bell.failed(n.Step, *n.out)
	}
}
