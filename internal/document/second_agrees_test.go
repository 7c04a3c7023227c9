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
		"toml": {
			"a = 1\n", "a = 1", "# top\n\n[a.\"b c\"] # why\nd.e = 'x' # z\n\n[[f]]\ng = true\n[[f]]\n[f.h]\ni = 2.5\n",
			"a = \"\"\"\none\ntwo\"\"\"\nb = '''x\n'y'\n'''\nc = \"\"\nd = \"\"\"\"\"\"\ne = \"\"\"q\"\"\"\"\"\n", "\ufeffa = 1\r\nb = \"\"\"\r\nx\r\ny\"\"\"\r\n",
			"a = [1, [2, \"x\"], {b = 'c', d = [ # e\n  3, # f\n]}]\nb = []\nc = {}\n", "a = [ # before\n  {}, # behind\n  [ # in\n  ], 1 ]\n",
			"a = 1979-05-27T07:32:00Z\nb = 07:32:00\nc = 1979-05-27 07:32:00.5\nd = 1979-05-27\ne = 0xDEAD_beef\nf = -1_000\ng = +nan\nh = 6.6e-34\n",
			"a = \"q\\\"\\u00e9 # no\"\n'b#c' = '# no'\n\"\" = 1\n\"\\t\" = \"\"\"a\\\n   b \\  \n\n c\"\"\"\n", "[[a.b]]\nc = 1\n[[a.b.d]]\ne = 1\n[[a.b.d]]\ne = 2\n[[a.b]]\n[[a.b.d]]\ne = 3\n",
			"[ a . b ] # x\nc . d = 1\n\n# last",
		},
		"hcl": {
			"a = 1\n", "a = 1", "# top\n\na = \"x\" // why\n/* b\n */ b = true\n", "a = -5\nb = null\nc = \"\"\nd = - 1.5e3\n",
			"resource \"aws_db\" \"main\" {\n  password = \"s3cret\" # c\n  tags = { a = \"x\", \"b c\" : 2, (var.k) = \"y\", 1 = 2, \"t${x}\" = 3 }\n  list = [1, [\"z\", var.x], {}, []]\n}\n",
			"a {\n  b = 1\n}\na {\n  b = 2\n}\na \"l\" {}\na l {}\na \"q\\\"\\n\" {}\n", "a { b = \"one line\" }\n", "a = <<EOT\ns3cret\n  # no\nEOT\nb = <<-EOT\n  s3cret\n  EOT\n\nc = [<<X\ny\nX\n, 1]\nd = <<E\n${x}\nE\n",
			"\ufeffa = \"x\"\r\nb = <<EOT\r\ns3cret\r\nEOT\r\nc = 1\r\n", "a = \"$${no} %%{no} \\\" \\u00e9\"\nb = (\"s3cret\")\nc = ( /* d */ ( 1 ) ) # e\n", "é = \"日本\"\nb = {\n  # in\n  c = 1 # d\n\n  d = 2,\n}\n",
			"a = var.x\nb = \"pre-${f(\"}\")}\"\nc = f(\"x\", [1] # in\n)\nd = 1 + /* in */ 2 # out\ne = true ? 1 : 2\nf = [for x in y : x]\ng = \"only\"\nh = {for k, v in m : k => v}\ni = {a = 1}.a\n",
			"a = {b = {c = \"s3cret\"}, b = {d = 1}}\n", "a = [ # c\n]\nb = [ # d\n  {}, 1 ]\nc = { # e\n}\n",
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
