package document

import (
	"strings"
	"testing"
)

func TestMeanings(t *testing.T) {
	for name, tt := range map[string]struct{ format, src, want string }{
		"yaml":   {"yaml", "a: \"x\\ty\"\nb:\n  c: 'it''s'\n  d: |\n    two\n    lines\nn: ~\nl: [1, true]\n", "a=x\ty;b.c=it's;b.d=two\nlines\n;n=null;l[0]=1;l[1]=true"},
		"json":   {"json", `{"a": "x\u0041\n", "b": 1.50, "c": null, "d": []}`, "a=xA\n;b=1.50;c=null"},
		"toml":   {"toml", "a = \"x\\ty\"\nb = 'raw\\n'\n[t]\nn = 5\n", "a=x\ty;b=raw\\n;t.n=5"},
		"dotenv": {"dotenv", "A=plain\nexport B=\"x\\ny \\\"q\\\" \\\\n\"\nC='x\\n'\nD=\n", "A=plain;B=x\ny \"q\" \\n;C=x\\n;D="},
		"hcl":    {"hcl", "a = \"x$${y}\\n\"\nb = 3\nc = <<E\ntext\nE\n", "a=x${y}\n;b=3;c=text\n"},
	} {
		f, err := ByName(tt.format)
		if err != nil {
			t.Fatal(err)
		}
		values, err := Values(f, []byte(tt.src))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, v := range values {
			if v.Null {
				v.Text = "null"
			}
			got = append(got, v.Path.String()+"="+v.Text)
		}
		if text := strings.Join(got, ";"); text != tt.want {
			t.Errorf("%s: %q, want %q", name, text, tt.want)
		}
	}
	for format, src := range map[string]string{"yaml": "a: &x 1\nb: *x\n", "hcl": "a = var.x\n"} {
		f, err := ByName(format)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Values(f, []byte(src)); err == nil {
			t.Errorf("%s: %v", format, got)
		}
	}
}
