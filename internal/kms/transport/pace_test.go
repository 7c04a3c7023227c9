package transport

import (
	"context"
	"errors"
	"strings"
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

type noPace struct {
	begun int
	err   error
}

func (p *noPace) Begin(context.Context, *kms.Operation) (int64, error) { p.begun++; return 0, p.err }
func (p *noPace) Refused(context.Context, *kms.Operation, int64)       {}

// Bug: who got no turn because the queue's database was away was told to look at the gateway's route and proxy.
func TestACallThatGetsNoTurnSaysWhy(t *testing.T) {
	p := &noPace{err: errors.New("the queue's database is starting up")}
	e := NewRetrier(RetryConfig{Pace: p, BaseDelay: 1, MaxAttempts: 3}).Do(t.Context(), &kms.Operation{Name: "Encrypt", Mutating: true}, func(context.Context, int) *kms.Error {
		t.Error("it was sent")
		return nil
	})
	if e == nil || p.begun != 3 || e.Code != kms.CodeNoTurn || e.Outcome != kms.Definite || !errors.Is(e, p.err) {
		t.Fatalf("after %d tries: %+v", p.begun, e)
	}
	if said := e.Error(); !strings.HasPrefix(said, "Encrypt: no turn in the shared quota: the queue's database is starting up (") || strings.Contains(said, "PROXY") {
		t.Error(said)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e = NewRetrier(RetryConfig{Pace: p}).Do(ctx, &kms.Operation{Name: "Encrypt"}, func(context.Context, int) *kms.Error { return nil })
	if e == nil || e.Code != kms.CodeCanceled {
		t.Errorf("cancelled: %+v", e)
	}
}
