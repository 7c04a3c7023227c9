package compare

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/kmstest"
)

// Each row of the tables is needed: without it one of the lies above would be believed.
func TestEveryComparisonCounts(t *testing.T) {
	believed := func() (n int) {
		operations := kms.ByName(kms.PublicOperations())
		for _, c := range kmstest.Truths {
			for i := 0; i+1 < len(c.Lies); i += 2 {
				said, _ := DecodeObject([]byte(strings.Replace(c.Answer, c.Lies[i], c.Lies[i+1], 1)))
				by := &Comparer{region: "cn-hangzhou", aliases: new(kms.Aliases)}
				if by.Compare(operations[c.Operation], kms.AskedIn(c.Params, nil), said) == "" {
					n++
				}
			}
		}
		return n
	}
	if n := believed(); n > 0 {
		t.Fatalf("%d lies are believed", n)
	}
	all := pairs
	defer func() { pairs = all }()
	for i, p := range all {
		pairs = slices.Delete(slices.Clone(all), i, i+1)
		if believed() == 0 && p.member != "KeyPairSpec" { // tried at the instance gateway
			t.Errorf("no lie needs %s = %s", p.member, p.param)
		}
	}
	pairs = all
	checks := rowChecks
	defer func() { rowChecks = checks }()
	for i, r := range checks {
		rowChecks = slices.Delete(slices.Clone(checks), i, i+1)
		if believed() == 0 {
			t.Errorf("no lie needs the check of %q, number %d", r.rows, i)
		}
	}
}

// Whatever an answer holds, comparing it neither panics nor lets a foreign id through.
func FuzzCompare(f *testing.F) {
	for _, c := range kmstest.Truths {
		f.Add(c.Operation, c.Answer)
	}
	operations := kms.ByName(kms.PublicOperations())
	f.Fuzz(func(t *testing.T, operation, body string) {
		o, said := operations[operation], map[string]any{}
		if o == nil || json.Unmarshal([]byte(body), &said) != nil {
			return
		}
		c := &Comparer{region: "cn-hangzhou", aliases: new(kms.Aliases)}
		wrong := c.Compare(o, kms.AskedIn(map[string]any{"KeyId": kmstest.Mine}, nil), said)
		var typed struct{ KeyMetadata struct{ KeyID string } }
		if wrong == "" && json.Unmarshal([]byte(body), &typed) == nil && typed.KeyMetadata.KeyID != "" && typed.KeyMetadata.KeyID != kmstest.Mine {
			t.Errorf("%s: %s was believed", operation, body)
		}
	})
}
