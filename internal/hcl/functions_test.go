package hcl

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"
)

// One line per function at least: an expression and its value as JSON.
var functionCases = []struct{ expr, want string }{
	{`abs(-1)`, `1`}, {`ceil(1.2)`, `2`}, {`floor(1.8)`, `1`}, {`log(8, 2)`, `3`}, {`max(1, 3, 2)`, `3`}, {`min(2, 1)`, `1`},
	{`parseint("ff", 16)`, `255`}, {`pow(2, 10)`, `1024`}, {`signum(-9)`, `-1`}, {`sum([1, 2, 3.5])`, `6.5`},
	{`chomp("a\n")`, `"a"`}, {`endswith("abc", "bc")`, `true`}, {`format("%s-%03d", "a", 7)`, `"a-007"`},
	{`formatlist("%s!", ["a", "b"])`, `["a!","b!"]`}, {`indent(2, "a\nb")`, `"a\n  b"`}, {`join("-", ["a", "b"])`, `"a-b"`},
	{`lower("A")`, `"a"`}, {`regex("[0-9]+", "a12b")`, `"12"`}, {`regexall("[0-9]", "a1b2")`, `["1","2"]`},
	{`replace("a.b", ".", "-")`, `"a-b"`}, {`replace("a1b22", "/[0-9]+/", "#")`, `"a#b#"`}, {`split(",", "a,b")`, `["a","b"]`},
	{`startswith("abc", "ab")`, `true`}, {`strcontains("abc", "d")`, `false`}, {`strrev("abc")`, `"cba"`}, {`substr("hello", 1, 3)`, `"ell"`},
	{`title("a b")`, `"A B"`}, {`trim("?a?", "?")`, `"a"`}, {`trimprefix("ab", "a")`, `"b"`}, {`trimspace(" a ")`, `"a"`}, {`trimsuffix("ab", "b")`, `"a"`}, {`upper("a")`, `"A"`},
	{`alltrue([true, false])`, `false`}, {`alltrue([])`, `true`}, {`anytrue([false, true])`, `true`}, {`anytrue([])`, `false`},
	{`chunklist([1, 2, 3], 2)`, `[[1,2],[3]]`}, {`coalesce("", null, "a")`, `"a"`}, {`coalescelist([], ["a"])`, `["a"]`}, {`compact(["a", "", null])`, `["a"]`},
	{`concat(["a"], ["b"])`, `["a","b"]`}, {`contains(["a"], "a")`, `true`}, {`distinct(["a", "a"])`, `["a"]`}, {`element(["a", "b"], 3)`, `"b"`},
	{`flatten([["a"], ["b"]])`, `["a","b"]`}, {`index(["a", "b"], "b")`, `1`}, {`keys({b = 1, a = 2})`, `["a","b"]`},
	{`length("äb")`, `2`}, {`length({a = 1})`, `1`}, {`length(toset(["a", "a"]))`, `1`}, {`lookup({a = 1}, "a", 2)`, `1`}, {`lookup(tomap({a = 1}), "b", 2)`, `2`},
	{`matchkeys(["x", "y"], ["a", "b"], ["b"])`, `["y"]`}, {`merge({a = 1}, {b = 2})`, `{"a":1,"b":2}`}, {`one([])`, `null`}, {`one(["a"])`, `"a"`},
	{`range(3)`, `[0,1,2]`}, {`reverse([1, 2])`, `[2,1]`}, {`setintersection(["a", "b"], ["b"])`, `["b"]`}, {`setproduct(["a"], ["b", "c"])`, `[["a","b"],["a","c"]]`},
	{`setsubtract(["a", "b"], ["b"])`, `["a"]`}, {`setunion(["a"], ["b"])`, `["a","b"]`}, {`slice(["a", "b", "c"], 1, 2)`, `["b"]`}, {`sort(["b", "a"])`, `["a","b"]`},
	{`transpose({a = ["x", "y"], b = ["x"]})`, `{"x":["a","b"],"y":["a"]}`}, {`values({b = 1, a = 2})`, `[2,1]`}, {`zipmap(["a"], [1])`, `{"a":1}`},
	{`base64decode("YQ==")`, `"a"`}, {`base64encode("a")`, `"YQ=="`}, {`csvdecode("a,b\n1,2\n")`, `[{"a":"1","b":"2"}]`}, {`jsondecode("{\"a\": [1]}")`, `{"a":[1]}`},
	{`jsonencode({a = 1})`, `"{\"a\":1}"`}, {`urlencode("a b&")`, `"a+b%26"`}, {`yamldecode("a: 1")`, `{"a":1}`}, {`yamlencode({a = 1})`, `"\"a\": 1\n"`},
	{`basename("a/b.txt")`, `"b.txt"`}, {`dirname("a/b.txt")`, `"a"`}, {`file("data/a.txt")`, `"hello ${name}\n"`}, {`file("${path.module}/data/a.txt")`, `"hello ${name}\n"`},
	{`filebase64("data/a.txt")`, `"aGVsbG8gJHtuYW1lfQo="`}, {`fileexists("data/a.txt")`, `true`}, {`fileexists("data")`, `false`},
	{`filebase64sha256("data/a.txt") == base64sha256(file("data/a.txt"))`, `true`}, {`filebase64sha512("data/a.txt") == base64sha512(file("data/a.txt"))`, `true`},
	{`filemd5("data/a.txt") == md5(file("data/a.txt"))`, `true`}, {`filesha1("data/a.txt") == sha1(file("data/a.txt"))`, `true`},
	{`filesha256("data/a.txt") == sha256(file("data/a.txt"))`, `true`}, {`filesha512("data/a.txt") == sha512(file("data/a.txt"))`, `true`},
	{`fileset("data", "**/*.txt")`, `["a.txt","sub/b.txt"]`}, {`fileset("data", "*")`, `["a.txt"]`}, {`fileset("nope", "*")`, `[]`}, {`fileset(".", "data/*.txt")`, `["data/a.txt"]`},
	{`templatefile("data/a.txt", {name = "you"})`, `"hello you\n"`},
	{`sha256("")`, `"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`}, {`md5("")`, `"d41d8cd98f00b204e9800998ecf8427e"`},
	{`sha1("")`, `"da39a3ee5e6b4b0d3255bfef95601890afd80709"`}, {`base64sha256("")`, `"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="`}, {`substr(sha512(""), 0, 8)`, `"cf83e135"`}, {`substr(base64sha512(""), 0, 8)`, `"z4PhNX7v"`},
	{`formatdate("YYYY", "2026-11-24T08:00:00Z")`, `"2026"`}, {`timeadd("2026-11-24T08:00:00Z", "1h")`, `"2026-11-24T09:00:00Z"`}, {`timecmp("2026-11-24T08:00:00Z", "2026-11-24T09:00:00+01:00")`, `0`},
	{`can(tonumber("a"))`, `false`}, {`try(tonumber("a"), 1)`, `1`}, {`issensitive(sensitive("a"))`, `true`}, {`nonsensitive(sensitive("a"))`, `"a"`},
	{`tobool("true")`, `true`}, {`tolist(["a", 1])`, `["a","1"]`}, {`tomap({a = 1, b = "x"})`, `{"a":"1","b":"x"}`}, {`tonumber("1")`, `1`},
	{`toset(["b", "a", "b"])`, `["a","b"]`}, {`toset([])`, `[]`}, {`tolist(toset(["a"]))`, `["a"]`}, {`tostring(1)`, `"1"`},
	{`[for k, v in {a = 1} : "${k}${v}"]`, `["a1"]`}, {`true ? "a" : "b"`, `"a"`}, {`[{a = 1}, {a = 2}][*].a`, `[1,2]`},
}

var dataFiles = map[string]string{"data/a.txt": "hello ${name}\n", "data/sub/b.txt": "b"}

func TestFunctions(t *testing.T) {
	covered := map[string]bool{}
	for _, c := range functionCases {
		files := map[string]string{"main.kms.hcl": `output "v" { value = jsonencode(` + c.expr + `) }`}
		for k, v := range dataFiles {
			files[k] = v
		}
		if got := outputOf(t, files, Inputs{}).AsString(); got != c.want {
			t.Errorf("%s = %s, want %s", c.expr, got, c.want)
		}
		for _, f := range Functions() {
			if strings.Contains(c.expr, f.Name+"(") {
				covered[f.Name] = true
			}
		}
	}
	for _, f := range Functions() {
		if !covered[f.Name] && f.Name != "sensitive" {
			t.Errorf("no case covers %s", f.Name)
		}
	}
}

// What functions refuse, and that it is said why.
func TestFunctionsRefuse(t *testing.T) {
	for expr, why := range map[string]string{
		`file("../x")`:                   "leads out of the module",
		`file("link")`:                   "cannot be read",
		`fileexists("/etc/passwd")`:      "leads out of the module",
		`file("data")`:                   "no regular file",
		`fileset("..", "*")`:             "leads out of the module",
		`templatefile("data/a.txt", {})`: `uses "name"`,
		`templatefile("data/loop", {})`:  "templatefile",
		`base64decode("%")`:              "not Base64",
		`base64decode("/w==")`:           "not UTF-8",
		`file("data/bytes")`:             "filebase64 reads any bytes",
		`one(["a", "b"])`:                "at most one",
		`lookup({a = 1}, "b")`:           "no default",
		`index(["a"], "b")`:              "no such element",
		`sum([])`:                        "at least one",
		`coalesce(null, "")`:             "null or empty",
		`jsondecode(file("data/deep"))`:  "nested too deep",
		`yamldecode(file("data/deep"))`:  "nested too deep",
		`plantimestamp()`:                "no plan would ever be empty",
		`bcrypt("a")`:                    "no plan would ever be empty",
		`abspath(".")`:                   "relative to the module",
		`jsonencode(timecmp("x", "y"))`:  "RFC 3339",
		`replace("a", "/(/", "b")`:       "pattern",
		`matchkeys(["a"], [], [])`:       "differ in length",
		`length(5)`:                      "length needs",
	} {
		files := map[string]string{"main.kms.hcl": `output "v" { value = ` + expr + ` }`,
			"data/deep": strings.Repeat("[", 1_000_000), "data/bytes": "\xff", "data/loop": `${templatefile("data/loop", {})}`}
		for k, v := range dataFiles {
			files[k] = v
		}
		in := Inputs{Dir: t.TempDir()}
		for name, text := range files {
			writeFile(t, filepath.Join(in.Dir, name), text)
		}
		if err := os.Symlink("/etc/passwd", filepath.Join(in.Dir, "link")); err != nil {
			t.Fatal(err)
		}
		if _, diags := Load(in); !strings.Contains(shown(diags), why) {
			t.Errorf("%s: %q is not among\n%s", expr, why, shown(diags))
		}
	}
}

func TestFileFunctionsCanBeSwitchedOff(t *testing.T) {
	_, diags := inModule(t, map[string]string{"main.kms.hcl": `output "v" { value = file("main.kms.hcl") }`}, Inputs{SkipFiles: true})
	if !strings.Contains(shown(diags), "switched off") {
		t.Error(shown(diags))
	}
}

// A module means the same during a whole run, whatever happens to its files meanwhile.
func TestFilesAreReadOnce(t *testing.T) {
	c, diags := inModule(t, map[string]string{"main.kms.hcl": `output "v" { value = file("a") }`, "a": "first"}, Inputs{})
	if diags.HasErrors() {
		t.Fatal(shown(diags))
	}
	before := c.Sources()
	writeFile(t, filepath.Join(c.Dir, "a"), "second")
	if v, _ := c.OutputValue("v", nil); v.AsString() != "first" {
		t.Error(v)
	}
	if again, _ := Load(Inputs{Dir: c.Dir}); slices.Equal(again.Sources(), before) {
		t.Error("the sources leave out the files that functions read")
	}
}

// Cases P13 and P14: a saved plan carries what a flag gave, in place of the flag.
func TestSavedVariablesStandInForWhatGaveThem(t *testing.T) {
	src := `variable "x" { default = "default" }`
	given := func(in Inputs, file string) string {
		files := map[string]string{"main.kms.hcl": src}
		if file != "" {
			files["kmsplan.kmsvars.hcl"] = file
		}
		c, diags := inModule(t, files, in)
		if diags.HasErrors() {
			t.Fatal(shown(diags))
		}
		v := c.Variables()[0]
		return fmt.Sprint(v.Value.AsString(), " ", v.Flag)
	}
	by := func(flag bool) []Variable {
		return []Variable{{Name: "x", Value: cty.StringVal("saved"), Flag: flag}, {Name: "gone", Value: cty.True}}
	}
	for _, test := range []struct {
		name string
		in   Inputs
		file string
		want string
	}{
		{"a default", Inputs{}, "", "default false"},
		{"instead of a default", Inputs{Saved: by(false)}, "", "saved false"},
		{"behind the environment", Inputs{Saved: by(false), Env: []string{"KMSPLAN_VAR_x=env"}}, "", "env false"},
		{"behind a file", Inputs{Saved: by(false)}, `x = "file"`, "file false"},
		{"a flag's, before a file", Inputs{Saved: by(true)}, `x = "file"`, "saved true"},
		{"a flag's, behind a flag", Inputs{Saved: by(true), Vars: []Assignment{{Name: "x", Value: "flag"}}}, "", "flag true"},
	} {
		if got := given(test.in, test.file); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}
