package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// left is what a batch left that brought 1,000 objects from a key to another one.
func left(from string, whole bool) []state.Evidence {
	return []state.Evidence{{
		Address: "batch.archive", Source: "s3://archive/", Action: "rewrap", Gateway: "dev", KeyID: "key-new", KeyVersion: "v1", Status: state.EvidenceDone,
		Objects: 1000, Before: []state.ObjectsUnder{{KeyID: from, KeyVersion: "v7", Objects: 1000}},
		Under: []state.ObjectsUnder{{KeyID: "key-new", KeyVersion: "v1", Objects: 1000}}, Whole: whole,
	}}
}

const archiveBatch = `
batch "archive" {
  action = "verify"
  verify = "all"
  source {
    s3 {
      bucket = "archive"
    }
  }
}
`

// The refusal names the batch, its objects, and one command.
func TestAKeyWithTheObjectsOfABatchIsKept(t *testing.T) {
	for _, c := range []struct{ name, module, status, says, way string }{
		{"not proved", archiveBatch, state.EvidenceDone, "batch.archive (1000 objects of s3://archive/ were under it, version v7, and that none is any more is not proved)", "`kmsplan batch verify 'batch.archive'`"},
		{"not done", archiveBatch, state.EvidenceCreated, "1000 objects of s3://archive/", "`kmsplan batch start 'batch.archive'`"},
		{"cancelled", archiveBatch, state.EvidenceCancelled, "1000 objects of s3://archive/", "`kmsplan batch start 'batch.archive'`"},
		{"its block is gone", "", state.EvidenceDone, "1000 objects of s3://archive/", "`kmsplan state rm 'batch.archive'`"},
		{"its block was renamed", strings.Replace(archiveBatch, `"archive" {`, `"attic" {`, 1) + "moved {\n  from = batch.archive\n  to   = batch.attic\n}\n", state.EvidenceDone, "batch.attic (1000", "`kmsplan batch verify 'batch.attic'`"},
	} {
		w := newWorld(t)
		w.apply(`key "old" {}`)
		w.state.Batches = left(w.key("key.old").ID, false)
		w.state.Batches[0].Status = c.status
		p := w.plan(config(t, limits+retire+c.module))
		if len(p.Refusals) != 1 || p.Refusals[0].Guard != plan.GuardStillInUse {
			t.Fatalf("%s: %+v", c.name, p.Refusals)
		}
		ways := strings.Join(p.Refusals[0].WaysForward, "\n")
		if !strings.Contains(p.Refusals[0].Reason, c.says) || !strings.Contains(ways, c.way) {
			t.Errorf("%s: %s\n%s", c.name, p.Refusals[0].Reason, ways)
		}
	}
}

// unfinished is what a batch left whose headers nobody read, and that has not ended.
func unfinished() []state.Evidence {
	return []state.Evidence{{Address: "batch.b", Source: "s3://b/", Gateway: "dev", Status: state.EvidenceCreated, Objects: 3, Unread: 3}}
}

// A removed block has the state forget what a batch left, and the key it was kept for may go in the same plan; with a target
// that is something else, or a block that is still there, nothing is forgotten.
func TestWhatABatchLeftIsForgotten(t *testing.T) {
	const gone = "removed {\n  from   = batch.archive\n  action = \"forget\"\n}\n"
	w := newWorld(t)
	w.apply(`key "old" {}`)
	w.state.Batches = left(w.key("key.old").ID, false)
	p := w.plan(config(t, limits+retire+gone))
	if list := p.ForgottenBatches(); len(p.Refusals) > 0 || len(list) != 1 || !strings.Contains(list[0].Forgets, "1000 objects of s3://archive/, for which "+w.key("key.old").ID) || p.Summary().Forget != 1 || p.Empty() {
		t.Errorf("%+v, %+v", p.Refusals, p.Batches)
	}
	in := w.input(config(t, gone+`key "old" {}`))
	in.Scope.Targets = []addr.Address{addr.Resource("key", "old")}
	if p, diags := plan.Calculate(in); diags.HasErrors() || len(p.ForgottenBatches()) != 0 || !p.Empty() {
		t.Errorf("it is not the target, and forgotten: %+v", p.Batches)
	}
	w.state.Batches = nil
	if p := w.plan(config(t, gone+`key "old" {}`)); !p.Empty() {
		t.Errorf("nothing is left to forget: %+v", p.Batches)
	}
}

// A batch whose block asks for it is started by an apply that declares or rotates something for it, and by none because of what
// became of its last run, nor while a freeze lasts.
func TestAnApplyStartsABatchWhoseBlockAsksForIt(t *testing.T) {
	const asks = `
key "new" {}
batch "archive" {
  action = "rewrap"
  key    = key.new.id
  start  = "apply"
  source {
    s3 {
      bucket = "archive"
    }
  }
}
`
	w := newWorld(t)
	p := w.plan(config(t, asks))
	if list := p.StartedBatches(); len(list) != 1 || p.Summary().Start != 1 {
		t.Fatalf("it was never run: %+v", p.Batches)
	}
	w.apply(asks)
	key := w.key("key.new")
	version := key.Attrs["primary_version"].AsString()
	for _, c := range []struct {
		name   string
		change func(*state.Evidence)
		freeze string
		starts bool
	}{
		{"done", func(*state.Evidence) {}, "", false},
		{"rotated", func(e *state.Evidence) { e.KeyVersion = "earlier" }, "", true},
		{"succeeded", func(e *state.Evidence) { e.KeyID = "other" }, "", true},
		{"rotated, and frozen", func(e *state.Evidence) { e.KeyVersion = "earlier" }, "kmsplan {\n  freeze {\n    from  = \"2000-01-01T00:00:00Z\"\n    until = \"2100-01-01T00:00:00Z\"\n  }\n}\n", false},
		{"failures", func(e *state.Evidence) { e.Failed = 1 }, "", false},
		{"cancelled", func(e *state.Evidence) { e.KeyVersion, e.Status = "earlier", state.EvidenceCancelled }, "", false},
		{"paused", func(e *state.Evidence) { e.KeyVersion, e.Status = "earlier", state.EvidenceCreated }, "", false},
	} {
		w.state.Batches = left("key-old", true)
		e := &w.state.Batches[0]
		e.KeyID, e.KeyVersion, e.Under = key.ID, version, nil
		c.change(e)
		p := w.plan(config(t, c.freeze+asks))
		if got := len(p.StartedBatches()) == 1; got != c.starts || p.Empty() == got || len(p.Refusals) > 0 {
			t.Errorf("%s: starts %t, %+v %+v", c.name, got, p.Batches, p.Refusals)
		}
	}
}

// A batch whose block names an alias is started by the apply that moves the alias to a key's successor, which is made only then.
func TestAnApplyThatMovesAnAliasStartsItsBatch(t *testing.T) {
	const asks = `
key "k" {
  spec = "%s"
  lifecycle {
    on_immutable_change = "succeed"
  }
}
alias "k" {
  name = "alias/k"
  key  = key.k.id
}
batch "archive" {
  action = "rewrap"
  key    = alias.k.name
  start  = "apply"
  source {
    s3 {
      bucket = "archive"
    }
  }
}
`
	w := newWorld(t)
	w.apply(fmt.Sprintf(asks, "Aliyun_AES_256"))
	key := w.key("key.k")
	w.state.Batches = left("key-old", true)
	e := &w.state.Batches[0]
	e.KeyID, e.KeyVersion, e.Under = key.ID, key.Attrs["primary_version"].AsString(), nil
	if p := w.plan(config(t, fmt.Sprintf(asks, "Aliyun_AES_256"))); len(p.StartedBatches()) != 0 || len(p.Refusals) > 0 {
		t.Errorf("nothing changes: %+v %+v", p.Batches, p.Refusals)
	}
	if p := w.plan(config(t, fmt.Sprintf(asks, "Aliyun_SM4"))); len(p.StartedBatches()) != 1 || len(p.Refusals) > 0 {
		t.Errorf("the key is succeeded: %+v %+v", p.Batches, p.Refusals)
	}
}
