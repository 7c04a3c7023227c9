package document

import (
	"errors"
	"testing"
)

// fuzz holds a format's promise: what was sealed comes back byte for byte, or is refused.
func fuzz(f *testing.F, format string, seeds ...string) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		r := newRig(t, format)
		doc, _, err := Seal(src, r.options)
		if err != nil {
			if r := (*Refusal)(nil); !errors.As(err, &r) && !errors.Is(err, ErrAlready) {
				t.Errorf("refused without a place: %v", err)
			}
			return
		}
		d, err := r.open(doc)
		if err != nil {
			t.Fatalf("%v\n%q\n%q", err, src, doc)
		}
		if string(d.Plain) != string(src) {
			t.Fatalf("sealed %q, opened %q", src, d.Plain)
		}
	})
}

func FuzzYAML(f *testing.F) {
	fuzz(f, "yaml", "a: 1\nb: [x, 'y']\n", "- |+\n  x\n\n- >2\n   y\n", "a: one\n two\n# c\n", "&a !b c: \"d\\\n e\"\r\n", "---\na: 1\n...\n---\nb: 2")
}

func FuzzJSON(f *testing.F) {
	fuzz(f, "json", `{"a": [1, "x", null, {"b": true}]}`, "[1,\n2]")
}

func FuzzJSONC(f *testing.F) {
	fuzz(f, "jsonc", "// a\n{\"a\": 1, /* b */}\n", "{\"a\": 1} // c")
}

func FuzzDotenv(f *testing.F) {
	fuzz(f, "dotenv", "export A=1 # c\nB='x\ny'\nC=\n", "A=\"q\\\"\" # c\r\nB: x\n", "A=`'\"`\nB", "\ufeffA='\\'\n")
}

func FuzzINI(f *testing.F) {
	fuzz(f, "ini", "[a \"b\"] ; c\nb = c\n  d\n\n  e\n# f\n", "a=b\\\n c\nd:\n", "[[a]]\nb\n!c\n=", "[a]\r\nb =\r\n  c\r\n  ; d\r\n  e")
}

func FuzzTOML(f *testing.F) {
	fuzz(f, "toml", "a.b = 1 # c\n[[d]]\n'e' = [1, {f = \"\"\"\nx\"\"\"}]\n[d.g]\nh = 07:32:00\r\n", "\ufeffa = '''x'''", "a = [\n# b\n]\nc = true")
}

func FuzzHCL(f *testing.F) {
	fuzz(f, "hcl", "a \"b\" {\n  c = [1, {d = \"x\", (e) : f(1)}] // g\n}\na \"b\" { h = (-2) }\n", "a = <<-E\n x\n E\r\n/* b */ c = \"${d}\"", "a = \"$${x}\"\nb = null # c")
}
