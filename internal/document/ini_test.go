package document

import (
	"strings"
	"testing"
)

func TestINIComesBackByteForByte(t *testing.T) {
	for _, src := range []string{
		"[a]\nb = 1\n", "b=1", "[a]\nb =\nc = \nd: x\n", "; top\n# also\n[a] ; why\n  b = c ; d # e\n\n[a]\nb = 2\n[c]\n",
		"[metadata]\nclassifiers =\n    One :: Two\n    # not this\n    Three\n\n    Four==1.0\nname = x\n", "[a]\nb = one\n  two\n  three\n[c]\nd = 1\n",
		"[core]\n\tbare = false\n\teditor = \"vim\" # c\n[remote \"o]rigin\"]\n\turl = git@x:y\n\tfetch = +refs/*:refs/*\n[url \"a\"] ; c\n\tinsteadOf = b\n",
		"[Service]\nExecStart=/bin/x \\\n  --password=y \\\n  --z\nExecStart=\nEnvironment=\"A=b c\"\n[Install]\nWantedBy=multi-user.target\n",
		"[mysqld]\nskip-networking\nport = 3306\n!includedir /etc/mysql/conf.d/\n", "# properties\n! also\na.b=c\nlist=a,\\\n  b,\\\n  c\nunicode=\\u00e9\nurl=jdbc:mysql://h/db?x=1;y=2\n",
		"\ufeff[a]\r\nb = 1\r\n  2\r\nc=\r\n", "[Desktop Entry]\nName[de]=Wort\nExec=x %U\n", "//registry.npmjs.org/:_authToken=npm_secret\nregistry=https://x/\n",
		"[[deep]]\na=1\n[[[er]]]\nb=2\n", "a = x\\", "[a]\nb = 1\n; end", ".include x.conf\n[a]\nb = if x; then\n   y z\n     c=1\n",
		"[d]\nfail = ^x\n\t^(?: y)? <HOST>$\n\ta[b=c]\n", "[x]\na = y\\\\\nb = z\n", "a = \\\n\nb = c\n",
		"[testenv]\ndeps =  -r{toxinidir}/x.txt\n        https://x.y/z.tgz\n    a==1\n    b>=2\nsetenv = A=1\n         B=2\n",
	} {
		r := newRig(t, "ini")
		doc := r.backAndForth(src)
		for _, secret := range []string{"npm_secret", "Three", "--password", "jdbc", "vim", "Wort"} {
			if strings.Contains(readable(doc), secret) {
				t.Errorf("%s is readable:\n%s", secret, doc)
			}
		}
	}
}

func TestRefusedINI(t *testing.T) {
	for src, why := range map[string]string{
		"[a]\nserver {\n":          "line 2, column 1: neither a section",
		"[a]\nPort 22\n":           "line 2, column 1: neither a section",
		"[a\nb=1\n":                "line 1, column 1: the name of this section has no end",
		"[a] b = 1\n":              "line 1, column 5: behind the name of a section",
		"[a]\n = 1\n":              "line 2, column 2: a value without a name",
		"[a]\nb = 1\n c: 2\n":      "line 3, column 2: this line continues the value above it for some",
		"[a]\nb = 1\n  c = 2\n":    "line 3, column 3: this line continues the value above it for some",
		"[a]\nb = 1\\\nc = 2\n":    "line 3, column 1: this line continues the value above it for some",
		"[a]\nb=1\rc=2\n":          "line 2, column 4: a carriage return",
		"[a]\n":                    "no value that could be sealed",
		"a=kmsplan:v1:text:x\n":    "sealed already",
		"[a]\nb = c\n  [x]\nd=1\n": "line 3, column 3: this line continues",
	} {
		r := newRig(t, "ini")
		if out, _, err := Seal([]byte(src), r.options); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %q\n%s", src, err, why, out)
		}
	}
}

func TestINIValues(t *testing.T) {
	items, err := iniFormat{}.Parse([]byte("top: 1\n[a]\nb = x ; y\n   z\nc=\n  # no\n  d = e\n[remote \"o\"]\nurl = u:v = w\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := said(items), "top=1|a.b=x ; y\nz|a.c=\nd = e|\"remote \\\"o\\\"\".url=u:v = w"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A properties file knows no comments with a semicolon, and a file with sections may know no others.
func TestINIHeaderIsACommentForItsReader(t *testing.T) {
	for src, begins := range map[string]string{"a=1\n": "\n# " + magic, "[a]\nb=1\n": "\n; " + magic} {
		r := newRig(t, "ini")
		out, _, err := Seal([]byte(src), r.options)
		if err != nil || !strings.Contains(string(out), begins) {
			t.Errorf("%q: %v\n%s", src, err, out)
		}
	}
}
