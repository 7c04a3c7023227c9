package document

import "testing"

// Both readers understand a document alike: the second one, which knows nothing of this package, opens what Seal writes
// and finds its MAC right.
func TestSecondReaderAgrees(t *testing.T) {
	for format, sources := range map[string][]string{
		"yaml": {
			"a: 1\n", "a: 1", "# top\n\na: x # why\n\n\nb:\n  - c\n  -   d:   'it''s'\n      e: \"q\\\"\\u00e9\"\n...\n",
			"a: |\n  one\n\n  two\nb: |-  # literal\n  x\n  y\n\nc: |+\n  kept\n\n\nd: end\n", "\ufeffa: 1\r\nb: |+\r\n  x\r\n\r\n\r\nc: d\r\n",
			"m: &m {z: 1}\na: &x !!str foo\nb: *x\nc: {k: v, \"q\":\"z\", l: [1,2, 'x']}\nd: !!int 3\ne:\nf: ~\n<<: *m\n",
			"%YAML 1.2\n---\na: 1\n---\n!t\nx: 1\n...\n# c\n---\n- &q\n  foo\n", "a:\n- b\n- c: 1\n  d: 2\n# c\ne: f\n", "- - - a\n    - b\n",
			"a: https://x.y/#frag\nb: a:b\nc: '#no'\nd: \"#no\"\n", "a:    \n  b:\t1   \n", "a: # c\n  # d\n  b: 1\n  # e\nc: # f\nd: 2\n",
			"a: &x\n  # c\n  &y b: &z\n  c: 1\n  e: {}\n  d: [] # e\n", "x: 1\n---\n# a\n...\n# b\n---\ny: 2\n",
		},
		"json": {
			`{"a": 1}`, `{"a":"x","b":[true,null,{"c":-1e3}]}` + "\n", "[1,\n 2]", "\ufeff{\r\n\t\"a\": \"\\u00e9 \\ud800\",\r\n\t\"a\": {},\r\n\t\"b\": []\r\n}\r\n",
			"  {\"\": \"\"}  \n\n", `{"\u0061": 1, "a": {"a\n": [[], [[0]]]}}`,
		},
		"jsonc": {
			"// top\n{\n  /* a */ \"a\": 1, // why\n  \"b\": [2,],\n}\n", "{\"a\" /* b */ : /* c */ {/* d */}, /* e */ \"a\": [ // f\n 1, {} ], /* g */ }\n/* h */ // i",
			"{\"a\": \"// no /* comment */\", \"b\": \",}\" // \"text\"\n}",
		},
		"dotenv": {
			"A=1\n", "A=1", "A=\nB=  \nC= # none\n", "# top\n\nexport A=x # why\n  B = \"y\" # z\nC='its'\n", "A=\"one\ntwo\" # end\nB='x\ny'\nC=`a'\"b`\n",
			"A=\"q\\\"uote\"\nC=don't\nD=a#b\nE=#fff\n", "\ufeffA=1\r\nB=\"x\r\ny\"\r\n", "B: yaml\nFROM_HOST\nexport C # c\nA=1\n", "export=1\nexport A = 2\nA-b.c=a b  c\t# d\n",
			"a={\"json\": \"x\"}\nb=1\na=2 #",
		},
		"ini": {
			"[a]\nb = 1\n", "b=1", "[x]\na =\nb = \nd: x\n", "; top\n# also\n[a] ; why\n  b = c ; d # e\n\n[a]\nb = 2\n[c]\n", "a.b: 1\n! c\na=x\\\n  y\nb\n",
			"[m]\na =\n    One :: Two\n    # not this\n    Three\n\n    Four==1.0\nb = x\n", "[r \"o]x\"]\n\ta = git@x:y\n\tf = +r\n", "[S]\na=/bin/x \\\n  --p=y \\\n  --z\na=\n",
			"\ufeff[a]\r\nb = 1\r\n  2\r\nc=\r\n", "//h/:_t=x\na=b\n", "[[d]]\na=1\n", "a = x\\", "[x]\na = y\\\\\nb = z\n; end",
		},
	} {
		for _, src := range sources {
			r := newRig(t, format)
			for _, r.options.Rules = range []Rules{{}, {Only: []string{"^[a-c]$"}}} {
				doc, _, err := Seal([]byte(src), r.options)
				if err != nil && len(r.options.Rules.Only) > 0 {
					continue // no value that the rules mean
				}
				if err != nil {
					t.Fatalf("%q: %v", src, err)
				}
				if got, err := secondOpen(string(doc), r.options.DataKey); err != nil || got != src {
					t.Errorf("%v: %q\nfrom %s", err, got, doc)
				}
			}
		}
	}
}
