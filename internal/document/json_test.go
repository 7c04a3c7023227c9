package document

import (
	"bytes"
	"strings"
	"testing"
)

func TestJSONComesBackByteForByte(t *testing.T) {
	for _, src := range []string{
		`{"a": 1}`, `{"a":"x","b":[true,null,{"c":-1e3}]}` + "\n", "[1,\n 2]", `["a"]`,
		"\ufeff{\r\n\t\"a\": \"\\u00e9 \\ud800\",\r\n\t\"a\": {},\r\n\t\"b\": []\r\n}\r\n",
		"{\n  \"password\": \"p\\\"w\",\n  \"n\": 12345678901234567890\n}", "  {\"\": \"\"}  \n\n",
	} {
		r := newRig(t, "json")
		doc := r.backAndForth(src)
		if bytes.Contains(doc, []byte("12345678901234567890")) || bytes.Contains(doc, []byte(`p\"w`)) {
			t.Errorf("a value is readable:\n%s", doc)
		}
	}
	r := newRig(t, "jsonc")
	doc := r.backAndForth("// top\n{\n  /* a */ \"a\": 1, // why\n  \"b\": [2,],\n}\n")
	if !strings.Contains(string(doc), "// why\n") {
		t.Errorf("a comment went:\n%s", doc)
	}
}

func TestRefusedJSON(t *testing.T) {
	for src, why := range map[string]string{
		`{"a": 1`:                    "no JSON",
		`{}`:                         "no value that could be sealed",
		`{"a": null}`:                "no value that could be sealed",
		`"x"`:                        "no place for a header",
		`{"kmsplan": 1}`:             "member named kmsplan",
		`{"a": "kmsplan:v1:text:x"}`: "is sealed already",
		"{\"a\": \"\xff\"}":          "not UTF-8",
		`{"\ud800": 1}`:              "half a surrogate pair",
	} {
		r := newRig(t, "json")
		if out, _, err := Seal([]byte(src), r.options); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, want %q\n%s", src, err, why, out)
		}
	}
}

func TestBracketsInTextsAndCommentsNestNothing(t *testing.T) {
	newRig(t, "jsonc").backAndForth(`{"a": "` + strings.Repeat("[", 2*maxDepth) + `" /* ` + strings.Repeat("{", 2*maxDepth) + " */}")
}
