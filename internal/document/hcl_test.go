package document

import (
	"strings"
	"testing"
)

func TestHCLComesBackByteForByte(t *testing.T) {
	for _, src := range []string{
		"a = 1\n", "a = 1", "# top\n\na = \"x\" // why\n/* b\n */ b = true\n", "a = -5\nb = null\nc = \"\"\n",
		"resource \"aws_db\" \"main\" {\n  password = \"s3cret\" # c\n  tags = { a = \"x\", \"b c\" : 2, (var.k) = \"y\" }\n  list = [1, [\"z\", var.x], {}, []]\n}\n",
		"a {\n  b = 1\n}\na {\n  b = 2\n}\na \"l\" {}\n", "a { b = \"one line\" }\n", "a = <<EOT\ns3cret\n  more\nEOT\nb = <<-EOT\n  s3cret\n  EOT\n\nc = [<<X\ny\nX\n, 1]\n",
		"\ufeffa = \"x\"\r\nb = <<EOT\r\ns3cret\r\nEOT\r\nc = 1\r\n", "a = \"$${no} %%{no} \\\" \\u00e9\"\nb = (\"s3cret\")\n", "é = \"日本\"\nb = {\n  # in\n  c = 1 # d\n\n  d = 2,\n}\n",
		"a = var.x\nb = \"pre-${var.y}\"\nc = f(\"x\", [1] # in\n)\nd = 1 + 2\ne = true ? 1 : 2\nf = [for x in y : x]\ng = \"only\"\n",
		"a = {b = {c = \"s3cret\"}, b = {d = 1}}\n", "a = 1 # end", "a = <<EOT\nEOT\n", "x = {\n  \"a\" = 1\n  b : 2\n}\n",
	} {
		r := newRig(t, "hcl")
		doc := r.backAndForth(src)
		for _, secret := range []string{"s3cret", "日本", "one line", "no}"} {
			if strings.Contains(readable(doc), secret) {
				t.Errorf("%s is readable:\n%s", secret, doc)
			}
		}
	}
}

func TestRefusedHCL(t *testing.T) {
	for src, why := range map[string]string{
		"a = 1\nb = [\n":                  "line 3, column 1: this is no HCL",
		"a = 1\na = 2\n":                  "line 2, column 1: this is no HCL",
		"a = \"x\n":                       "no HCL",
		"a {}\n":                          "no value that could be sealed",
		"a = var.x\nb = null\nc = f(1)\n": "no value that could be sealed",
		"a = \"kmsplan:v1:text:x\"\n":     "sealed already",
		"a = " + strings.Repeat("[", 1e5): "nested more than 500 deep",
		"a = \"\\q s3cret\"\n":            "no HCL",
		"a = 08x\n":                       "no HCL",
	} {
		r := newRig(t, "hcl")
		out, _, err := Seal([]byte(src), r.options)
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%.40q: %v, want %q\n%s", src, err, why, out)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("a value is in the error: %v", err)
		}
	}
}

func TestHCLValues(t *testing.T) {
	items, err := hclFormat{}.Parse([]byte("t = \"a\\n\"\nx \"l\" {\n  n = [1, {k = true, (v) = -2}]\n}\nx \"l\" {\n  e = f(1)\n  h = <<A\nb\nA\n}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := said(items), "t=a\\n|x.l.n[0]=1|x.l.n[1].k=true|x.l.n[1].(v)=-2|x.l[1].e=f(1)|x.l[1].h=<<A\nb\nA"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestHCLIsBoundedBeforeItsParser: the parser takes up to a kilobyte for each of the signs here.
func TestHCLIsBoundedBeforeItsParser(t *testing.T) {
	for _, c := range []struct{ name, src, why string }{
		{"many signs", "a = [" + strings.Repeat("1,\n", 400_000) + "1]\n", "line 333333, column 2: HCL of more than 1000000 words and signs, of which each takes up to a kilobyte of memory; split the file, or encrypt it whole, without -values"},
		{"many signs behind a long comment", strings.Repeat("# "+strings.Repeat("x", 97)+"\n", 12_000) + "a = [" + strings.Repeat("1,", 500_000) + "1]\n", "HCL of more than 1000000 words and signs"},
		{"bytes", "a = 1\n#" + strings.Repeat("x", 16<<20), "HCL of 16777223 bytes, and at most 16777216 are read value by value"},
	} {
		if _, err := (hclFormat{}).Parse([]byte(c.src)); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v, want %s", c.name, err, c.why)
		}
	}
	if _, err := (hclFormat{}).Parse([]byte("a = 1\n#" + strings.Repeat("x", 3<<20) + "\n")); err != nil {
		t.Errorf("few values in a long file: %v", err)
	}
}
