package resource_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/state"
)

// Case P6. A gateway that describes another key than the one asked for: the plan fails, or the change
// does, and nothing is changed after it.
func TestAnotherKeysDescriptionChangesNothing(t *testing.T) {
	ctx := context.Background()
	for _, fault := range []string{"DescribeKey:wrong-key-id", "DescribeKey:about-another", "DescribeKey:wrong-arn", "DescribeKey:wrong-arn=region"} {
		t.Run(fault, func(t *testing.T) {
			r := newRig(t)
			r.apply("key \"k\" { description = \"one\" }\nkey \"l\" {}")
			stranger, err := r.manager.CreateKey(ctx, kms.CreateKeyInput{})
			r.must(err)
			if strings.HasSuffix(fault, "id") || strings.HasSuffix(fault, "another") {
				fault += "=" + stranger.ID
			}
			src := "key \"k\" { description = \"two\" }\nkey \"l\" { description = \"three\" }"
			cfg, live, p, _ := r.plan(src)
			r.fault(fault)
			if _, err := resource.Snapshot(ctx, r.gateways(cfg), cfg, r.state()); !isOtherObject(err) {
				t.Errorf("planned: %v", err)
			}
			r.manager = r.client(r.server.Ready().AccessKeySecret) // another process
			r.fault(fault + ":9")                                  // calls that were given up may still arrive
			before := r.calls("UpdateKeyDescription")
			work := r.work(cfg)
			work.Live = live
			_, err = apply.Run(ctx, apply.Input{Work: work, Plan: p, Parallelism: 1})
			if !isOtherObject(err) || r.calls("UpdateKeyDescription") != before {
				t.Errorf("applied, with %d calls: %v", r.calls("UpdateKeyDescription")-before, err)
			}
		})
	}
}

func isOtherObject(err error) bool {
	var arn *resource.OtherARNError
	return kms.IsOtherObject(err) || errors.As(err, &arn)
}

// Case P7. CreateKey answers with the id of an existing key: it is read back, and nothing is recorded
// but the open intent, whoever's that key is. The key that was made is found by the next run.
func TestACreatedKeyIsProvedBeforeItIsRecorded(t *testing.T) {
	ctx := context.Background()
	for name, tags := range map[string]map[string]string{
		"a stranger's": nil,
		"another stack's": {
			plan.TagOwner: "other", plan.TagAddress: "key.x", plan.TagIntent: "x"},
		"ours under another intent": {plan.TagIntent: "x"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			existing, err := r.manager.CreateKey(ctx, kms.CreateKeyInput{Tags: tags})
			r.must(err)
			r.fault("CreateKey:wrong-key-id=" + existing.ID)
			src := "key \"k\" {}\nalias \"a\" {\n  name = \"alias/a\"\n  key = key.k.id\n}"
			_, report, err := r.try(src)
			var unproven *resource.UnprovenError
			if !errors.As(err, &unproven) || report.Unknown != 1 || len(report.Open) != 1 || len(r.state().Resources) != 0 {
				t.Fatalf("%v; %d unknown, %d open, state: %+v", err, report.Unknown, len(report.Open), r.state().Resources)
			}
			if report.Outcomes[1].Status != apply.Skipped {
				t.Errorf("what depends on it: %+v", report.Outcomes[1])
			}
			r.apply(src)
			if r.id("key.k") == existing.ID || r.keys() != 2 {
				t.Errorf("%s, %d keys", r.id("key.k"), r.keys())
			}
		})
	}
}

// The same for a secret, which is read back with its tags.
func TestACreatedSecretIsProvedBeforeItIsRecorded(t *testing.T) {
	r := newRig(t)
	r.apply(`key "k" {}`)
	src := "key \"k\" {}\nsecret \"s\" {\n  name = \"s\"\n  encryption_key = key.k.id\n  generate {}\n}"
	r.fault("DescribeSecret:late-tags")
	_, report, err := r.try(src)
	var unproven *resource.UnprovenError
	if !errors.As(err, &unproven) || report.Unknown != 1 || len(r.state().Resources) != 1 {
		t.Fatalf("%v %+v", err, report)
	}
	r.apply(src)
}

// A tag that is not listed yet is waited for, as long as lists may lag and no longer.
func TestATagThatIsListedLateIsWaitedFor(t *testing.T) {
	r := newRig(t)
	r.lag = time.Minute
	r.fault("ListTagResources:late-tags:2") // the first is the snapshot's
	r.fault("ListResourceTags:late-tags")
	r.apply(`key "k" {}`)
	if r.calls("ListTagResources") < 3 || r.keys() != 1 {
		t.Errorf("%d searches, %d keys", r.calls("ListTagResources"), r.keys())
	}
}

// Case P8. A create that is carried out twice, in whatever way: the older key is taken, the other is named by
// the run that made it, and is never touched.
func TestACreateThatIsCarriedOutTwice(t *testing.T) {
	for _, fault := range []string{"CreateKey:duplicate", "CreateKey:reject-after-commit=Rejected.Throttling"} {
		t.Run(fault, func(t *testing.T) {
			r := newRig(t)
			r.attempts = 3
			r.manager = r.client(r.server.Ready().AccessKeySecret)
			r.fault(fault)
			_, report, err := r.try(`key "k" {}`)
			r.must(err)
			if r.keys() != 2 || len(report.Outcomes[0].Duplicates) != 1 {
				t.Fatalf("%d keys; %+v", r.keys(), report.Outcomes[0])
			}
			if r.id("key.k") == report.Outcomes[0].Duplicates[0] {
				t.Error("the duplicate was taken")
			}
			cfg := r.config(`key "k" {}`)
			live, err := resource.Snapshot(context.Background(), r.gateways(cfg), cfg, r.state())
			r.must(err)
			if n := len(live.Gateways["dev"].Claims); n != 2 {
				t.Errorf("the next plan sees %d claims", n)
			}
		})
	}
}

// §6: of two keys that a lost CreateKey left behind, the older one is taken.
func TestALostCreateKeyTakesTheOlderOfTwo(t *testing.T) {
	ctx := context.Background()
	r := newRig(t)
	s := r.session(`key "k" {}`, "key.k")
	first, err := r.manager.CreateKey(ctx, kms.CreateKeyInput{Tags: plan.OwnerTags(s.Lineage, s.Change.Addr, s.Intent)})
	r.must(err)
	r.advance("1m")
	r.fault("CreateKey:drop-after-commit")
	kept, err := resource.For("key").Apply(ctx, s)
	r.must(err)
	if kept.ID != first.ID || len(s.Duplicates) != 1 || r.keys() != 2 {
		t.Errorf("kept %s, the older is %s; duplicates %v", kept.ID, first.ID, s.Duplicates)
	}
}

// §6: a value whose PutSecretValue was lost is not put again before a late commit is
// impossible, because the late one would then become the current one.
func TestALostPutSecretValueIsNotRepeatedTooEarly(t *testing.T) {
	r := newRig(t)
	src := "key \"k\" {}\nsecret \"s\" {\n  name = \"s\"\n  encryption_key = key.k.id\n  value = \"%\"\n}"
	one, two := strings.Replace(src, "%", "hunter22", 1), strings.Replace(src, "%", "hunter23", 1)
	r.apply(one)
	r.fault("PutSecretValue:drop-before")
	if _, report, _ := r.try(two); report.Unknown != 1 {
		t.Fatalf("%+v", report)
	}
	before := r.calls("PutSecretValue")
	r.now = r.now.Add(16 * time.Minute)
	if _, report, _ := r.try(two); report.Unknown != 1 || r.calls("PutSecretValue") != before {
		t.Errorf("repeated after 16 minutes: %+v", report)
	}
	r.now = r.now.Add(resource.ServiceTiming.Certain())
	r.apply(two)
	if r.calls("PutSecretValue") != before+1 {
		t.Errorf("%d calls", r.calls("PutSecretValue")-before)
	}
}

// §6: a key whose rotation lost its answer is not rotated again before a late commit is impossible.
func TestALostCreateKeyVersionIsNotRepeatedTooEarly(t *testing.T) {
	r := newRig(t)
	src := "key \"k\" {}"
	r.apply(src)
	asks := []plan.Request{{Addr: addr.Address{Kind: "key", Name: "k"}, Act: plan.ActRotate}}
	r.fault("CreateKeyVersion:drop-before")
	if _, report, _ := r.tryAsked(src, asks); report.Unknown != 1 {
		t.Fatalf("%+v", report)
	}
	before := r.calls("CreateKeyVersion")
	r.now = r.now.Add(16 * time.Minute)
	if _, report, _ := r.tryAsked(src, asks); report.Unknown != 1 || r.calls("CreateKeyVersion") != before {
		t.Errorf("repeated after 16 minutes: %+v", report)
	}
	r.now = r.now.Add(resource.ServiceTiming.Certain())
	_, report, err := r.tryAsked(src, asks)
	if r.must(err); report.Changed != 1 || r.calls("CreateKeyVersion") != before+1 {
		t.Errorf("%+v, %d calls", report, r.calls("CreateKeyVersion")-before)
	}
}

// §6: a key is recorded the moment it is proved, before anything else is called.
func TestAKeyIsRecordedRightAfterItsCreation(t *testing.T) {
	r := newRig(t)
	s := r.session("key \"k\" {\n  deletion_protection = true\n  enabled = false\n}", "key.k")
	var j order
	s.Journal = &j
	_, err := resource.For("key").Apply(context.Background(), s)
	r.must(err)
	want := []string{"begin CreateKey", "end", "record", "begin SetDeletionProtection", "end", "begin DisableKey", "end"}
	if !slices.Equal(j, want) {
		t.Errorf("%q", j)
	}
}

// order is a journal that remembers what was written to it.
type order []string

func (o *order) Begin(in state.Intent) error {
	*o = append(*o, "begin "+in.Operation)
	return nil
}
func (o *order) End(string, state.Result) error { *o = append(*o, "end"); return nil }
func (o *order) Record(state.Resource) error    { *o = append(*o, "record"); return nil }

// A call starts within its intent's time, or never: a process that was stopped after it wrote the intent writes
// another before it calls. What was open before stays open.
func TestNoCallStartsAfterItsTime(t *testing.T) {
	r := newRig(t)
	s := r.session(`key "k" {}`, "key.k")
	s.Timing = resource.Timing{Send: 200 * time.Millisecond, Late: time.Second}
	j := &stopped{stops: 2, pause: 250 * time.Millisecond}
	s.Journal = j
	_, err := resource.For("key").Apply(context.Background(), s)
	r.must(err)
	if r.calls("CreateKey") != 1 || len(j.begun) != 3 || len(j.ended) != 3 || j.ended[0].Ambiguous || j.ended[0].Error == "" {
		t.Errorf("%d calls; %+v; %+v", r.calls("CreateKey"), j.begun, j.ended)
	}
	for _, in := range j.begun {
		if !in.SendBy.Equal(in.At.Add(s.Timing.Send)) {
			t.Errorf("an intent of %s to be sent by %s", in.At, in.SendBy)
		}
	}
}

// stopped is a journal whose process stands still after an intent.
type stopped struct {
	stops int
	pause time.Duration
	begun []state.Intent
	ended []state.Result
}

func (s *stopped) Begin(in state.Intent) error {
	if s.begun = append(s.begun, in); len(s.begun) <= s.stops {
		time.Sleep(s.pause)
	}
	return nil
}
func (s *stopped) End(_ string, out state.Result) error { s.ended = append(s.ended, out); return nil }
func (s *stopped) Record(state.Resource) error          { return nil }

// Case S5. What the service sets is right in state after the apply that made it: an alias's
// ARN, and what a rotation policy does to its keys.
func TestWhatTheServiceSetsIsRightAfterTheApply(t *testing.T) {
	r := newRig(t)
	src := `key "k" {}
alias "a" {
  name = "alias/a"
  key  = key.k.id
}
rotation_policy "p" {
  interval = "90d"
  keys     = [key.k.id]
}
secret "s" {
  name           = "s"
  encryption_key = key.k.id
  generate {}
}`
	r.try(src)
	recorded := map[string]map[string]any{}
	for _, res := range r.state().Resources {
		recorded[res.Address] = res.Attributes
	}
	cfg := r.config(src)
	live, err := resource.Snapshot(context.Background(), r.gateways(cfg), cfg, r.state())
	r.must(err)
	for _, res := range r.state().Resources {
		o := live.Gateways["dev"].Objects[res.Kind][res.ID]
		if o == nil {
			continue // a policy
		}
		for name, v := range o.Attrs {
			if is := plan.ToState(v); fmt.Sprint(recorded[res.Address][name]) != fmt.Sprint(is) {
				t.Errorf("%s.%s: state has %v, the service says %v", res.Address, name, recorded[res.Address][name], is)
			}
		}
	}
	if recorded["alias.a"]["arn"] == nil || recorded["key.k"]["automatic_rotation"] != "Enabled" || recorded["secret.s"]["arn"] == nil {
		t.Errorf("%v", recorded)
	}
}

// Case S16. Lists that do not show yet what was done, a secret's versions among them, are waited
// for by the apply and by every plan after it.
func TestListsThatLag(t *testing.T) {
	const lag = 2 * time.Second
	r := newRig(t, func(o *emulator.Options) { o.ListLag = lag })
	r.lag, r.patient = lag, true
	r.apply(stack)
	second := replace(t, stack, "hunter2", "hunter3")
	r.apply(second)
	if r.keys() != 1 {
		t.Errorf("%d keys", r.keys())
	}
}

// Case P8. Tags that are listed late: a lost CreateKey is not repeated before the key would be listed.
func TestALostCreateKeyIsNotRepeatedBeforeItsTagIsListed(t *testing.T) {
	r := newRig(t, func(o *emulator.Options) { o.ListLag = 15 * time.Second })
	r.timing = &resource.Timing{Send: time.Millisecond * 1500, Late: time.Millisecond * 1500, Lag: 15 * time.Second}
	for range 2 {
		r.fault("CreateKey:drop-after-commit")
	}
	src := "key \"k\" {\n  for_each = toset([\"a\", \"b\"])\n}"
	for range 3 { // later than a late commit, sooner than the list
		if _, report, _ := r.try(src); report.Unknown != 2 || r.calls("CreateKey") != 2 {
			t.Fatalf("%d calls; %+v", r.calls("CreateKey"), report)
		}
		r.now = r.now.Add(3 * time.Second)
	}
	r.advance("20s") // now the tags are listed
	r.apply(src)
	if r.keys() != 2 {
		t.Errorf("%d keys", r.keys())
	}
}

// Case S19. What an update was planned on is read again just before the call, tags too: a colleague's
// change in between is not overwritten.
func TestAnUpdateIsHeldAgainstWhatItWasPlannedOn(t *testing.T) {
	ctx := context.Background()
	r := newRig(t)
	r.apply("key \"k\" { tags = { team = \"a\" } }")
	src := "key \"k\" { tags = { team = \"b\" } }"
	cfg, live, p, _ := r.plan(src)
	r.must(r.manager.TagResources(ctx, kms.KindKey, []string{r.id("key.k")}, map[string]string{"team": "c"}))
	before := r.calls("TagResources")
	work := r.work(cfg)
	work.Live = live
	_, err := apply.Run(ctx, apply.Input{Work: work, Plan: p})
	var changed *resource.ChangedError
	if !errors.As(err, &changed) || r.calls("TagResources") != before {
		t.Errorf("%d calls: %v", r.calls("TagResources")-before, err)
	}
}
