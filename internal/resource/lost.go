package resource

import (
	"context"
	"slices"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/safety"
)

// searches is how often a lost create is looked for before the change ends as
// unknown; the next run goes on looking.
const searches = 4

// wait pauses before the next search.
func (s *Session) wait(ctx context.Context, attempt int) error {
	if s.Wait != nil {
		return s.Wait(ctx, attempt)
	}
	pause := firstPause
	for range attempt {
		pause *= 3
	}
	return sleep(ctx, pause)
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
// returns cause when the key is not found in time: the outcome is unknown then. A gateway that
// answered about another object is not asked.
func (s *Session) recoverCreate(ctx context.Context, cause error) (kms.Key, error) {
	for attempt := range searches {
		if kms.IsOtherObject(cause) {
			break
		}
		keys, err := findIntent(ctx, s.Manager, s.Intent)
		if err == nil && len(keys) > 0 && !safety.Off(safety.LostIsFound) {
			s.Found = true
			return s.oldest(keys), nil
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
	if !kms.IsAmbiguous(err) || kms.IsOtherObject(err) {
		return err
	}
	if ok, rerr := took(); rerr == nil && ok {
		return nil
	}
	return err
}
