package view

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestTrafficNamesWhatWasCalledMostFirst(t *testing.T) {
	var out bytes.Buffer
	(&Terminal{Err: &out, Width: 80}).Traffic([]Traffic{
		{Gateway: "dev", Group: "key read", Limit: 50, Allowed: 30, Calls: map[string]int{"DescribeKey": 2, "ListKeys": 3}, Waited: 1500 * time.Millisecond, Refused: 1},
		{Gateway: "dev", Group: "", Calls: map[string]int{"X": 1}},
	})
	for _, want := range []string{"30 of 50", "3 ListKeys, 2 DescribeKey", "1.5s", "not held back", "none"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}
