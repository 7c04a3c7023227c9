package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/suggest"
	"kmsplan.dev/kmsplan/internal/version"
)

// Running is how data blocks are run.
type Running struct {
	Wanted []addr.Address // blocks or instances; none means all
	Force  bool           // those that are current too
	Hooks  apply.Hooks
	Stop   <-chan struct{} // closed at the first interrupt: nothing new is started
}

// OpenForFiles opens a module to run its data blocks alone. A variable without a value matters only where
// one of them needs it: a deploy pipeline does not know the secrets that apply writes. Errors: InvalidError.
func OpenForFiles(m Module, o Options) (*Stack, error) {
	cfg, diags := m.Load(true)
	return open(m, o, cfg, diags)
}

// Run runs data blocks: a plan with files only, through the executor of every plan. It makes no management
// call on what is managed, so what an interrupted apply left open stays open. The plan is returned with the report.
func (s *Stack) Run(ctx context.Context, how Running) (*plan.Plan, apply.Report, error) {
	p, err := s.planFiles(ctx, how)
	if err != nil {
		return nil, apply.Report{}, err
	}
	if !p.Differs() {
		return p, apply.Report{State: s.State}, nil
	}
	s.rememberPath()
	s.ignoreOnce()
	work := s.work(ctx, nil, "run", how.Hooks)
	report, err := apply.Run(ctx, apply.Input{
		Work: work, Plan: p, Files: s.runFiles, Stop: how.Stop, FilesOnly: true,
	})
	return p, report, err
}

// planFiles plans the wanted data blocks with what the state remembers.
func (s *Stack) planFiles(ctx context.Context, how Running) (*plan.Plan, error) {
	var err error
	if s.State, err = s.remembered(ctx); err != nil {
		return nil, err
	}
	wanted, err := s.wantedBlocks(how.Wanted)
	if err != nil {
		return nil, err
	}
	if err := s.lookUpFor(ctx, wanted); err != nil {
		return nil, err
	}
	blocks, status, err := s.fileStatus(ctx, wanted)
	if err != nil {
		return nil, err
	}
	if len(blocks) == 0 {
		s.options.Note("the module has no data blocks that work on files")
	}
	s.notKnownYet(blocks, status)
	p := &plan.Plan{
		Writer: version.Number, Created: s.options.Now().UTC(), Lineage: s.State.Lineage, Serial: s.State.Serial, Files: plan.PlanFiles(s.Config, s.State.Files, status),
	}
	for i := range p.Files {
		if f := &p.Files[i]; how.Force && f.Action == plan.NoOp && f.Problem == "" {
			f.Action, f.Reason = plan.Update, "forced"
		}
	}
	return p, nil
}

// notKnownYet notes which blocks cannot be run because an argument is not known: a variable has no value, or
// what they refer to does not exist yet.
func (s *Stack) notKnownYet(blocks []ops.Block, status []plan.FileStatus) {
	unknown, stale := map[addr.Address]bool{}, plan.Stale(status)
	for _, b := range blocks {
		unknown[b.Addr] = b.Unknown != ""
	}
	for i := range status {
		if f := &status[i]; unknown[f.Addr] && f.Problem == "" && !s.follows(f.Addr, stale) {
			f.Problem = "the block needs what is not known yet. Run kmsplan apply first: it makes the keys and aliases that the block refers to" + s.missingVariables()
		}
	}
}

// follows reports whether a block refers to files that are written before its own.
func (s *Stack) follows(a addr.Address, stale map[addr.Address]bool) bool {
	return slices.ContainsFunc(s.Config.DependsOn(a), func(d addr.Address) bool { return d.Data && stale[d] })
}

// missingVariables are the variables without a value, as sentences.
func (s *Stack) missingVariables() string {
	_, diags := s.module.Load(false)
	text := ""
	for _, d := range diags {
		if d.Severity == hclv2.DiagError {
			text += ". " + d.Summary + ": " + strings.TrimSuffix(d.Detail, ".")
		}
	}
	return text
}

// wantedBlocks tells the data blocks that were asked for.
func (s *Stack) wantedBlocks(wanted []addr.Address) (func(addr.Address) bool, error) {
	if len(wanted) == 0 {
		return anyBlock, nil
	}
	var all []addr.Address
	for _, b := range s.Config.Blocks {
		if b.Kind.File() {
			all = append(all, b.Instances...)
		}
	}
	for _, w := range wanted {
		if !slices.ContainsFunc(all, w.Covers) {
			return nil, fmt.Errorf("the module has no block %s%s", w, suggest.Clause(w.String(), addr.Names(all)))
		}
	}
	return func(a addr.Address) bool {
		return slices.ContainsFunc(wanted, func(w addr.Address) bool { return w.Covers(a) })
	}, nil
}
