package plan_test

import (
	"strings"
	"testing"

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
