package resource_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/state"
)

// Whatever call loses its answer, after at most one more apply everything is as
// declared, and nothing exists twice. The client here makes one attempt per call, so that every
// loss reaches the handler.
func TestLostAnswers(t *testing.T) {
	first := replace(t, stack, "deletion_protection = true", "enabled = true")
	second := replace(t, first, "Order database", "Orders", `team = "orders"`, `cost = "7"`, "90d", "30d", "hunter2", "hunter3", "alias/orders", "alias/sales")
	third := replace(t, first, "enabled = true", "deletion_protection = true")
	tests := []struct {
		operation     string
		before, after string
		world         func(r *rig)
	}{
		{"CreateKey", "", first, nil},
		{"CreateAlias", "", first, nil},
		{"UpdateRotationPolicy", "", first, nil},
		{"CreateSecret", "", first, nil},
		{"SetDeletionProtection", "", third, nil},
		{"UpdateKeyDescription", first, second, nil},
		{"TagResources", first, second, nil},
		{"UntagResources", first, second, nil},
		{"UpdateRotationPolicy", first, second, nil},
		{"CreateAlias", first, second, nil},
		{"DeleteAlias", first, second, nil},
		{"PutSecretValue", first, second, nil},
		{"CancelKeyDeletion", first, first, func(r *rig) { r.must(r.manager.ScheduleKeyDeletion(context.Background(), r.id("key.orders"), 7)) }},
		{"RestoreSecret", first, first, func(r *rig) {
			_, err := r.manager.DeleteSecret(context.Background(), kms.DeleteSecretInput{Name: "orders/db"})
			r.must(err)
		}},
		{"EnableKey", first, first, func(r *rig) { r.must(r.manager.DisableKey(context.Background(), r.id("key.orders"))) }},
	}
	server := emulatortest.New(t)
	for _, test := range tests {
		faults := []string{"drop-after-commit", "reject-after-commit", "drop-before"}
		if testing.Short() {
			faults = faults[:1]
		}
		for _, fault := range faults {
			t.Run(test.operation+"/"+fault, func(t *testing.T) {
				r := rigOn(t, server)
				if test.before != "" {
					r.apply(test.before)
				}
				if test.world != nil {
					test.world(r)
				}
				r.fault(test.operation + ":" + fault + ":1")
				p, report, err := r.try(test.after)
				if p.Refused() {
					t.Fatalf("refused: %+v", p.Refusals)
				}
				if fault != "drop-before" && (err != nil || len(report.Open) > 0) {
					t.Errorf("the effect could be seen at once, and was not: %v", err)
				}
				if fault == "drop-before" && err == nil {
					t.Error("a call that never arrived was reported as done")
				}
				r.now = r.now.Add(resource.ServiceTiming.Certain()) // a late commit is impossible now
				r.apply(test.after)
				if r.keys() != 1 {
					t.Errorf("%d keys", r.keys())
				}
				aliases, err := r.manager.ListAliases(context.Background())
				r.must(err)
				if len(aliases) != 1 {
					t.Errorf("aliases: %v", aliases)
				}
			})
		}
	}
}

// A CreateKey whose answer is lost and whose process dies is adopted by the next
// run, from the journal; one that never arrived is not repeated before a late commit is impossible.
func TestUnansweredCreateKeyIsNotRepeatedTooEarly(t *testing.T) {
	ctx := context.Background()
	src := `key "k" {}`
	r := newRig(t)
	r.fault("CreateKey:drop-before:1")
	_, report, err := r.try(src)
	if err == nil || report.Unknown != 1 || report.ExitCode(err) != apply.ExitUnknown {
		t.Fatalf("%v %+v", err, report)
	}
	before := r.calls("CreateKey")
	r.now = r.now.Add(16 * time.Minute) // a signature is good for 15
	if _, report, _ := r.try(src); report.Unknown != 1 || r.calls("CreateKey") != before {
		t.Fatalf("repeated after 16 minutes: %+v", report)
	}
	// The late commit arrives: a key with the intent's tag.
	_, _, _, found := r.plan(src)
	intent := found.Open[0].Token
	k, err := r.manager.CreateKey(ctx, kms.CreateKeyInput{Tags: map[string]string{
		plan.TagOwner: found.State.Lineage, plan.TagAddress: "key.k", plan.TagIntent: intent}})
	r.must(err)
	r.apply(src)
	if r.id("key.k") != k.ID || r.keys() != 1 {
		t.Errorf("adopted %s, want %s; %d keys", r.id("key.k"), k.ID, r.keys())
	}
}

func TestUnansweredCreateKeyIsRepeatedAfterTheWindow(t *testing.T) {
	r := newRig(t)
	r.fault("CreateKey:drop-before:1")
	r.try(`key "k" {}`)
	r.now = r.now.Add(resource.ServiceTiming.Certain())
	r.apply(`key "k" {}`)
	if r.keys() != 1 {
		t.Errorf("%d keys", r.keys())
	}
}

// A duplicate delivery makes two keys: the older is adopted, the younger
// reported and left alone.
func TestTwoKeysOfOneIntent(t *testing.T) {
	ctx := context.Background()
	r := newRig(t)
	intent := "0190-intent"
	var ids []string
	for range 2 {
		k, err := r.manager.CreateKey(ctx, kms.CreateKeyInput{Tags: map[string]string{plan.TagIntent: intent}})
		r.must(err)
		ids = append(ids, k.ID)
		r.advance("1m")
	}
	s := r.session(`key "k" {}`, "key.k")
	res, err := resource.For("key").Resolve(ctx, s, state.Intent{Address: "key.k", Kind: "key", Operation: "CreateKey", Token: intent, At: r.now})
	r.must(err)
	if !res.Committed || res.Resource.ID != ids[0] || !slices.Equal(res.Duplicates, ids[1:]) {
		t.Errorf("%+v", res)
	}
	if r.keys() != 2 {
		t.Error("a duplicate was touched")
	}
}

// Lost state, no journal: the tags find the key and the secret again.
func TestLostStateIsFoundByTags(t *testing.T) {
	r := newRig(t)
	src := replace(t, stack, "value          = var.db", "generate { length = 32 }")
	r.apply(src)
	id := r.id("key.orders")
	st, version, err := r.store.Read(context.Background())
	r.must(err)
	st.Serial, st.Resources = st.Serial+1, nil
	_, err = r.store.CompareAndSwap(context.Background(), version, st)
	r.must(err)
	p := r.apply(src)
	if r.id("key.orders") != id || r.keys() != 1 {
		t.Errorf("changes: %q", changes(p))
	}
}

func (r *rig) session(src, address string) *resource.Session {
	r.t.Helper()
	cfg, live, p, _ := r.plan(src)
	for _, c := range p.Changes {
		if c.Addr.String() != address {
			continue
		}
		body, diags := cfg.Body(c.Addr, plan.Remember(cfg, r.state(), live))
		if diags.HasErrors() {
			r.t.Fatal(diags.Errs())
		}
		return &resource.Session{
			Manager: r.manager, Gateway: cfg.Gateways[0], Live: live.Gateways["dev"], Change: c, Body: body,
			Lineage: p.Lineage, Intent: "intent", Journal: discard{}, Now: func() time.Time { return r.now },
			Wait: func(context.Context, int) error { return nil },
		}
	}
	r.t.Fatalf("%s is not in the plan", address)
	return nil
}

// discard is a journal for tests that look at the handler's answer.
type discard struct{}

func (discard) Begin(state.Intent) error       { return nil }
func (discard) End(string, state.Result) error { return nil }
func (discard) Record(state.Resource) error    { return nil }
