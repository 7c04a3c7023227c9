package state

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestCompactingIsThatOfJSON(t *testing.T) {
	for _, doc := range []string{
		"", " ", "{}", "{\n  \"a\": [ 1 , \"b c\\\" \\\\\" ]\t}\r\n", `{"a b":"\\"}`, "[ \"\\u0020 x\", \"é \u2028\" ] \n",
	} {
		var want bytes.Buffer
		if err := json.Compact(&want, []byte(doc)); err != nil && doc != "" && doc != " " {
			t.Fatal(err)
		}
		if got := compact([]byte(doc)); string(got) != want.String() {
			t.Errorf("%q: %q instead of %q", doc, got, want.String())
		}
	}
	for _, doc := range []string{`"`, `"\`, `\`, "{ \"a", "\" "} { // no JSON: nothing happens but another checksum
		if got := compact([]byte(doc)); len(got) > len(doc) {
			t.Errorf("%q became %q", doc, got)
		}
	}
}
