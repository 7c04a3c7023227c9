package document

import (
	"errors"
	"strings"
	"testing"
)

// A parser says what it could not read, and that may be the secret itself: its place is enough.
func TestNoValueInAnError(t *testing.T) {
	for format, sources := range map[string][]string{
		"json": {`{"p": s3cret}`, `{"p": "s3cret\q"}`, `{"p": 's3cret'}`, "{\"p\": \"s3c\tret\"}", `{"p": "x" s3cret}`, `{"p": "s3cret`, `{"p": 0s3cret}`},
		"yaml": {"p: s3cret: x\n", "p: \"s3cret\\q\"\n", "p: *s3cret\n", "p: [s3cret\n", "p: %s3cret\n", "p: @s3cret\n", "p: !s3cret!x y\n",
			"p: 's3cret", "p: `s3cret\n", "p: x\n s3cret\n b: s3cret\n", "p: {s3cret]\n", "p: &s3cret\n- *s4cret\n", "p: |s3cret\n  x\n"},
		"toml": {"p = s3cret\n", "p = \"s3cret\\q\"\n", "p = 's3cret\n", "p = \"x\" s3cret\n", "p = [s3cret]\n", "p = \"s3cret\n", "s3cret\n", "p = 0s3cret\n",
			"p = {s3cret}\n", "p = 1\np = \"s3cret\"\n", "p = \"\"\"s3cret", "p = true s3cret\n", "p = trues3cret\n", "p = 1979-13-01s3cret\n", "p = 99999999999999999999 # s3cret\n"},
		"dotenv": {"P s3cret=\n", "s3cret x\n", "P=\"s3cret\n", "P='x's3cret\n", "=s3cret\n"},
		"ini":    {"p s3cret\n", "[a] s3cret\n", "[s3cret\n", "= s3cret\n", "p = x\n s3cret = x\n"},
		"hcl": {"p = s3cret x\n", "p = \"s3cret\\q\"\n", "p = \"s3cret\n", "p s3cret\n", "p = 's3cret'\n", "p = <<E\ns3cret\n", "p = [s3cret\n", "p = \"x\"\np = \"s3cret\"\n",
			"p = \"${s3cret\"\n", "p = s3cret(\n", "p = @s3cret\n", "p = 0s3cret\n"},
	} {
		r := newRig(t, format)
		for _, src := range sources {
			_, _, err := Seal([]byte(src), r.options)
			if err == nil {
				t.Errorf("%s: %s: sealed", format, src)
			} else if text := err.Error(); strings.Contains(text, "s3c") || strings.Contains(text, "s4c") {
				t.Errorf("%s: %s: %v", format, src, err)
			}
		}
	}
}

// Nothing that somebody sends can exhaust stack or memory: paths go into the MAC, and parsers call themselves.
func TestNestingIsBounded(t *testing.T) {
	for format, sources := range map[string][]string{
		"json":  {strings.Repeat("[", 1<<20), strings.Repeat(`{"a":`, 1<<20), strings.Repeat("[", maxDepth+1) + "1" + strings.Repeat("]", maxDepth+1)},
		"jsonc": {strings.Repeat("[", maxDepth) + strings.Repeat("1, ", 2*maxSteps/maxDepth) + strings.Repeat("]", maxDepth), strings.Repeat("[", 1<<20)},
		"toml": {"a = " + strings.Repeat("[", 1<<20), "a = " + strings.Repeat("[", maxDepth+1) + "1" + strings.Repeat("]", maxDepth+1),
			"a = " + strings.Repeat("[", maxDepth-1) + strings.Repeat("1, ", 2*maxSteps/maxDepth) + strings.Repeat("]", maxDepth-1), "[" + strings.Repeat("a.", maxDepth) + "a]\n"},
		"hcl": {"a = " + strings.Repeat("[", 1<<18), "a = " + strings.Repeat("[", maxDepth-1) + strings.Repeat("1, ", 2*maxSteps/maxDepth) + strings.Repeat("]", maxDepth-1),
			strings.Repeat("a {\n", 1<<18), "a = " + strings.Repeat("!", 1<<18) + "true", "a = " + strings.Repeat("a?b:", 1<<18) + "c"},
		"yaml": {strings.Repeat("- ", maxDepth) + "[" + strings.Repeat("a, ", 2*maxSteps/maxDepth) + "]\n", strings.Repeat("[", 1<<20), strings.Repeat("{a: ", 1<<20), strings.Repeat("- ", maxDepth+1) + "a\n", strings.Repeat("? ", maxDepth+1) + "a\n"},
	} {
		r := newRig(t, format)
		for _, src := range sources {
			var refusal *Refusal
			if _, _, err := Seal([]byte(src), r.options); !errors.As(err, &refusal) {
				t.Errorf("%s: %.20s…: %v", format, src, err)
			}
		}
	}
	for _, format := range []string{"toml", "hcl"} {
		newRig(t, format).backAndForth("a = " + strings.Repeat("[", maxDepth-1) + "1" + strings.Repeat("]", maxDepth-1) + "\n")
	}
	r := newRig(t, "json")
	doc := string(r.seal(`{"a": "1"}`))
	for _, deep := range []string{"[", `{"a":`} {
		if _, err := r.open([]byte(strings.Replace(doc, `"a"`, `"b": `+strings.Repeat(deep, 1<<20)+`, "a"`, 1))); err == nil {
			t.Error("opened")
		}
	}
	r.backAndForth(strings.Repeat("[", maxDepth) + "1" + strings.Repeat("]", maxDepth))
	newRig(t, "yaml").backAndForth(strings.Repeat("- ", maxDepth) + "a\n")
}

// Aliases are never followed: a file that would grow to a billion values has as many as stand in it.
func TestAliasesAreNotFollowed(t *testing.T) {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x]\n")
	for i := 1; i < 40; i++ {
		name := func(i int) string { return "a" + string(rune('0'+i/10)) + string(rune('0'+i%10)) }
		from := name(i - 1)
		if i == 1 {
			from = "a0"
		}
		b.WriteString(name(i) + ": &" + name(i) + " [*" + from + ", *" + from + "]\n")
	}
	newRig(t, "yaml").backAndForth(b.String())
}

// A header may hold any pattern. Reading it, before anything of it is proved, does not compile one.
func TestReadingAHeaderCompilesNoPattern(t *testing.T) {
	r := newRig(t, "json")
	r.options.Rules = Rules{Only: []string{"a"}}
	doc := strings.Replace(string(r.seal(`{"a": "1"}`)), "-> only a", "-> only %28", 1)
	if _, err := Read([]byte(doc)); err != nil {
		t.Errorf("read: %v", err)
	}
	if _, err := r.open([]byte(doc)); !errors.Is(err, ErrChanged) {
		t.Errorf("opened: %v", err)
	}
}

// A header counts in one place, under one name and as what it says it is.
func TestHeaderConfusion(t *testing.T) {
	for format, src := range map[string]string{"json": `{"a": "x", "b": 1}`, "yaml": "a: x\nb: 1\n", "jsonc": "{\"a\": \"x\", \"b\": 1}\n",
		"toml": "a = 'x'\nb = 1\n", "hcl": "a = \"x\"\nb = 1\n", "dotenv": "a=x\nb=1\n", "ini": "[s]\na = x\n"} {
		r := newRig(t, format)
		doc := string(r.seal(src))
		other := string(r.seal(src))
		header := doc[strings.LastIndex(doc[:strings.Index(doc, magic)], "\n")+1:]
		for name, changed := range map[string]string{
			"another name":    strings.Replace(doc, `"kmsplan": [`, `"kmsplan2": [`, 1),
			"not the last":    strings.Replace(doc, "]}", `], "c": 2}`, 1),
			"of two":          doc + "\n" + other[strings.LastIndex(other[:strings.Index(other, magic)], "\n")+1:],
			"twice":           strings.Replace(doc, header, header+"\n"+header, 1),
			"half":            doc[:strings.LastIndex(doc, "--- ")],
			"without its end": doc[:strings.LastIndex(doc, "--- ")+8],
			"another comment": strings.NewReplacer("# ", "// ", "; ", "// ", "// ", "; ").Replace(doc),
			"another format":  strings.Replace(doc, magic+" "+format, magic+" "+map[bool]string{true: "toml", false: "yaml"}[format != "toml"], 1),
			"another version": strings.Replace(doc, "document/v1", "document/v2", 1),
			"no format":       strings.Replace(doc, magic+" "+format, magic+" ", 1),
		} {
			if changed == doc {
				continue
			}
			if d, err := r.open([]byte(changed)); err == nil {
				t.Errorf("%s, %s: opened %q from\n%s", format, name, d.Plain, changed)
			}
		}
	}
}

// A file that holds the header of another, in a block or as a text, is not sealed: nobody could tell which counts.
func TestHeaderInsideAValue(t *testing.T) {
	inner := string(newRig(t, "yaml").seal("a: x\n"))
	src := "config: |\n  " + strings.ReplaceAll(strings.TrimSpace(inner), "\n", "\n  ") + "\n"
	if _, _, err := Seal([]byte(src), newRig(t, "yaml").options); !errors.Is(err, ErrAlready) {
		t.Errorf("%v", err)
	}
	if _, _, err := Seal([]byte(`{"a": "`+magic+` json"}`), newRig(t, "json").options); !errors.Is(err, ErrAlready) {
		t.Errorf("%v", err)
	}
}

// JSON with comments under the name of JSON would come back as what no reader of JSON takes.
func TestJSONIsStrict(t *testing.T) {
	r := newRig(t, "json")
	doc := string(r.seal("{\"a\": [1, 2]}"))
	if d, err := r.open([]byte(strings.Replace(doc, "],", ",],", 1))); err == nil {
		t.Errorf("opened %q", d.Plain)
	}
	for _, src := range []string{"{\"a\": 1,}", "// c\n{\"a\": 1}"} {
		if _, _, err := Seal([]byte(src), r.options); err == nil || !strings.Contains(err.Error(), "jsonc") {
			t.Errorf("%q: %v", src, err)
		}
	}
}
