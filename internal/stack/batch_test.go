package stack_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/stack"
)

const aBatch = `key "orders" {}
alias "orders" {
  name = "alias/orders"
  key  = key.orders.id
}
batch "archive" {
  for_each = toset(["eu"])
  action   = "reencrypt"
  key      = alias.orders.name
  scope    = "run"
  verify   = "sample:1%"
  source {
    files {
      path = "archive/${each.key}"
    }
  }
  filter {
    path       = ["**/*.enc"]
    older_than = "90d"
    min_size   = "1KiB"
  }
  chunk {
    objects = 10
  }
  rate {
    calls_per_second = 300
  }
  limits {
    max_failures = 0
  }
}
`

// A batch is evaluated with what the state has, and its target is the version that is the primary one now.
func TestABatchIsOpenedWithItsTargetPinned(t *testing.T) {
	r := newRig(t, aBatch)
	a := addr.Resource("batch", "archive").WithKey("eu")
	s := r.open()
	if _, err := s.Batch(t.Context(), a); err == nil || !strings.Contains(err.Error(), "kmsplan apply") {
		t.Error("without its key: ", err)
	}
	r.close(s)
	r.apply()
	s = r.open()
	defer r.close(s)
	b, err := s.Batch(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if b.Spec.Target.KeyID == "" || b.Spec.Target.Version == "" || !strings.Contains(b.Spec.Target.KeyARN, b.Spec.Target.KeyID) {
		t.Errorf("the target is %+v", b.Spec.Target)
	}
	want := batch.Spec{
		Address: `batch.archive["eu"]`, Action: batch.Reencrypt, Target: b.Spec.Target, Scope: "run", Sample: batch.Sample{Share: 0.01},
		Filter: batch.Filter{Paths: []string{"**/*.enc"}, OlderThan: 90 * 24 * time.Hour, Smallest: 1024},
		Rate:   batch.Rate{CallsPerSecond: 300}, Stack: s.State.Lineage,
	}
	if diff := cmp.Diff(want, b.Spec); diff != "" || b.Spec.Target.Gateway != "dev" {
		t.Error(diff)
	}
	if b.Chunk.Objects != 10 || b.Chunk.Bytes != 256<<20 || b.Quota != 1000 || b.Spec.Rate.PerSecond(b.Quota) != 300 {
		t.Errorf("%+v %v", b.Chunk, b.Quota)
	}
	for _, other := range []struct{ address, says string }{
		{"batch.archive", `'batch.archive["eu"]'`}, {"batch.archiv", "no batch.archiv"}, {"key.orders", "declares no key.orders"},
	} {
		wanted, err := addr.Parse(other.address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Batch(t.Context(), wanted); err == nil || !strings.Contains(told(err), other.says) {
			t.Errorf("%s: %v", other.address, err)
		}
	}
}

// told is an error with its hints.
func told(err error) string {
	var hinted *stack.HintedError
	if errors.As(err, &hinted) {
		return err.Error() + " " + strings.Join(hinted.Hints, " ")
	}
	return err.Error()
}
