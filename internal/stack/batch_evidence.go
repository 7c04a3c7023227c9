package stack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/census"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/version"
)

// Outcome is what a batch's queue and plan tell of it, for the state.
type Outcome struct {
	Record batch.Record
	// Before counts objects by what their headers said when the manifest was made, and Unread those whose headers were not read.
	Before []batch.Under
	Unread int64
	Report string // SHA-256 over the report, hex; "" = the batch has not ended
	// Verified says that what Spec.Sample asks for was opened, or, of verify, that the batch is done.
	Verified bool
}

// Evidence is what the state keeps of a batch: it is whole where every object was opened, and none failed.
func (o Outcome) Evidence(now time.Time) (e state.Evidence) {
	r, s := o.Record, o.Record.Spec
	e.Address, e.Source, e.Filter, e.Action = s.Address, s.Source, filterDigest(s.Filter), string(s.Action)
	e.Gateway, e.KeyID, e.KeyARN, e.KeyVersion = s.Target.Gateway, s.Target.KeyID, s.Target.KeyARN, s.Target.Version
	e.Manifest, e.Report, e.Objects, e.By, e.Created, e.Ended = s.Manifest, o.Report, s.Objects, s.Operator, r.Created, r.Ended
	e.Failed, e.Unread, e.Before, e.Under = r.Tally.Failed, o.Unread, underOf(o.Before), underOf(r.Tally.Under)
	switch e.Status = state.EvidenceCreated; r.Status {
	case batch.Done:
		e.Status = state.EvidenceDone
	case batch.Cancelled:
		e.Status = state.EvidenceCancelled
	}
	if o.Verified {
		e.Verified = now.UTC()
	}
	e.Whole = o.whole(e)
	return e
}

// whole reports whether every object of the manifest that is still there was opened, and is counted under what opened it.
func (o Outcome) whole(e state.Evidence) bool {
	var objects, proved int64
	for _, u := range e.Under {
		objects, proved = objects+u.Objects, proved+u.Proved
	}
	t := o.Record.Tally
	all := o.Record.Spec.Sample.All || o.Record.Spec.Action == batch.Verify && o.Record.Spec.Sample == batch.Sample{}
	return all && o.Verified && e.Status == state.EvidenceDone && t.Failed == 0 && objects == proved && objects+t.Gone == e.Objects
}

func underOf(list []batch.Under) (out []state.ObjectsUnder) {
	for _, u := range list {
		out = append(out, state.ObjectsUnder(u))
	}
	return out
}

// filterDigest tells one choice of objects from another; "" is all of them.
func filterDigest(f batch.Filter) string {
	if reflect.DeepEqual(f, batch.Filter{}) {
		return ""
	}
	text, err := json.Marshal(f)
	if err != nil {
		panic("stack: a filter is not JSON: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// batched is the census after a batch over files of this machine that is over: of those that it may have worked on, what is
// recorded without looking into them.
func (s *Stack) batched(ctx context.Context, files []state.File, r batch.Record) []state.File {
	below, here := strings.CutPrefix(r.Spec.Source, "file://")
	if !r.Status.Over() || !here {
		return files
	}
	next, _ := census.Refreshed(files, census.LookBelow(ctx, s.Config.Dir, files, filepath.FromSlash(below)))
	return next
}

// RecordBatch keeps in the state what a batch left: when it is created, before any worker may begin, when it ends, and when it
// is verified. It changes nothing of the objects, so that saved plans stay good.
func (s *Stack) RecordBatch(ctx context.Context, o Outcome) error {
	e := o.Evidence(s.options.Now())
	return s.options.locked(ctx, s.store, "batch "+e.Address, func(at state.Position) error {
		next := at.State
		next.Batches = state.WithEvidence(plan.MovedBatches(s.Config, at.State.Batches), e)
		next.Files = s.batched(ctx, next.Files, o.Record)
		if state.SameContent(next, at.State) {
			return nil
		}
		_, err := s.store.CompareAndSwap(ctx, at.Version, next.NextCensus(version.Number))
		return err
	})
}
