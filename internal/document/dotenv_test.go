package document

import (
	"strings"
	"testing"
)

func TestDotenvComesBackByteForByte(t *testing.T) {
	for _, src := range []string{
		"A=1\n", "A=1", "A=", "A=\nB=  \nC= # none\n", "# top\n\nexport A=x # why\n  B = \"y\" # z\nC='its'\n",
		"A=\"one\ntwo\nthree\" # end\nB='x\ny'\nC=`a'\"b`\n", "A=\"q\\\"uote\"\nB='C:\\'\nC=don't\nD=a#b\nE=#fff\n", "\ufeffA=1\r\nB=\"x\r\ny\"\r\n",
		"A=${B} $(cmd x)\nB=a=b=c\nURL=postgres://u:p@h/db?x=1\n", "A: yaml\nFROM_HOST\nexport C # c\nB=1\n", "export=1\nexport =2\nA-b.c=3\n",
		"A={\"json\": \"x\"}\nB=a b  c\t# d\nA=2\n", "A='x\\'y'\nB=日本\n", "A=\"\"\nB=''\n", "A=x\n   \n\n", "A=x #", "A=1\n# c",
	} {
		r := newRig(t, "dotenv")
		doc := r.backAndForth(src)
		for _, secret := range []string{"postgres", "日本", "three", "json", "#fff", "uote"} {
			if strings.Contains(readable(doc), secret) {
				t.Errorf("%s is readable:\n%s", secret, doc)
			}
		}
	}
}

func TestRefusedDotenv(t *testing.T) {
	for src, why := range map[string]string{
		"A=1\nB C=2\n":          "line 2, column 3: neither NAME=VALUE",
		"A=1\n  =2\n":           "line 2, column 3: neither NAME=VALUE",
		"A=1\nif [ x ]; then\n": "line 2, column 4: neither NAME=VALUE",
		"A=1\nB=\"x\nC=2\n":     "line 2, column 3: this quote is never closed",
		"A=1\nB='x'y\n":         "line 2, column 3: behind the quote",
		"A=\"x\"# c\n":          "line 1, column 3: behind the quote",
		"A=1\rB=2\n":            "line 1, column 4: a carriage return",
		"A\n# c\n":              "no value that could be sealed",
		"A=kmsplan:v1:text:x\n": "sealed already",
	} {
		r := newRig(t, "dotenv")
		if out, _, err := Seal([]byte(src), r.options); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %q\n%s", src, err, why, out)
		}
	}
}

// What a reader of the format would get: names with the texts between the quotes.
func TestDotenvValues(t *testing.T) {
	items, err := dotenvFormat{}.Parse([]byte("export A=x y # c\nB='1 # 2'\nC=\nD=\"a\nb\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := said(items), "A=x y|B=1 # 2|C=|D=a\nb"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// said are the values of items, by their paths.
func said(items []Item) string {
	var all []string
	for _, i := range items {
		if i.Kind == Value {
			all = append(all, i.Path.String()+"="+i.Text)
		}
	}
	return strings.Join(all, "|")
}
