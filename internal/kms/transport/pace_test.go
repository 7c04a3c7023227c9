package transport

import (
	"context"
	"testing"

	"kmsplan.dev/kmsplan/internal/kms"
)

type countedPace struct{ begun, refused []int64 }

func (p *countedPace) Begin(context.Context, *kms.Operation) (int64, error) {
	p.begun = append(p.begun, int64(len(p.begun)+1))
	return int64(len(p.begun)), nil
}

func (p *countedPace) Refused(_ context.Context, _ *kms.Operation, turn int64) {
	p.refused = append(p.refused, turn)
}

func TestEveryAttemptTakesATurnAndARefusalTellsOfIts(t *testing.T) {
	p := &countedPace{}
	r := NewRetrier(RetryConfig{Pace: p, BaseDelay: 1})
	tries := 0
	e := r.Do(t.Context(), &kms.Operation{Name: "Encrypt", Idempotent: true}, func(context.Context, int) *kms.Error {
		if tries++; tries < 3 {
			return &kms.Error{Operation: "Encrypt", Code: "Rejected.Throttling", Status: 429}
		}
		return nil
	})
	if e != nil || len(p.begun) != 3 || len(p.refused) != 2 || p.refused[1] != 2 {
		t.Errorf("%v: attempts took the turns %v, and %v were refused", e, p.begun, p.refused)
	}
}
