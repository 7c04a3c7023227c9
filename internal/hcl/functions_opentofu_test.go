package hcl

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// fact is what an expression gives elsewhere.
type fact struct {
	expr string
	want cty.Value
}

// facts reads expressions with their results: a line each, and below it the type and the value as JSON.
func facts(t *testing.T, file string) (list []fact) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	expr := ""
	for _, line := range strings.Split(string(text), "\n") {
		result, isResult := strings.CutPrefix(line, "\t")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case !isResult && strings.HasPrefix(line, `"`):
			if err := json.Unmarshal([]byte(line), &expr); err != nil {
				t.Fatal(line, err)
			}
		case !isResult:
			expr = line
		default:
			typeText, value, _ := strings.Cut(result, " ")
			typ, err := ctyjson.UnmarshalType([]byte(typeText))
			if err != nil {
				t.Fatal(line, err)
			}
			want, err := ctyjson.Unmarshal([]byte(value), typ)
			if err != nil {
				t.Fatal(line, err)
			}
			list = append(list, fact{expr, want})
		}
	}
	return list
}

// otherwise are the cases of OpenTofu in which ours are not as theirs, and why.
var otherwise = map[string]string{}

// notOurs are OpenTofu's functions that kmsplan has not, beside those that refusedFunctions answers, and why.
var notOurs = map[string]string{
	"assumeequal": guarantees, "assumelistlength": guarantees, "assumelistlengthmax": guarantees, "assumelistlengthmin": guarantees,
	"assumemaplength": guarantees, "assumemaplengthmax": guarantees, "assumemaplengthmin": guarantees, "assumenotnull": guarantees,
	"assumesetlength": guarantees, "assumesetlengthmax": guarantees, "assumesetlengthmin": guarantees, "assumestringprefix": guarantees,
	"base64gunzip": archives, "base64gzip": archives,
	"cidrcontains": networks, "cidrhost": networks, "cidrnetmask": networks, "cidrsubnet": networks, "cidrsubnets": networks,
	"convert":          "a type expression is no value here; tobool, tolist, tomap, tonumber, toset and tostring convert",
	"ephemeralasnull":  "an ephemeral value reaches write-only arguments only, so nothing has to be made of it elsewhere",
	"templatestring":   "a template that is put together is read by nobody before it runs; templatefile reads one of the repository's",
	"textdecodebase64": charsets,
	"textencodebase64": charsets,
	"urldecode":        "nothing comes from KMS as an escaped URL",
}

const (
	guarantees = "it narrows what is not known yet, for plans of values that kmsplan does not compute"
	archives   = "a value that is a compressed file is a file: data \"encrypt\" takes it"
	networks   = "neither cty's nor HCL's library has it, and addresses are written out in network rules"
	charsets   = "texts are UTF-8 throughout"
)

// OpenTofu's cases are ours too: same expression, same value and type; where not, a reason is written down.
func TestFunctionsAreOpenTofus(t *testing.T) {
	list := facts(t, "testdata/functions/opentofu.txt")
	files := map[string]string{"hello.txt": "hello!", "hello.tmpl": "Hello, ${name}!", "subdirectory/hello.txt": "hello!", "subdirectory/hello.tmpl": "Hello, ${name}!"}
	for _, f := range list {
		files["main.kms.hcl"] = "output \"v\" {\n  sensitive = true\n  value = " + f.expr + "\n}\n"
		c, diags := inModule(t, files, Inputs{})
		why, known := otherwise[f.expr]
		if diags.HasErrors() {
			if !known {
				t.Errorf("%s is refused:\n%s", f.expr, shown(diags))
			}
			continue
		}
		got, _ := c.OutputValue("v", nil)
		got, _ = got.UnmarkDeep()
		switch same := f.want.RawEquals(got); {
		case !same && !known:
			t.Errorf("%s\n got %#v\nwant %#v", f.expr, got, f.want)
		case same && known:
			t.Errorf("%s is as theirs, and is said to differ: %s", f.expr, why)
		}
	}
}

// Every function has a case of OpenTofu's, or one of ours that says what Terraform gives.
func TestEveryFunctionHasVectors(t *testing.T) {
	list := facts(t, "testdata/functions/opentofu.txt")
	for _, f := range Functions() {
		uses := regexp.MustCompile(`\b` + f.Name + `\(`).MatchString
		theirs, ours := 0, 0
		for _, fact := range list {
			if uses(fact.expr) {
				theirs++
			}
		}
		for _, c := range functionCases {
			if uses(c.expr) {
				ours++
			}
		}
		t.Logf("%-16s %d of OpenTofu's, %d of ours", f.Name, theirs, ours)
		if theirs+ours == 0 {
			t.Errorf("no vector for %s", f.Name)
		}
		if _, refused := notOurs[f.Name]; refused {
			t.Errorf("kmsplan has %s, and it is said to have not", f.Name)
		}
	}
	for expr := range otherwise {
		if !slices.ContainsFunc(list, func(f fact) bool { return f.expr == expr }) {
			t.Errorf("no case reads %s", expr)
		}
	}
}
