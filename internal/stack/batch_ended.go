package stack

import (
	"context"
	"fmt"
	"slices"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/report"
)

// EndedBatch notes in the state what a batch that is over left, with the digest of its report. What is noted is not noted again, and
// what another stack planned in the same queue is no evidence of this one.
func (s *Stack) EndedBatch(ctx context.Context, q queue.Queue, r batch.Record) error {
	st, err := s.remembered(ctx)
	if err != nil || r.Spec.Stack != settledLineage(st) {
		return err
	}
	digest, err := report.Digest(ctx, q, r.Spec.Address)
	if err != nil {
		return fmt.Errorf("%s: make its report: %w", r.Spec.Address, err)
	}
	for _, e := range st.Batches {
		if e.Address == r.Spec.Address && e.Manifest == r.Spec.Manifest && e.Report == digest {
			return nil
		}
	}
	verified := r.Status == batch.Done && (r.Spec.Action == batch.Verify || r.Spec.Sample != batch.Sample{})
	return s.RecordBatch(ctx, Outcome{Record: r, Report: digest, Verified: verified})
}

// laterVersions are those of the target's key that came after it; none where the gateway cannot tell.
func (s *Stack) laterVersions(ctx context.Context, t batch.Target) (later []string) {
	if t.KeyID == "" {
		return nil
	}
	for _, b := range s.Config.Gateways {
		if b.Name != t.Gateway {
			continue
		}
		g, err := s.describer(ctx, b)
		if err != nil {
			return nil
		}
		all, err := g.public.ListKeyVersions(ctx, t.KeyID)
		if err != nil {
			return nil
		}
		for _, v := range all {
			if v.ID == t.Version {
				for _, o := range all {
					if o.Created.After(v.Created) {
						later = append(later, o.ID)
					}
				}
			}
		}
	}
	return slices.Clip(later)
}
