package view

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/lint"
	"kmsplan.dev/kmsplan/internal/load"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// long says more than any line holds, in letters that take one column and in such that take two.
const long = "what every order of the last ten years is sealed under 用于加密过去十年里的每一张订单，以及退款记录。 🔑🔑🔑🔑 and `kmsplan state show key.orders`"

// longer is a value of the type that takes more than 40 columns in every line that shows it.
func longer(t reflect.Type) reflect.Value {
	at := addr.Resource("key", "a_key_with_quite_a_long_name")
	resource := state.Resource{
		Address: `key.orders["two words"]`, Kind: "key", ID: "key-hzz0123456789abcdef01", Protected: true, Retire: "disable", RetiredAt: today,
		Attributes: map[string]any{"description": long, "tags": map[string]any{"team": long}}, Fingerprints: map[string]state.Fingerprint{"a_quite_long_attribute": {}},
		Predecessors: []state.Predecessor{{ID: "key-hzz0123456789abcdef02", Since: today, Retire: "disable", RetiredAt: today}},
	}
	file := state.File{Address: "data.encrypt.orders", Path: "a directory/with a long name/of files/orders.json.enc", KeyID: "key-hzz0123456789abcdef01", KeyVersion: "3f2a-long", Commitment: "c29tZXRoaW5n", Size: 1}
	refused := wholePlan()
	refused.Refusals = []plan.Refusal{{Guard: "key-vanished", Addr: at, Reason: long, WaysForward: []string{long}}}
	for _, v := range []any{
		long, []string{long, "  " + long}, errors.New(long), refused, []plan.Checked{{Addr: at, Status: plan.Failed, Problems: []plan.Problem{{Message: long}}}}, []plan.Refusal{{Guard: "key-vanished", Addr: at, Reason: long, WaysForward: []string{long}}},
		apply.Step{Addr: at, Action: plan.Succeed}, apply.Outcome{ID: "key-hzz0123456789abcdef01", Found: true, Duplicates: []string{"key-hzz2"}, Reason: long},
		lint.Report{Findings: []lint.Finding{{Rule: lint.Rules()[0], Address: at.String(), Message: long, Pack: long}}, Rules: lint.Rules(), Unread: true},
		apply.Recovered{Intent: apply.Recovered{}.Intent, Status: apply.Adopted, ID: "key-hzz0123456789abcdef01", Duplicates: []string{"key-hzz2"}},
		apply.Recovery{Recovered: []apply.Recovered{{}}, State: state.State{Resources: []state.Resource{resource}}},
		apply.Report{Added: 10, Changed: 20, Destroyed: 30, Retired: 3, Moved: 1, Files: 2, State: state.State{Outputs: map[string]any{"a_long_output": long}}},
		hclv2.Diagnostics{{Severity: hclv2.DiagError, Summary: long, Detail: long}, {Severity: hclv2.DiagWarning, Summary: long, Detail: long}}, map[string]*hclv2.File{},
		state.State{Resources: []state.Resource{resource}, Files: []state.File{file}}, resource, []state.File{file},
		map[string]any{"a_long_output": long, "订单": []any{long, long}}, []Envelope{{Path: long, Context: map[string]string{"purpose": long}, Commitment: strings.Repeat("c29t", 11), PlainBytes: -1, Recipients: []Recipient{{Key: "acs:kms:cn-hangzhou:1234567890123456:key/key-hzz0123456789abcdef01", KeyVersion: "3f2a", Protocol: "a protocol"}}}},
		[]Finding{{Gateway: "a_gateway_with_a_name", Check: "the endpoint is reached", Detail: long + "\n" + long}, {Check: long}},
		plan.Drifts{At: today, Drift: wholePlan().Drift}, []Traffic{{Gateway: "a_gateway_with_a_name", Group: "a_group", Calls: map[string]int{"DescribeKey": 1, "ListResourceTags": 2}}},
		Reading{Gateway: "a_gateway_with_a_name", Total: 100000, PerSecond: 10, Quota: "q", At: today, Began: today.Add(-time.Minute)},
		load.Span{Number: 1, Seconds: 3600, Requests: 1234567, Answered: 1234566, PerSecond: 1234.5, Errors: map[string]int{"throttled": 1}, Codes: map[string]int{"Rejected.Throttling": 1}},
		load.Report{Span: load.Span{Requests: 1234567, Answered: 1234566, Errors: map[string]int{"throttled": 1}, Codes: map[string]int{"Rejected.Throttling": 1}}, Warmup: 1234567, Ended: load.EndedByMost},
		Tree{Verb: "encrypting", Done: 1234, Total: 100000, Bytes: 1 << 20, Size: 1 << 40, Began: today.Add(-time.Minute), At: today},
		Working{Done: 1234, Total: 100000, Began: today.Add(-time.Minute), At: today},
		[]plan.Batch{{Addr: at, Action: "rewrap", Source: "s3://archive/orders/", Waits: long}, {Addr: at, Action: "rewrap", Source: "s3://archive/", Waits: long, Starts: true}},
		wholeBatch(), Listing{Address: `batch.archive["two words"]`, Objects: 1234567, Began: today.Add(-time.Minute), At: today},
		Batching{Record: batch.Record{Spec: wholeBatch().Spec, Status: batch.Running, Tally: batch.Tally{Objects: 1234, Calls: 12345, Failed: 7, Sent: 1 << 30}}, Now: 600, Used: 543, Began: today.Add(-time.Minute), At: today},
		TestRun{File: "tests/orders.kmstest.hcl", Run: "a_run_with_quite_a_long_name_of_its_own", Status: "pass"}, TestCounts{Sentence: long},
		json.RawMessage(`{"Description": "` + long + `", "Tags": ["` + long + `"]}`), []any{"x"}, [][]string{{"1", long}, {"2", long}},
	} {
		if reflect.TypeOf(v) == t || t.Kind() == reflect.Interface && t.NumMethod() == 0 || t.Kind() == reflect.Interface && reflect.TypeOf(v).Implements(t) {
			return reflect.ValueOf(v)
		}
	}
	panic("no value of " + t.String())
}

// unfolded are the views whose lines programs read as well.
var unfolded = map[string]bool{"Output": true, "Listed": true, "Granting": true}

// TestEveryViewFolds shows long things at 40 columns by every method that a view has: no line is wider, but for what is in one
// piece, and nothing of it is lost.
func TestEveryViewFolds(t *testing.T) {
	show := func(method string, width int) string {
		return printed(width, false, func(term *Terminal) {
			m := reflect.ValueOf(term).MethodByName(method)
			var args []reflect.Value
			for i := range m.Type().NumIn() {
				args = append(args, longer(m.Type().In(i)))
			}
			if m.Type().IsVariadic() {
				m.CallSlice(args)
				return
			}
			m.Call(args)
		})
	}
	var silent []string
	for _, method := range methods() {
		if unfolded[method] {
			continue
		}
		t.Run(method, func(t *testing.T) {
			text := show(method, plainWidth)
			if text == "" {
				silent = append(silent, method)
			}
			isPlain(t, text)
			if letters(text) != letters(show(method, defaultWidth)) && method != "Table" && method != "Traffic" && method != "BenchPeriod" {
				t.Errorf("at 40 columns:\n%s\nat 78:\n%s", text, show(method, defaultWidth))
			}
		})
	}
	if !slices.Equal(silent, []string{"Calling"}) {
		t.Errorf("%v said nothing", silent)
	}
}

// letters are a text without its spaces and the signs of comments.
func letters(text string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(text, "#", "")), "")
}

// TestOneWriterForPeople finds who writes to a terminal's streams past the writer that folds.
func TestOneWriterForPeople(t *testing.T) {
	may := map[string]bool{"Output": true, "NewDocument": true} // what programs read
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || may[f.Name.Name] {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok && (s.Sel.Name == "Out" || s.Sel.Name == "Err") && isTerminal(s.X) {
					if seen++; name != "terminal.go" {
						t.Errorf("%s: %s writes past Terminal.people and Terminal.beside", name, f.Name.Name)
					}
				}
				return true
			})
		}
	}
	if seen == 0 {
		t.Error("nothing was found to look at")
	}
}

// isTerminal tells a terminal by how this package names it: t, k.t, d.Terminal.
func isTerminal(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name == "t" || x.Name == "term"
	case *ast.SelectorExpr:
		return x.Sel.Name == "t" || x.Sel.Name == "Terminal"
	}
	return false
}

// TestWideLettersTakeTwoColumns breaks Chinese between its letters, never before a full stop, and leaves ids and commands whole.
func TestWideLettersTakeTwoColumns(t *testing.T) {
	for text, want := range map[string]int{"key": 3, "订单": 4, "🔑": 2, "e\u0301": 1, "\x1b[1m订\x1b[0m": 2, "❤\ufe0f": 2} {
		if got := columns(text); got != want {
			t.Errorf("%q takes %d columns, not %d", text, got, want)
		}
	}
	text := wrap(strings.Repeat("用于加密每一张订单。", 8), 40)
	for line := range strings.SplitSeq(text, "\n") {
		if columns(line) > 40 || columns(line) < 30 && !strings.HasSuffix(text, line) || strings.HasPrefix(line, "。") {
			t.Errorf("a line of %d columns: %s", columns(line), line)
		}
	}
	for _, piece := range []string{"`kmsplan state rm 'key.订单[\"" + strings.Repeat("长", 20) + "\"]'`", `key.orders["a key with quite a long name of its own"]`} {
		for width := narrowest; width < defaultWidth; width++ {
			if got := fold("See "+piece+", 好。", width); !strings.Contains(got, piece) {
				t.Fatalf("at %d columns %s is broken:\n%s", width, piece, got)
			}
		}
	}
	if got := cut(strings.Repeat("订", 50), 39); columns(got) > 39 {
		t.Errorf("a line that is drawn over takes %d columns", columns(got))
	}
}

// TestAListIsNotFolded holds that what a shell reads line by line stays as it is.
func TestAListIsNotFolded(t *testing.T) {
	var b bytes.Buffer
	(&Terminal{Out: &b, Err: &b, Width: plainWidth}).Listed(nil, long)
	if b.String() != long+"\n" {
		t.Errorf("a list reads %q", &b)
	}
}
