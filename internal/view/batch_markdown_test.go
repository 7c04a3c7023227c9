package view

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
)

func TestAReportOfABatchFitsAComment(t *testing.T) {
	spec := wholeBatch().Spec
	spec.Operator, spec.Planned = "ops@ci-7", time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	r := batch.Record{
		Spec: spec, Status: batch.Paused, Reason: "2,000 objects failed | see @team", Created: spec.Planned,
		Tally: batch.Tally{Objects: 10, Written: 3, Failed: 2000, Sent: 1 << 20, Under: []batch.Under{{KeyID: "key-1", KeyVersion: "v2", Objects: 3, Proved: 3}}},
	}
	var failures []batch.Failure
	for i := range MostFailures + 1 {
		failures = append(failures, batch.Failure{Object: fmt.Sprintf("a|b`c\n%d<b>", i), Class: batch.ClassKey, Code: "Rejected.Disabled", RequestID: "r-1", Message: "the key is disabled, says @admin\x1b[2J"})
	}
	var out strings.Builder
	if err := BatchMarkdown(&out, r, failures, "00ff"); err != nil {
		t.Fatal(err)
	}
	got := out.String()
	for _, want := range []string{
		"is paused\n", "2,000 objects failed \\| see &#64;team", "| SHA-256 of the JSON lines | `00ff` |", "2026-11-30T08:00:00Z by `ops@ci-7`", "| `key-1` | `v2` | 3 | 3 |",
		"``a\\|b`c 0<b>`` | key | Rejected.Disabled | r-1 | the key is disabled, says &#64;admin␛", "_And 1,950 more", "| 3 | 0 | 0 | 0 | 0 | 2,000 | 0 | 1.0 MiB |",
		"2026-11-30T08:00:00Z, –, –",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if n := strings.Count(got, "Rejected.Disabled"); n != MostFailures {
		t.Errorf("%d objects are named", n)
	}
	if strings.Contains(got, "\x1b") {
		t.Error("it has an escape code")
	}
}

// A name in code ends where it ends: backticks in it neither close it nor let what follows be Markdown.
func TestNamesInCodeStayInIt(t *testing.T) {
	for name, want := range map[string]string{
		"plain": "`plain`", "a`@team`b": "``a`@team`b``", "a``b": "```a``b```", "`": "`` ` ``", "two\nlines": "`two lines`", "a|b": "`a\\|b`",
	} {
		if got := mdCode(name); got != want {
			t.Errorf("%q is %s, want %s", name, got, want)
		}
	}
}
