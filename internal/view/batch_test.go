package view

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
)

// wholeBatch is a plan that has all that one can have: a hundred million objects with a data key each.
func wholeBatch() batch.Plan {
	const all = 100_000_000
	target := batch.Target{Gateway: "hangzhou", KeyID: "key-hzz0123456789abcdef01", Version: "v2"}
	return batch.Plan{
		Spec: batch.Spec{
			Address: `batch.archive["two words"]`, Action: batch.Rewrap, Target: target, Source: "s3://archive/orders/", Sample: batch.Sample{Share: 0.01},
			Objects: all, Bytes: 1 << 40, Chunks: 100_000, Manifest: strings.Repeat("0f", 32),
		},
		Under: []batch.Under{{KeyID: target.KeyID, KeyVersion: "v1", Objects: all - 3}, {KeyID: target.KeyID, KeyVersion: "v2", Objects: 1}},
		Plain: 1, Damaged: 1, There: 1, Todo: all - 1, TodoBytes: 1 << 40, DataKeys: all, Estimated: true,
		Calls: 3 * all, Seconds: 500_000, PerSecond: 600, Quota: 1000, Advice: []string{"the bucket keeps every version for ever"},
	}
}

func TestAPlanOfABatchSaysWhatItTakes(t *testing.T) {
	var out bytes.Buffer
	(&Terminal{Out: &out, Err: &out, Width: 120}).BatchPlan(wholeBatch())
	for _, want := range []string{
		"99,999,997 under key key-hzz0123456789abcdef01, version v1\n", "1 under key key-hzz0123456789abcdef01, version v2 (the target)",
		"rewrap, then a sample of 1 % is opened", "1 no envelope: they will be named as failures", "about 300,000,000 of KMS: 5 days 18 hours at 600 calls a second, 60 % of the",
		"99,999,999 objects, 1.0 TiB; 1 at the target already", "note      the bucket keeps every version", "Plan: 99,999,999 objects to rewrap, about 300,000,000 calls; 2 of them will fail, more than max_failures = 0: the batch will pause itself.",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

func TestAViewOfABatchSaysHowFarItIs(t *testing.T) {
	b := Batching{
		Record: batch.Record{Spec: wholeBatch().Spec, Status: batch.Running, Tally: batch.Tally{Objects: 50_000_000, Calls: 1, Failed: 2}},
		Now:    600, Used: 540.4, Began: today.Add(-time.Hour), At: today, Before: 25_000_000,
	}
	want := `batch.archive["two words"]: 50,000,000 of 100,000,000 objects (50 %), 0 B moved, 1 call (540 of 600 a second), 2 failed, about 2 hours left`
	if got := b.sentence(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	b.Record.Spec.Address, b.Record.Tally.Sent = "batch.archive", 3<<30
	for room, want := range map[int]string{
		119: "[#####.....] batch.archive: 50 %, 50,000,000/100,000,000, 3.0 GiB, 540/600 calls/s, 1 call, 2 failed, 2h left",
		79:  "[#####.....] 50 %, 50,000,000/100,000,000, 540/600 calls/s, 2 failed, 2h left",
		39:  "[#####.....] 50 %, 2 failed, 2h left",
		19:  "50 %, 2h left",
		3:   "50 %",
	} {
		if got := b.line(room); got != want {
			t.Errorf("%d columns: %s\nwant %s", room, got, want)
		}
	}
	b.Record.Status, b.Record.Spec.Objects = batch.Paused, 0
	if got := b.line(30); got != "1 call, 2 failed, paused" {
		t.Error(got)
	}
}

func TestASpanIsWhatPeopleSay(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "less than a second", time.Second: "1 second", 200 * time.Second: "3 minutes 20 seconds", 55 * time.Hour: "2 days 7 hours", 3600 * time.Second: "1 hour",
	} {
		if got := Span(d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
}

// A plan with nothing to do says what it found: no object at all is not the same as objects that are where they belong.
func TestAPlanOfABatchSaysWhyThereIsNothingToDo(t *testing.T) {
	for want, p := range map[string]batch.Plan{
		"there is no object":        {Spec: batch.Spec{Action: batch.Rewrap}},
		"every object is at the":    {Spec: batch.Spec{Action: batch.Rewrap, Objects: 1}, There: 1},
		"To open them takes 9 c":    {Spec: batch.Spec{Action: batch.Rewrap, Objects: 9}, There: 9, Calls: 9},
		"is encrypted already":      {Spec: batch.Spec{Action: batch.Encrypt, Objects: 1}, There: 1},
		"verify, 0 calls; 2 of":     {Spec: batch.Spec{Action: batch.Verify, Objects: 2, MaxFailures: -1}, Plain: 1, Damaged: 1, Todo: 2},
		"encrypt, 2 calls.":         {Spec: batch.Spec{Action: batch.Encrypt, Objects: 1}, Plain: 1, Todo: 1, Calls: 2},
		"will fail, more than max_": {Spec: batch.Spec{Action: batch.Verify, Objects: 2, MaxFailures: 1}, Plain: 2, Todo: 2},
	} {
		if got := todoSentence(p); !strings.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}
}
