package resource

import (
	"context"
	"slices"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
)

// LateCommitWindow is how long after a call a lost request can still be carried
// out: the gateways accept a signature for 15 minutes after its timestamp, and 5 more allow for a
// clock that is ahead of the service's and for the time the service takes. Until it has passed, an
// unanswered CreateKey is not repeated.
const LateCommitWindow = 20 * time.Minute

// LateCommitLoopback is the same for an emulator on this machine: no proxy stands
// between, so that what it will do with a request it does at once.
const LateCommitLoopback = 3 * time.Second

// lateUntil is when it is certain that a call made at that time is not carried out any more.
func (s *Session) lateUntil(at time.Time) time.Time {
	if s.LateCommit > 0 {
		return at.Add(s.LateCommit)
	}
	return at.Add(LateCommitWindow)
}

// searches is how often a lost create is looked for before the change ends as
// unknown; the next run goes on looking.
const searches = 4

// wait pauses before the next search.
func (s *Session) wait(ctx context.Context, attempt int) error {
	if s.Wait != nil {
		return s.Wait(ctx, attempt)
	}
	pause := 200 * time.Millisecond
	for range attempt {
		pause *= 3
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// findIntent returns the keys that carry an intent tag, oldest first.
func findIntent(ctx context.Context, m kms.Manager, intent string) ([]kms.Key, error) {
	tagged, err := m.ListTagResources(ctx, kms.KindKey, kms.TagQuery{Tags: map[string]string{plan.TagIntent: intent}})
	if err != nil {
		return nil, err
	}
	var keys []kms.Key
	for id := range tagged {
		k, err := m.DescribeKey(ctx, id)
		if kms.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b kms.Key) int {
		return olderFirst(&plan.Object{ID: a.ID, Created: a.Created}, &plan.Object{ID: b.ID, Created: b.Created})
	})
	return keys, nil
}

// recoverCreate looks for the key of a CreateKey whose answer was lost. It
// returns cause when the key is not found in time: the outcome is unknown then.
func (s *Session) recoverCreate(ctx context.Context, cause error) (kms.Key, error) {
	for attempt := range searches {
		keys, err := findIntent(ctx, s.Manager, s.Intent)
		if err == nil && len(keys) > 0 {
			return keys[0], nil
		}
		if attempt+1 == searches || s.wait(ctx, attempt) != nil {
			break
		}
	}
	return kms.Key{}, cause
}

// settle takes an ambiguous error back when a reading shows that the call took
// effect. Calls that set something are repeatable, so that a reading that shows otherwise leaves the
// error as it is.
func settle(err error, took func() (bool, error)) error {
	if !kms.IsAmbiguous(err) {
		return err
	}
	if ok, rerr := took(); rerr == nil && ok {
		return nil
	}
	return err
}
