package view

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/lint"
	"kmsplan.dev/kmsplan/internal/plan"
)

var update = flag.Bool("update", false, "rewrite testdata/plain")

// plainWidth is the width of a phone, or of a large type.
const plainWidth = 40

// plainly is what people read of the commands that they read most.
func plainly() map[string]func(*Terminal) {
	p := wholePlan()
	step := apply.Step{Addr: addr.Resource("key", "a_key_with_quite_a_long_name"), Action: plan.Succeed}
	where := hclv2.Range{Filename: "main.kms.hcl", Start: hclv2.Pos{Line: 1, Column: 1}, End: hclv2.Pos{Line: 1, Column: 4, Byte: 3}}
	source := map[string]*hclv2.File{"main.kms.hcl": {Bytes: []byte("key \"orders\" { description = \"what every order is sealed under\" }\n")}}
	return map[string]func(*Terminal){
		"plan":       func(t *Terminal) { t.Plan(p) },
		"plan-empty": func(t *Terminal) { t.Plan(&plan.Plan{}) },
		"drift":      func(t *Terminal) { t.Drift(plan.Drifts{Drift: p.Drift}); t.Refreshed(plan.Drifts{Drift: p.Drift}) },
		"lint": func(t *Terminal) {
			t.Linted(lint.Report{Findings: []lint.Finding{{Rule: lint.Rules()[0], Range: where, Message: "The module says nothing of versions; `kmsplan { required_version = \"\u003e= 0.1\" }` does, and stays whole."}}, Rules: lint.Rules(), Unread: true}, source)
		},
		"refused": func(t *Terminal) {
			t.Refusals([]plan.Refusal{{Guard: "key-vanished", Addr: addr.Resource("key", "c"), Reason: "The block of key.c is gone, and nothing says what should become of it.", WaysForward: []string{"Put the block key.c back; nothing has changed."}}})
		},
		"invalid": func(t *Terminal) {
			expr, _ := hclsyntax.ParseExpression([]byte("var.window"), "main.kms.hcl", where.Start)
			values := &hclv2.EvalContext{Variables: map[string]cty.Value{"var": cty.ObjectVal(map[string]cty.Value{"window": cty.StringVal("3d")})}}
			t.Diagnostics(hclv2.Diagnostics{{Severity: hclv2.DiagError, Summary: "Window out of range", Detail: "Write 7d to 366d.", Subject: &where, Expression: expr, EvalContext: values}}, source)
		},
		"apply": func(t *Terminal) {
			t.Started(step)
			t.Done(step, apply.Outcome{ID: "key-hzz0123456789abcdef01", Elapsed: time.Minute, Found: true, Duplicates: []string{"key-hzz2"}})
			t.Failed(step, apply.Outcome{Status: apply.Unknown})
			t.Skipped(step, apply.Outcome{Reason: "key.other failed, and this one needs what it would have made"})
			t.Ask("production")
			t.Applied(apply.Report{Added: 1, Changed: 2, Retired: 3, Moved: 1, Files: 2})
			t.Unfinished(apply.Report{Failed: 1, Unknown: 1}, nil)
			t.Notef("the lock of another run is waited for, %s at most", time.Minute)
		},
	}
}

// Issue 9, point 9. TestPlainIsPlain holds what is read at 40 columns without colour in testdata/plain; -update writes it.
func TestPlainIsPlain(t *testing.T) {
	for name, show := range plainly() {
		t.Run(name, func(t *testing.T) {
			got := printed(plainWidth, false, show)
			file := filepath.Join("testdata", "plain", name+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(file); err != nil || string(want) != got {
				t.Errorf("%s is not what is printed; run go test ./internal/view -run TestPlainIsPlain -update\n%s", file, got)
			}
			isPlain(t, got)
		})
	}
}

// whole is what no line is broken in: one word, a command in backquotes or at the end of a line, or an address, behind what it is
// indented with.
var whole = regexp.MustCompile("^ *(# *)?([-+~>] )?((\\S*: )?kmsplan .*|\\S+|\\S*\\[\"[^\"]*\"\\]\\S*|`[^`]+`\\S*)$")

func isPlain(t *testing.T, text string) {
	t.Helper()
	for line := range strings.SplitSeq(text, "\n") {
		if columns(line) > plainWidth && !whole.MatchString(line) {
			t.Errorf("a line of %d columns: %q", columns(line), line)
		}
		if strings.ContainsRune(line, '\x1b') {
			t.Errorf("an escape code: %q", line)
		}
		drawn := func(r rune) bool { return r > unicode.MaxASCII && !unicode.IsLetter(r) && !unicode.IsPunct(r) }
		if strings.ContainsFunc(line, drawn) && !strings.ContainsFunc(line, unicode.IsLetter) {
			t.Errorf("a glyph without a word: %q", line)
		}
	}
}

// TestANarrowTerminalLosesNothing has the same words at 40 columns as at 78, with colours too.
func TestANarrowTerminalLosesNothing(t *testing.T) {
	words := func(width int, color bool, show func(*Terminal)) string {
		text := strings.NewReplacer("#", "", "│", "", "╷", "", "╵", "", "├────────────────", "").Replace(unpainted(printed(width, color, show)))
		return strings.Join(strings.Fields(text), " ")
	}
	for name, show := range plainly() {
		if at, want := words(plainWidth, true, show), words(defaultWidth, false, show); at != want {
			t.Errorf("%s at 40 columns:\n%s\nat 78:\n%s", name, at, want)
		}
	}
}

// TestWhatMakesPlain asks a terminal's surroundings: COLUMNS, within bounds.
func TestWhatMakesPlain(t *testing.T) {
	for columns, want := range map[string]int{"": defaultWidth, "40": 40, "500": widest, "5": defaultWidth, "x": defaultWidth} {
		term := NewTerminal(&strings.Builder{}, &strings.Builder{}, func(name string) string { return map[string]string{"COLUMNS": columns}[name] })
		if term.Width != want || term.Color || term.ErrColor || term.Redraws {
			t.Errorf("COLUMNS=%q makes %+v, want a width of %d and nothing painted or redrawn", columns, term, want)
		}
	}
}
