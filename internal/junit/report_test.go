package junit

import (
	"encoding/xml"
	"testing"
)

func TestWriteCounts(t *testing.T) {
	doc, err := Write("x", Suite{Name: "a", Cases: []Case{{Name: "1"}, {Name: "2", Failure: &Problem{Message: "<no>"}}, {Name: "3", Skipped: &Skipped{}}}},
		Suite{Name: "b", Cases: []Case{{Name: "4", Error: &Problem{}}}})
	if err != nil {
		t.Fatal(err)
	}
	var r Report
	if err := xml.Unmarshal(doc, &r); err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	if r.Tests != 4 || r.Failures != 1 || r.Errors != 1 || r.Suites[0].Skipped != 1 || r.Suites[0].Cases[1].Failure.Message != "<no>" {
		t.Errorf("%s", doc)
	}
}
