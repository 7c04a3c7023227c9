package document

import (
	"strings"
	"testing"
)

func TestTOMLComesBackByteForByte(t *testing.T) {
	for _, src := range []string{
		"a = 1\n", "a = 1", "# top\n\n[a.\"b c\"] # why\nd.e = 'x' # z\n\n[[f]]\ng = true\n[[f]]\n[f.h]\ni = 2.5\n",
		"a = \"\"\"\none\ntwo\"\"\"\nb = '''x\n'y'\n'''\nc = \"\"\nd = \"\"\"\"\"\"\n", "\ufeffa = 1\r\nb = \"\"\"x\r\ny\"\"\"\r\n",
		"a = [1, [2, \"x\"], {b = 'c', d = [ # e\n  3, # f\n]}]\nb = []\nc = {}\n", "a = 1979-05-27T07:32:00Z\nb = 07:32:00\nc = 1979-05-27 07:32:00.5\nd = 1979-05-27\n",
		"a = 0xDEAD_beef\nb = -1_000\nc = inf\nd = +nan\ne = 6.626e-34\n", "a = \"q\\\"\\u00e9 # no\"\n'b#c' = '# no'\n\"\" = 1\n", "x = 1 # last", "[a]\nb = \"日本\"\n# end",
		"a.b.c = 1\na.b.d = 2\n[e]\n", "[[a.b]]\nc = 1\n[[a.b.d]]\ne = 1\n[[a.b.d]]\ne = 2\n[[a.b]]\n[[a.b.d]]\ne = 3\n",
	} {
		r := newRig(t, "toml")
		doc := r.backAndForth(src)
		for _, secret := range []string{"two", "1979", "beef", "日本", "# no\"", "7:32"} {
			if strings.Contains(readable(doc), secret) {
				t.Errorf("%s is readable:\n%s", secret, doc)
			}
		}
	}
}

func TestRefusedTOML(t *testing.T) {
	for src, why := range map[string]string{
		"a = 1\nb = \n":                   "line 2, column",
		"a = 1\na = 2\n":                  "no TOML",
		"[a]\nb = 1\n[a]\n":               "no TOML",
		"a = 2021-13-01\n":                "no TOML",
		"[a]\n":                           "no value that could be sealed",
		"a = {}\nb = []\n":                "no value that could be sealed",
		"a = 'kmsplan:v1:text:'":          "sealed already",
		"a = " + strings.Repeat("[", 1e5): "no TOML",
	} {
		r := newRig(t, "toml")
		if out, _, err := Seal([]byte(src), r.options); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%.40q: %v, want %q\n%s", src, err, why, out)
		}
	}
}

func TestTOMLValues(t *testing.T) {
	items, err := tomlFormat{}.Parse([]byte("t = \"a\\nb\"\n[[x]]\nn.m = [1, {k = '''\nv'''}]\n[[x]]\n[x.y]\nz = 0x1\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := said(items), "t=a\nb|x[0].n.m[0]=1|x[0].n.m[1].k=v|x[1].y.z=0x1"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
