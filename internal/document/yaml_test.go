package document

import (
	"strings"
	"testing"
)

func TestYAMLComesBackByteForByte(t *testing.T) {
	for _, src := range []string{
		"a: 1\n", "a: 1", "# top\n\na: x # why\n\n\nb:\n  - c\n  -   d:   'it''s'\n      e: \"q\\\"\\u00e9\"\n...\n",
		"a: |\n  one\n\n  two\nb: >-  # folded\n  x\n  y\n\nc: |+\n  kept\n\n\nd: end\n",
		"- |2\n   x\n- key: |\n    deep\n  b: 1\n- |\n\n  late\n", "a:\n- |\n  x\n- >1\n  y\n",
		"--- >-\n a\n b\n", "a: one\n  two\n\n  three # c\nb: x\n", "\ufeffa: 1\r\nb: >+\r\n  x\r\n\r\n\r\nc: d\r\n",
		"a: &x !!str foo\nb: *x\nc: {k: v, \"q\":\"z\", w: , l: [1,2, 'x']}\nd: !!int 3\ne:\nf: ~\n<<: *m\n" + "m: &m {z: 1}\n",
		"%YAML 1.2\n---\na: 1\n---\n!t\nx: 1\n...\n# c\n---\n- &q\n  foo\n  bar\n- |\n txt\n",
		"é: 日本 x\n\"😀\": \"\\\n  joined\"\n", "{a: 1, b: [x, y]}", "- - - a\n    - b\n", "? q\n: w\n? |\n x\n: z\n",
		"a: https://x.y/#frag\nb: a:b\nc: '#no'\nd: \"#no\"\n", "a: !!binary |\n  aGk=\nb: &anchor |\n  t\n", "top level text\n", "a:    \n  b:\t1   \n",
		"a: \"one\n  two\n\n  three\"\nb: 'x\n\n  y'\n",
	} {
		if strings.Contains(src, "<<: *m") {
			src = "m: &m {z: 1}\n" + strings.ReplaceAll(src, "m: &m {z: 1}\n", "")
		}
		r := newRig(t, "yaml")
		doc := r.backAndForth(src)
		for _, line := range strings.Split(strings.TrimSpace(readable(doc)), "\n") {
			if strings.Contains(line, "foo") || strings.Contains(line, "日本") {
				t.Errorf("a value is readable: %s", line)
			}
		}
	}
}

func TestRefusedYAML(t *testing.T) {
	for src, why := range map[string]string{
		"a: [1":           "no YAML",
		"a:\nb: ~\n":      "no value that could be sealed",
		"? [x]\n: 1\n":    "has no path",
		"# only\n":        "no value that could be sealed",
		"---\n# c":        "no value that could be sealed",
		"":                "no value that could be sealed",
		"a: kmsplan:v1:x": "sealed already",
	} {
		r := newRig(t, "yaml")
		if out, _, err := Seal([]byte(src), r.options); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %q\n%s", src, err, why, out)
		}
	}
}
