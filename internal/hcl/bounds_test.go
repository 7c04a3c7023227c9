package hcl

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"
)

// loadOutput evaluates one expression as an output, in a module with these locals.
func loadOutput(t *testing.T, locals, expr string, files map[string]string) string {
	t.Helper()
	all := map[string]string{"main.kms.hcl": dev + "locals {\n" + locals + "\n}\noutput \"v\" {\n  value = " + expr + "\n}\n"}
	for name, text := range files {
		all[name] = text
	}
	_, diags := inModule(t, all, Inputs{})
	return shown(diags)
}

// doubled is a chain of locals, each of which holds the one before twice.
func doubled(first, pattern string, n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "l0 = %s\n", first)
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "l%d = %s\n", i, strings.ReplaceAll(pattern, "PREV", fmt.Sprintf("local.l%d", i-1)))
	}
	return b.String()
}

// Case T7: whatever grows is refused by its size, wherever it grows, and before it takes the memory.
func TestValuesThatGrowAreRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("evaluates up to the limits, in one goroutine each")
	}
	long := `join("", [for i in range(1000) : "0123456789012345678901234567890123456789"])`
	for name, c := range map[string]struct{ locals, expr string }{
		"a text doubled":           {doubled(`"0123456789"`, `"${PREV}${PREV}"`, 30), `local.l30`},
		"a list doubled":           {doubled(`["a"]`, `[PREV, PREV]`, 30), `local.l30`},
		"an object doubled":        {doubled(`{a = 1}`, `{a = PREV, b = PREV}`, 30), `local.l30`},
		"joined":                   {doubled(`"0123456789"`, `join(PREV, ["", "", ""])`, 30), `local.l30`},
		"concatenated":             {doubled(`[1, 2, 3]`, `concat(PREV, PREV)`, 30), `local.l30`},
		"formatted":                {doubled(`"0123456789"`, `format("%s%s", PREV, PREV)`, 30), `local.l30`},
		"replaced":                 {doubled(`"aa"`, `replace(PREV, "a", PREV)`, 6), `local.l6`},
		"replaced by a pattern":    {doubled(`"aa"`, `replace(PREV, "/a/", PREV)`, 6), `local.l6`},
		"encoded":                  {doubled(`"\""`, `jsonencode([PREV, PREV])`, 30), `local.l30`},
		"merged":                   {doubled(`{a = "0123456789"}`, `{a = [PREV, merge(PREV, {})]}`, 30), `local.l30`},
		"setproduct":               {"", `setproduct(range(1000), range(1000), range(100))`},
		"range":                    {"", `range(1000000000)`},
		"range by a small step":    {"", `range(0, 1, 0.000000001)`},
		"a wide format":            {"", `format("%1000000000d", 1)`},
		"a precise format":         {"", `format("%.999999999f", 1)`},
		"a star":                   {"", `format("%*d", 999999999, 1)`},
		"formatlist":               {"", `formatlist("%100000d", flatten([for i in range(10) : range(1000)]))`},
		"indent":                   {"", `indent(1000000000, "a\nb")`},
		"loops in loops":           {"", `[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a]]]`},
		"loops that keep nothing":  {"", `[for a in range(1000) : a if length([for b in range(1000) : b if length([for c in range(1000) : c if false]) > 0]) > 0]`},
		"an object of loops":       {"", `{for a in range(1000) : a => {for b in range(1000) : b => a}}`},
		"texts in a loop":          {"big = " + long, `[for a in range(1000) : [for b in range(100) : "${local.big}${a}${b}"]]`},
		"a splat":                  {"", `[for a in range(1000) : range(1000)[*]]`},
		"a template's loop":        {"big = " + long, `"%{for a in flatten([for i in range(100) : range(1000)])}${local.big}%{endfor}"`},
		"many in one":              {"big = " + long, `"` + strings.Repeat("${local.big}", 2000) + `"`},
		"functions in a loop":      {"", `[for a in flatten([for i in range(100) : range(1000)]) : length(setproduct(range(500), range(500)))]`},
		"a billion laughs":         {"", `yamldecode(` + quoted(laughs(9)) + `)`},
		"distinct":                 {"", `distinct(flatten([for i in range(100) : range(1000)]))`},
		"split":                    {doubled(`",,,,,,,,,,"`, `"${PREV}${PREV}"`, 20), `split(",", local.l20)`},
		"a template file's loop":   {"", `templatefile("t", {n = range(1000)})`},
		"joined in loops in loops": {"", `join("", [for i in range(1024) : join("", [for j in range(1024): join("", [for k in range(1024) : "xxxxxxxxxx"])])])`},
		"rounds that make nothing": {"", `length([for i in range(1024) : [for j in range(1024) : [for k in range(1024) : true if false]]])`},
		"for in a conditional":     {"", `true ? [for a in range(2000) : range(2000)] : []`},
		"growing numbers, written": {"", `[for a in flatten([for i in range(100) : range(1000)]) : format("%f", pow(10, 300))]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			got := loadOutput(t, c.locals, c.expr, map[string]string{"t": "%{for a in n}%{for b in n}%{for c in n}x%{endfor}%{endfor}%{endfor}"})
			if !strings.Contains(got, "Value too large") && !strings.Contains(got, "MiB") && !strings.Contains(got, "aliases make") && !strings.Contains(got, "more than 1024") && !strings.Contains(got, "unrecognized format character") {
				t.Errorf("after %s: %s", time.Since(start), got)
			}
		})
	}
}

func laughs(n int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n")
	for i := 1; i <= n; i++ {
		ref := fmt.Sprintf("*a%d", i-1)
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.Repeat(ref+", ", 8)+ref)
	}
	return b.String()
}

func quoted(s string) string { return fmt.Sprintf("%q", s) }

// Case T7: and it takes little memory to find out.
func TestRefusingTakesLittleMemory(t *testing.T) {
	debug.FreeOSMemory()
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if got := loadOutput(t, doubled(`"0123456789"`, `"${PREV}${PREV}"`, 30), `local.l30`, nil); !strings.Contains(got, "Value too large") {
		t.Error(got)
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<30 {
		t.Errorf("%d MiB were allocated", grown>>20)
	}
}

// Cases T3 and T5: numbers that cannot be written out, and those that are none, from every source.
func TestNumbersAreBounded(t *testing.T) {
	for expr, want := range map[string]string{
		`yamldecode("a: 9e0260492063").a`:                    "too large",
		`tostring(yamldecode("a: 9e0260492063").a)`:          "too large",
		`yamldecode("9e0260492063: a")`:                      "too large",
		`yamldecode("? 9e0260492063\n: a")`:                  "too large",
		`tostring(jsondecode("1e99999999"))`:                 "too large",
		`"${jsondecode("1e99999999")}"`:                      "too large",
		`jsondecode("{\"a\": [1e-99999999]}").a[0]`:          "too large",
		`tonumber("1e99999999")`:                             "too large",
		`csvdecode("a\n1e99999999").0.a + 1`:                 "too large",
		`"1e99999999" * 1`:                                   "too large",
		`parseint("` + strings.Repeat("9", 20000) + `", 10)`: "more than",
		`pow(10, 1e9)`:                                       "no number",
		`pow(pow(10, 300), 10)`:                              "no number",
		`1e1000 * 1e1000`:                                    "too large",
		`"${1/0}"`:                                           "zero",
		`1/0`:                                                "zero",
		`[1/0]`:                                              "zero",
		`1/0 > 5`:                                            "zero",
		`-1/0 + 1`:                                           "zero",
		`1 % 0`:                                              "zero",
		`max(1/0, 2)`:                                        "zero",
		`true ? 1/0 : 2`:                                     "zero",
		`{a = 1/0}`:                                          "zero",
		`[for i in [0] : 1/i]`:                               "zero",
		`log(0, 10)`:                                         "no number",
	} {
		got := loadOutput(t, "", expr, nil)
		if !strings.Contains(got, want) || strings.Contains(got, "goroutine") {
			t.Errorf("%s: want %q in\n%s", expr, want, got)
		}
	}
	if got := loadOutput(t, "", `"${1e1000 / 3} ${1e-1000} ${9007199254740993 * 3}"`, nil); got != "" {
		t.Errorf("ordinary numbers are refused: %s", got)
	}
}

// Case T3, from variables and variable files.
func TestNumbersOfVariablesAreBounded(t *testing.T) {
	for name, in := range map[string]Inputs{
		"-var":          {Vars: []Assignment{{Name: "n", Value: "1e99999999"}}},
		"-var in a map": {Vars: []Assignment{{Name: "any", Value: `{a = 1e99999999}`}}},
		"environment":   {Env: []string{"KMSPLAN_VAR_n=1e99999999"}},
		"a file":        {Vars: []Assignment{{File: "v.hcl"}}},
		"a JSON file":   {Vars: []Assignment{{File: "v.json"}}},
	} {
		src := dev + `
variable "n" {
  type    = number
  default = 1
}
variable "any" {
  type    = any
  default = 1
}
output "v" { value = "${var.n}${jsonencode(var.any)}" }
`
		_, diags := inModule(t, map[string]string{"main.kms.hcl": src, "v.hcl": "n = \"1e99999999\"\n", "v.json": `{"any": "1e9", "n": "1e99999999"}`}, in)
		if got := shown(diags); !strings.Contains(got, "too large") && !strings.Contains(got, "Number too large") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// Case T6: no arguments whatever make a function answer with a stack trace, or not at all.
func TestFunctionsAnswerHostileArgumentsInWords(t *testing.T) {
	hostile := []string{
		`null`, `-1`, `0`, `1/3`, `-8`, `1e300`, `""`, `"a"`, `"\n"`, `"%!"`, `"(((" `, `"[[["`, `[]`, `[null]`, `[[]]`, `{}`, `{a = null}`, `toset([])`,
		`tolist([1, 2])`, `tomap({a = "x"})`, `true`, `"99999999999999999999h"`, `"2026-11-24T08:00:00Z"`, `["a", 1, true]`,
	}
	for _, f := range Functions() {
		if f.Name == "try" || f.Name == "can" {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			m := newTree(Inputs{Dir: t.TempDir()}).module("", ".")
			for i, a := range hostile {
				for _, call := range []string{"%s(%s)", "%s(%s, %s)", "%s(%s, %s, %s)"} {
					args := []any{f.Name, a, hostile[(i*7+3)%len(hostile)], hostile[(i*5+1)%len(hostile)]}
					src := fmt.Sprintf(call, args[:strings.Count(call, "%s")]...)
					expr, diags := parseExpression([]byte(src), "x")
					if diags.HasErrors() {
						continue
					}
					v, diags := evaluate(expr, m.base)
					if known := v.IsWhollyKnown(); !known && !diags.HasErrors() {
						t.Errorf("%s of known values is not known", src)
					}
					if got := shown(diags); strings.Contains(got, "goroutine") || strings.Contains(got, "panic") || strings.Contains(got, ".go:") {
						t.Errorf("%s: %s", src, got)
					}
				}
			}
		})
	}
	for expr, want := range map[string]string{
		`indent(-1, "a\nb")`: "more than", `pow(-8, 1/3)`: "cannot work", `log(-1, 10)`: "cannot work", `substr("a", 0, -9)`: "",
	} {
		got := loadOutput(t, "", expr, nil)
		if !strings.Contains(got, want) || strings.Contains(got, "goroutine") {
			t.Errorf("%s: %s", expr, got)
		}
	}
}

// Cases T4 and T8.
func TestNullsAndDefaultsOfCollections(t *testing.T) {
	for expr, want := range map[string]string{
		`contains(["a"], null)`: "false", `contains(["a", null], null)`: "true", `contains([null], "a")`: "false",
		`contains(toset(["a"]), null)`: "false", `contains(tolist([1, 2]), "1")`: "false",
		`lookup(tomap({a = "x"}), "b", 1)`: `"1"`, `lookup({a = "x"}, "b", 1)`: "1", `lookup(tomap({a = 1}), "b", "2")`: "2",
	} {
		if got := outputOf(t, map[string]string{"main.kms.hcl": "output \"v\" {\n  value = jsonencode(" + expr + ")\n}\n"}, Inputs{}); !got.RawEquals(cty.StringVal(want)) {
			t.Errorf("%s = %#v, want %s", expr, got, want)
		}
	}
}

// Cases T1 and T2: bytes arrive as they are, or are refused, from every source.
func TestTextsAreTheBytesTheyWere(t *testing.T) {
	const nfd = "e\u0301"
	src := dev + `
variable "v" {
  type      = string
  default   = "x"
  sensitive = true
}
variable "any" {
  default = "x"
  type    = any
}
secret "s" {
  name           = "s"
  encryption_key = "k"
  value          = VALUE
}
`
	load := func(value string, in Inputs, files map[string]string) string {
		all := map[string]string{"main.kms.hcl": strings.ReplaceAll(src, "VALUE", value)}
		for n, text := range files {
			all[n] = text
		}
		_, diags := inModule(t, all, in)
		return shown(diags)
	}
	for name, c := range map[string]struct {
		value string
		in    Inputs
		files map[string]string
	}{
		"environment":                            {"var.v", Inputs{Env: []string{"KMSPLAN_VAR_v=p\xe4ss"}}, nil},
		"-var":                                   {"var.v", Inputs{Vars: []Assignment{{Name: "v", Value: "p\xe4ss"}}}, nil},
		"-var in a list":                         {"var.any[0]", Inputs{Vars: []Assignment{{Name: "any", Value: "[\"p\xe4ss\"]"}}}, nil},
		"a variable file":                        {"var.v", Inputs{Vars: []Assignment{{File: "v.hcl"}}}, map[string]string{"v.hcl": "v = \"p\xe4ss\"\n"}},
		"a JSON variable file":                   {"var.v", Inputs{Vars: []Assignment{{File: "v.json"}}}, map[string]string{"v.json": "{\"v\": \"p\xe4ss\"}"}},
		"file":                                   {`file("pw")`, Inputs{}, map[string]string{"pw": "p\xe4ss"}},
		"base64decode":                           {`base64decode("cORzcw==")`, Inputs{}, nil},
		"decomposed in the environment":          {"var.v", Inputs{Env: []string{"KMSPLAN_VAR_v=" + nfd}}, nil},
		"decomposed -var":                        {"var.v", Inputs{Vars: []Assignment{{Name: "v", Value: nfd}}}, nil},
		"decomposed in a variable file":          {"var.v", Inputs{Vars: []Assignment{{File: "v.hcl"}}}, map[string]string{"v.hcl": "v = \"" + nfd + "\"\n"}},
		"decomposed in a heredoc":                {"var.v", Inputs{Vars: []Assignment{{File: "v.hcl"}}}, map[string]string{"v.hcl": "v = <<E\n" + nfd + "\nE\n"}},
		"decomposed in a JSON variable file":     {"var.v", Inputs{Vars: []Assignment{{File: "v.json"}}}, map[string]string{"v.json": "{\"v\": \"e\\u0301\"}"}},
		"half a pair in a JSON variable file":    {"var.v", Inputs{Vars: []Assignment{{File: "v.json"}}}, map[string]string{"v.json": `{"v": "p\ud800"}`}},
		"half a pair in a name of it":            {"var.any[0]", Inputs{Vars: []Assignment{{File: "v.json"}}}, map[string]string{"v.json": `{"any": {"\udc00": 1}}`}},
		"half a pair in jsondecode":              {`jsondecode(file("j"))`, Inputs{}, map[string]string{"j": `"\\\ud800\u0041"`}},
		"half a pair in jsondecode of a literal": {`jsondecode("\"\\ud83d\\ud83d\"")`, Inputs{}, nil},
		"decomposed file":                        {`sensitive(file("pw"))`, Inputs{}, map[string]string{"pw": nfd}},
		"decomposed template file":               {`templatefile("pw", {})`, Inputs{}, map[string]string{"pw": nfd}},
		"decomposed base64decode":                {`base64decode("ZcyB")`, Inputs{}, nil},
		"decomposed jsondecode":                  {`jsondecode(file("j"))`, Inputs{}, map[string]string{"j": `"e\u0301"`}},
		"decomposed yamldecode":                  {`yamldecode(file("j"))`, Inputs{}, map[string]string{"j": `"e\u0301"`}},
		"decomposed in the configuration":        {`"` + nfd + `"`, Inputs{}, nil},
		"decomposed by an escape":                {`"e\u0301"`, Inputs{}, nil},
		"decomposed by two templates":            {`"${"e"}${"\u0301"}"`, Inputs{}, nil},
		"decomposed by a join":                   {`join("", ["e", base64decode("zIE=")])`, Inputs{}, nil},
		"a character that has another form":      {`"` + "\u212b" + `"`, Inputs{}, nil},
		"a composed one, by canonical exclusion": {"var.v", Inputs{Env: []string{"KMSPLAN_VAR_v=\u0958"}}, nil},
	} {
		got := load(c.value, c.in, c.files)
		if !strings.Contains(got, "Error") || !strings.Contains(got, "UTF-8") && !strings.Contains(got, "compose") && !strings.Contains(got, "half of a pair") && !strings.Contains(got, "withheld") {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := load(`jsondecode(file("j"))`, Inputs{}, map[string]string{"j": `"\ud83d\udd11 \\ud800 \n"`}); strings.Contains(got, "Error") {
		t.Error(got)
	}
	if got := load(`"{\"a\":\"\\u0301\"}"`, Inputs{}, nil); strings.Contains(got, "Error") {
		t.Error("a backslash that stands for itself begins no escape:", got)
	}
	if got := load(`"${var.v} é 密码 🔑 👨‍👩‍👧"`, Inputs{Env: []string{"KMSPLAN_VAR_v=\u00e9\u0000\x1b"}}, nil); strings.Contains(got, "Error") {
		t.Error(got)
	}
}

// Cases T2 and T10: a file is found under its own name, through links too.
func TestFileSetsNameFilesAsTheyAre(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.txt", "sub/b.txt"} {
		writeFile(t, filepath.Join(dir, name), "x")
	}
	for link, target := range map[string]string{"link.txt": "a.txt", "out.txt": "/etc/hostname", "broken.txt": "nope", "dir.txt": "sub"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Skip("no links here:", err)
		}
	}
	l := newLibrary(Inputs{Dir: dir})
	names, err := l.glob(".", "*")
	if err != nil || len(names) != 2 || names[0].AsString() != "a.txt" || names[1].AsString() != "link.txt" {
		t.Error(names, err)
	}
	writeFile(t, filepath.Join(dir, "n\xff.txt"), "x")
	if _, err := l.glob(".", "*"); err == nil || !strings.Contains(err.Error(), "UTF-8") {
		t.Error(err)
	}
}

// Dynamic blocks are held to the budget in both syntaxes, in what they repeat over and in what they hold.
func TestDynamicBlocksAreMetered(t *testing.T) {
	const grow = `[for a in range(1000) : format(\"%100000s\", a)]`
	module := func(forEach, length string) map[string]string {
		return map[string]string{"main.kms.hcl": dev, "s.kms.json": `{"secret": {"s": {"name": "s", "dynamic": {"generate": {"for_each": ` + forEach + `, "content": {"length": ` + length + `}}}}}}`}
	}
	for name, files := range map[string]map[string]string{
		"for_each": module(`"${`+grow+`}"`, "20"),
		"native":   {"main.kms.hcl": dev + "secret \"s\" {\n  name = \"s\"\n  dynamic \"generate\" {\n    for_each = " + strings.ReplaceAll(grow, `\"`, `"`) + "\n    content {}\n  }\n}\n"},
		"content":  module("[1]", `"${length(`+grow+`)}"`),
	} {
		if _, diags := inModule(t, files, Inputs{}); !strings.Contains(shown(diags), "Value too large") {
			t.Errorf("%s: %s", name, shown(diags))
		}
	}
	c, diags := inModule(t, module(`["${10 + 10}"]`, `"${generate.value}"`), Inputs{})
	body, found := c.Body(parseAddr(t, "secret.s"), nil)
	if diags.HasErrors() || found.HasErrors() || body.Blocks["generate"]["length"].AsBigFloat().String() != "20" {
		t.Error(shown(diags), shown(found), body)
	}
}
