package transport_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/transport"
)

func operationNamed(t *testing.T, name string) *kms.Operation {
	t.Helper()
	o, ok := kms.FindOperation(kms.PublicOperations(), name)
	if !ok {
		t.Fatal(name)
	}
	return &o
}

// In no second do burst and rate exceed the documented limit, and the whole is
// as fast as the fraction allows.
func TestQuotaKeepsInsideTheLimit(t *testing.T) {
	for _, fraction := range []float64{0.1, 0.6, 1} {
		clock := &kmstest.InstantClock{}
		q := transport.NewQuotas(transport.QuotaConfig{Fraction: fraction}, false, clock)
		describe, list := operationNamed(t, "DescribeKey"), operationNamed(t, "ListTagResources")
		perSecond := map[int64]int{}
		start := clock.Now()
		const calls = 500
		for i := range calls {
			o := describe
			if i%2 == 1 {
				o = list // the same group
			}
			if err := q.Wait(context.Background(), o); err != nil {
				t.Fatal(err)
			}
			perSecond[int64(clock.Now().Sub(start)/time.Second)]++
		}
		for second, n := range perSecond {
			if n > 51 { // the limit, and one for rounding at the second's edge
				t.Errorf("fraction %v: %d calls in second %d", fraction, n, second)
			}
		}
		if most := time.Duration(calls/(50*fraction)+1) * time.Second; clock.Now().Sub(start) > most {
			t.Errorf("fraction %v took %s", fraction, clock.Now().Sub(start))
		}
	}
}

func TestQuotaSlowsDownAndRecovers(t *testing.T) {
	clock := &kmstest.InstantClock{}
	q := transport.NewQuotas(transport.QuotaConfig{Fraction: 0.6}, false, clock)
	o := operationNamed(t, "DescribeKey")
	limit := func() float64 { return q.LimitOf(kms.QuotaKeyRead) }
	q.Report(o, true)
	q.Report(o, true) // of the same second: counts once
	if limit() != 15 {
		t.Errorf("after a refusal: %v", limit())
	}
	for range 20 {
		_ = clock.Sleep(context.Background(), time.Second)
		q.Report(o, true)
	}
	if limit() != 1.5 {
		t.Errorf("floor: %v", limit())
	}
	for range 20 {
		_ = clock.Sleep(context.Background(), time.Second)
		q.Report(o, false)
	}
	if limit() != 30 {
		t.Errorf("recovered: %v", limit())
	}
}

func TestQuotaDoesNotOutwaitTheDeadline(t *testing.T) {
	q := transport.NewQuotas(transport.QuotaConfig{}, false, nil)
	o := operationNamed(t, "OpenKmsService") // one a second
	if err := q.Wait(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 900*time.Millisecond)
	defer cancel()
	if err := q.Wait(ctx, o); !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		t.Errorf("%v, context %v", err, ctx.Err())
	}
}

func TestEveryPublicOperationHasAQuotaGroup(t *testing.T) {
	for _, o := range kms.PublicOperations() {
		if transport.LimitOf(o.Quota) == 0 {
			t.Errorf("%s: %q", o.Name, o.Quota)
		}
	}
}
