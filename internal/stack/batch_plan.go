package stack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/manifest"
	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/batch/source/inventory"
)

// BatchPlanning says how a batch is planned.
type BatchPlanning struct {
	// Out is the file that the plan is written to; "" = the module's own place for plans of this batch.
	Out string
	// Names are the objects, in ascending order, in the place of those that the block names; nil = none.
	Names []string
	// Unread leaves headers unread.
	Unread bool
	// Listed is told how many objects were listed so far; nil = nobody is.
	Listed func(objects int64)
}

// PlanBatch lists the objects of a batch, reads their headers, and writes what it is to deal with to a file, beside what
// people are to approve. A batch that writes has its store measured first. Nothing of the objects changes.
func (s *Stack) PlanBatch(ctx context.Context, b *Batch, o BatchPlanning) (*PlannedBatch, error) {
	src, err := b.OpenSource(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: open the source: %w", b.Spec.Address, err)
	}
	p, err := s.planBatch(ctx, b, src, o)
	return p, errors.Join(err, src.Close())
}

func (s *Stack) planBatch(ctx context.Context, b *Batch, src source.Source, o BatchPlanning) (*PlannedBatch, error) {
	if b.Spec.Action.Writes() {
		if err := src.Probe(ctx); err != nil {
			return nil, fmt.Errorf("%s: %s was tried out before anything is rewritten there: %w", b.Spec.Address, src.Place(), err)
		}
	}
	p := &PlannedBatch{Asked: b.asked()}
	p.Spec = b.Spec
	p.Spec.Source, p.Spec.Operator, p.Spec.Planned = src.Place(), s.Operator(), s.options.Now().UTC().Truncate(time.Second)
	if advised, ok := src.(source.Advised); ok {
		var err error
		if p.Advice, err = advised.Advice(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", b.Spec.Address, err)
		}
	}
	return p, s.writePlan(ctx, b, p, src, o)
}

// survey is what the manifest is made of. What only opens looks at all that the batch may have written: its objects are younger
// than older_than says, and under another key version. report is what the names of the objects, if it has any, turned out to be.
func (b *Batch) survey(src source.Source, o BatchPlanning, now func() time.Time) (v manifest.Survey, report *inventory.Report) {
	v = manifest.Survey{
		Source: src, Filter: b.Spec.Filter, Action: b.Spec.Action, Target: b.Spec.Target, Verifies: b.Spec.Sample != batch.Sample{}, Unread: o.Unread, Now: now, Progress: o.Listed,
	}
	if b.again {
		v.Filter.OlderThan, v.Filter.KeyVersion, v.Filter.Smallest, v.Filter.Largest = 0, nil, 0, 0
	}
	named := b.named
	if o.Names != nil {
		v.Filter, named = batch.Filter{}, namesOf(o.Names)
	}
	if named != nil {
		report = &inventory.Report{}
		v.List = func(ctx context.Context, each func(source.Object) error) (err error) {
			*report, err = named(ctx, each)
			return err
		}
	}
	return v, report
}

// Verifying is the batch that opens every object of another, whatever that does to them.
func (b *Batch) Verifying() *Batch {
	v := *b
	v.Spec.Action, v.Spec.Sample = batch.Verify, batch.Sample{All: true}
	v.Spec.Context, v.Spec.Recipients, v.Spec.Scope = nil, nil, ""
	v.Spec.MaxFailures = -1 // every object that does not open is to be named
	v.again = b.Spec.Action.Writes()
	return &v
}

// Again is the batch of some objects of another, which proves nothing of the others: it is never evidence for all.
func (b *Batch) Again() *Batch {
	r := *b
	r.Spec.Sample = batch.Sample{}
	return &r
}

// writePlan makes the manifest in its file, which is there whole or not at all.
func (s *Stack) writePlan(ctx context.Context, b *Batch, p *PlannedBatch, src source.Source, o BatchPlanning) (err error) {
	dir, name, err := s.planRoom(b.Spec.Address, o.Out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	f, err := dir.Create(name, 0o600)
	if err != nil {
		return fmt.Errorf("write the plan of %s: %w", b.Spec.Address, err)
	}
	defer f.Abort()
	out := bufio.NewWriterSize(f, 1<<20)
	survey, report := b.survey(src, o, s.options.Now)
	sum, err := manifest.Make(ctx, survey, out, b.Chunk.Objects, b.Chunk.Bytes)
	if err != nil {
		return fmt.Errorf("list the objects of %s: %w", b.Spec.Address, err)
	}
	p.summed(sum, b.Quota)
	p.Advice = append(p.Advice, namedAdvice(b, o, report, sum)...)
	if err := p.writeEnd(out); err != nil {
		return err
	}
	if err := errors.Join(out.Flush(), f.Commit()); err != nil {
		return fmt.Errorf("write the plan of %s: %w", b.Spec.Address, err)
	}
	p.File = dir.Path(name)
	return nil
}

// summed takes over what the manifest counted, and what that costs.
func (p *PlannedBatch) summed(s manifest.Summary, quota float64) {
	p.Spec.Manifest, p.Spec.Objects, p.Spec.Bytes, p.Spec.Chunks = s.Digest, s.Objects, s.Bytes, s.Chunks
	p.Under, p.Plain, p.Damaged, p.There, p.Todo, p.TodoBytes = s.Under, s.Plain, s.Damaged, s.There, s.Todo, s.TodoBytes
	p.DataKeys, p.Estimated, p.Unread = s.Wraps, s.Estimated, s.Unread
	p.Quota, p.PerSecond = quota, p.Spec.Rate.PerSecond(quota)
	cost := manifest.CostOf(s, p.Spec, p.PerSecond)
	p.Calls, p.Seconds = cost.Calls, cost.Time.Seconds()
}

// namedAdvice says what the names of the objects turned out to be, where they were no listing.
func namedAdvice(b *Batch, o BatchPlanning, r *inventory.Report, sum manifest.Summary) (notes []string) {
	if r == nil || o.Names != nil {
		return nil
	}
	if !r.Made.IsZero() {
		notes = append(notes, fmt.Sprintf("the inventory is of %s: what came since is not in it, and is not looked at", r.Made.UTC().Format(time.RFC3339)))
	}
	what, out := "list", []string(nil)
	if b.Inventory != "" {
		what = "inventory"
	}
	for _, left := range []struct {
		n   int64
		why string
	}{{sum.Gone, "not there"}, {r.Outside, "not below the source's prefix"}, {r.Duplicates, "named before"}, {r.Versions, "of older versions or deleted"}} {
		if left.n > 0 {
			out = append(out, fmt.Sprintf("%d %s", left.n, left.why))
		}
	}
	if len(out) > 0 {
		notes = append(notes, fmt.Sprintf("left out of what the %s names: %s", what, strings.Join(out, ", ")))
	}
	return notes
}

// Operator names who works here, as the lock of a state does.
func (s *Stack) Operator() string {
	info := s.options.lockInfo("batch")
	return info.User + "@" + info.Host
}

// Discard removes the plan's file: a plan makes one batch.
func (p *PlannedBatch) Discard() error {
	if p.File == "" {
		return nil
	}
	return os.Remove(p.File)
}
