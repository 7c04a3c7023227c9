package stack_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/shards"
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

// The places of a batch are found from the module's directory, and nothing is called before they are used.
func TestThePlacesOfABatchOpen(t *testing.T) {
	r := newRig(t, aBatch)
	if err := os.MkdirAll(filepath.Join(r.dir, "archive", "eu"), 0o700); err != nil {
		t.Fatal(err)
	}
	r.apply()
	s := r.open()
	defer r.close(s)
	b, err := s.Batch(t.Context(), addr.Resource("batch", "archive").WithKey("eu"))
	if err != nil {
		t.Fatal(err)
	}
	src, err := b.OpenSource(t.Context())
	if err != nil || !strings.HasSuffix(src.Place(), filepath.Join("archive", "eu")) {
		t.Fatal(src, err)
	}
	q, err := b.OpenQueue(t.Context(), shards.Shard{})
	if err != nil || q.Place() != filepath.Join(r.dir, ".kmsplan", "batches") || b.Shards != 0 {
		t.Fatal(q, err)
	}
	if _, err := q.Record(t.Context(), b.Spec.Address); !errors.Is(err, queue.ErrNone) {
		t.Error(err)
	}
	if err := errors.Join(src.Close(), q.Close()); err != nil {
		t.Error(err)
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

// What a batch left is in the state when it is created, and stands in the way of its keys until it is whole; objects and
// saved plans are untouched.
func TestWhatABatchLeftIsRecorded(t *testing.T) {
	r := newRig(t, aBatch)
	r.apply()
	now := time.Now()
	r.options.Now = func() time.Time { return now }
	s := r.open()
	defer r.close(s)
	b, err := s.Batch(t.Context(), addr.Resource("batch", "archive").WithKey("eu"))
	if err != nil {
		t.Fatal(err)
	}
	before := s.State
	o := stack.Outcome{Record: batch.Record{Spec: b.Spec, Status: batch.Paused}, Before: []batch.Under{{KeyID: "old", KeyVersion: "v1", Objects: 3}}}
	o.Record.Spec.Source, o.Record.Spec.Objects, o.Record.Spec.Sample = "s3://archive/", 3, batch.Sample{All: true}
	near := func(string) bool { return true }
	record := func(want string) {
		t.Helper()
		if err := s.RecordBatch(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Batch(t.Context(), addr.Resource("batch", "archive").WithKey("eu")); err != nil { // reads the state anew
			t.Fatal(err)
		}
		got := ""
		for _, h := range s.State.HoldsOn(near, "old", "") {
			got += fmt.Sprintf("%d %s %t", h.Objects, h.Evidence.Status, h.Was)
		}
		if got != want || len(s.State.Batches) != 1 || s.State.ObjectsSerial != before.ObjectsSerial {
			t.Errorf("the old key is held by %q, want %q: %+v", got, want, s.State.Batches)
		}
	}
	record("3 created true")
	o.Record.Status, o.Record.Tally = batch.Done, batch.Tally{Objects: 3, Written: 2, Gone: 1, Under: []batch.Under{{KeyID: "new", KeyVersion: "v1", Objects: 2}}}
	record("3 done true")
	o.Verified, o.Report = true, "00"
	record("3 done true") // nothing was opened
	o.Record.Tally.Under[0].Proved = 2
	record("")
	o.Record.Tally.Failed = 1
	record("3 done true")
	serial := s.State.Serial
	if record("3 done true"); s.State.Serial != serial {
		t.Error("the same evidence is another state")
	}
}

// A moved block gives what a batch left its new address, for good; a batch whose key was rotated since waits.
func TestWhatABatchLeftMovesAndAges(t *testing.T) {
	r := newRig(t, aBatch)
	r.apply()
	s := r.open()
	b, err := s.Batch(t.Context(), addr.Resource("batch", "archive").WithKey("eu"))
	if err != nil {
		t.Fatal(err)
	}
	o := stack.Outcome{Record: batch.Record{Spec: b.Spec, Status: batch.Done}}
	if err := s.RecordBatch(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if p := r.plan(s); len(p.Batches) != 0 || !p.Empty() {
		t.Errorf("done, and it waits: %+v", p.Batches)
	}
	r.close(s)
	attic := strings.Replace(aBatch, `batch "archive"`, `batch "attic"`, 1)
	r.write("main.kms.hcl", gateway+attic+"moved {\n  from = batch.archive\n  to   = batch.attic\n}\n")
	r.apply()
	r.write("main.kms.hcl", gateway+attic)
	s = r.open()
	if p := r.plan(s); len(p.Batches) != 0 || len(s.State.Batches) != 1 || s.State.Batches[0].Address != `batch.attic["eu"]` {
		t.Errorf("moved to %+v: %+v", s.State.Batches, p.Batches)
	}
	r.close(s)
	r.write("main.kms.hcl", gateway+strings.Replace(attic, "key.orders.id", "key.other.id", 1)+"key \"other\" {}\n")
	r.apply()
	s = r.open()
	defer r.close(s)
	if p := r.plan(s); len(p.Batches) != 1 || !strings.Contains(p.Batches[0].Waits, "by now") {
		t.Errorf("its key is another one, and it does not wait: %+v", p.Batches)
	}
}

// What tries some objects again is no evidence for all of them, and what verifies looks past what the batch itself changed.
func TestATryOfSomeObjectsProvesNothingOfTheOthers(t *testing.T) {
	r := newRig(t, aBatch)
	r.apply()
	s := r.open()
	defer r.close(s)
	b, err := s.Batch(t.Context(), addr.Resource("batch", "archive").WithKey("eu"))
	if err != nil {
		t.Fatal(err)
	}
	b.Spec.Sample = batch.Sample{All: true}
	whole := func(b *stack.Batch) bool {
		o := stack.Outcome{Record: batch.Record{Spec: b.Spec, Status: batch.Done}, Verified: true}
		o.Record.Spec.Objects, o.Record.Tally = 1, batch.Tally{Objects: 1, Under: []batch.Under{{KeyID: "k", KeyVersion: "v", Objects: 1, Proved: 1}}}
		return o.Evidence(time.Now()).Whole
	}
	if !whole(b) || whole(b.Again()) || !whole(b.Verifying()) {
		t.Errorf("whole: %t, again %t, verifying %t", whole(b), whole(b.Again()), whole(b.Verifying()))
	}
	if v := b.Verifying(); v.Spec.Action != batch.Verify || v.Spec.Scope != "" || v.Spec.MaxFailures != -1 || b.Spec.Action != batch.Reencrypt {
		t.Errorf("%+v", v.Spec)
	}
}

// A queue may hold what another stack planned: nobody takes it for a batch of this one, whether this one has a state yet or none.
func TestABatchOfAnotherStackIsNoneOfOurs(t *testing.T) {
	r := newRig(t, aBatch)
	may := func(lineage string) error {
		s := r.open()
		defer r.close(s)
		b, err := s.BatchPlaces(t.Context(), addr.Resource("batch", "archive").WithKey("eu"))
		if err != nil {
			t.Fatal(err)
		}
		return s.MayWork(t.Context(), b, batch.Spec{Address: b.Spec.Address, Stack: lineage})
	}
	r.write("main.kms.hcl", gateway+strings.Replace(aBatch, "alias.orders.name", `"alias/orders"`, 1))
	if err := may(""); err == nil || !strings.Contains(err.Error(), "has no state yet") {
		t.Errorf("neither has a state: %v", err)
	}
	if err := may("another"); err == nil {
		t.Error("another's, and this one has no state")
	}
	r.apply()
	err := may("another")
	if err == nil || !strings.Contains(err.Error(), "by the stack another, and this one is ") {
		t.Fatalf("another's: %v", err)
	}
	_, own, _ := strings.Cut(err.Error(), "this one is ")
	own, _, _ = strings.Cut(own, ":")
	if err := may(own); err != nil {
		t.Errorf("our own: %v", err)
	}
	if err := may(""); err == nil {
		t.Error("nobody's, and this one has a state")
	}
}

// A queue's database that cannot be reached is named once.
func TestAQueueThatIsNotThereIsNamedOnce(t *testing.T) {
	r := newRig(t, strings.Replace(aBatch, "limits {", `queue {
    postgres {
      conn_str = "host=127.0.0.1 port=1 user=nobody dbname=nothing sslmode=disable"
    }
  }
  limits {`, 1))
	r.apply()
	s := r.open()
	defer r.close(s)
	w, err := s.BatchWorker(t.Context(), stack.BatchWorking{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	_, err = w.Migrate(t.Context())
	if err == nil || strings.Count(err.Error(), w.Places()[0]) != 1 {
		t.Errorf("%v", err)
	}
}
