package view

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
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

// said calls one method of a view with something to say.
func said(v View, method string) {
	m := reflect.ValueOf(v).MethodByName(method)
	var args []reflect.Value
	for i := range m.Type().NumIn() {
		args = append(args, something(m.Type().In(i)))
	}
	if m.Type().IsVariadic() {
		m.CallSlice(args)
		return
	}
	m.Call(args)
}

// something is a value of the type that every view can show.
func something(t reflect.Type) reflect.Value {
	key := addr.Resource("key", "k")
	for _, v := range []any{
		"text %v", []string{"a line"}, errors.New("a failure"), &plan.Plan{
			Created: today, Changes: []plan.Change{{Addr: key, Kind: "key", Action: plan.Create}}, Refusals: []plan.Refusal{{Guard: "g"}},
		},
		[]plan.Refusal{{Guard: "g", Reason: "No."}}, []plan.Checked{{Addr: key, Status: plan.Passed}}, apply.Step{Addr: key, Action: plan.Create}, apply.Outcome{ID: "key-1", Reason: "x"},
		lint.Report{Findings: []lint.Finding{{Rule: lint.Rules()[0], Message: "Wrong."}}}, apply.Recovered{}, apply.Recovery{}, apply.Report{}, hclv2.Diagnostics{{Severity: hclv2.DiagError, Summary: "Wrong"}}, map[string]*hclv2.File{},
		state.State{Resources: []state.Resource{{Address: "key.k", Kind: "key"}}}, state.Resource{Address: "key.k", Kind: "key"}, []state.File{{Path: "f"}},
		map[string]any{"o": "v"}, []Envelope{{Path: "f"}}, []Finding{{Check: "c"}}, plan.Drifts{At: today, Drift: []plan.Drift{{Addr: key, Kind: "key", Gone: true}}}, []Traffic{{Gateway: "g", Calls: map[string]int{"X": 1}}}, Reading{Gateway: "g", Total: 1000, PerSecond: 10}, TestRun{File: "f", Run: "r", Line: 1, Status: "fail", Reasons: []string{"x"}}, TestCounts{Status: "pass", Sentence: "Success! 1 passed, 0 failed."}, load.Span{Number: 1, Requests: 2, Answered: 1, Errors: map[string]int{"client": 1}, Codes: map[string]int{"X": 1}}, load.Report{Span: load.Span{Requests: 1, Answered: 1}, Ended: load.EndedByCount}, Working{Done: 1, Total: 100, At: today}, Tree{Verb: "encrypting", Done: 1, Total: 100, At: today},
		[]plan.Batch{{Addr: addr.Resource("batch", "b"), Action: "rewrap", Source: "s3://b/", Waits: "it was cancelled"}},
		wholeBatch(), []Granted{{"p", []string{"GRANT 1;"}}}, Listing{Address: "batch.b", Objects: 1, Began: today, At: today.Add(2 * time.Minute)}, Batching{Record: batch.Record{Spec: wholeBatch().Spec, Status: batch.Running}, Began: today, At: today.Add(time.Minute)}, json.RawMessage(`{"a":1}`), []any{"x"}, [][]string{{"a cell"}},
	} {
		if reflect.TypeOf(v) == t || t.Kind() == reflect.Interface && t.NumMethod() == 0 || t.Kind() == reflect.Interface && reflect.TypeOf(v).Implements(t) {
			return reflect.ValueOf(v)
		}
	}
	panic("no value of " + t.String())
}

// methods are what a view can say.
func methods() (names []string) {
	t := reflect.TypeFor[View]()
	for i := range t.NumMethod() {
		names = append(names, t.Method(i).Name)
	}
	return names
}

// TestSeveralViewsSayWhatEachWouldSay holds that a multi view passes every call on to each of its views.
func TestSeveralViewsSayWhatEachWouldSay(t *testing.T) {
	stream := func(b *bytes.Buffer) View { return NewLines(b, "1", func() time.Time { return today }) }
	forms := map[string]func(*bytes.Buffer) View{
		"terminal": func(b *bytes.Buffer) View { return &Terminal{Out: b, Err: b, Width: 78} }, "lines": stream,
		"document": func(b *bytes.Buffer) View { return NewDocument(&Terminal{Out: b, Err: b, Width: 78}, "1") },
	}
	silent := map[string]bool{}
	for _, method := range methods() {
		for name, form := range forms {
			var alone, first, second bytes.Buffer
			said(form(&alone), method)
			said(New(nil, form(&first), form(&second)), method)
			if alone.String() != first.String() || alone.String() != second.String() {
				t.Errorf("%s of a %s: alone it says %q, among others %q and %q", method, name, &alone, &first, &second)
			}
			if name == "terminal" && alone.Len() == 0 {
				silent[method] = true
			}
		}
	}
	delete(silent, "Calling")
	if len(silent) > 0 {
		t.Errorf("people are not told of %v", silent)
	}
}

// TestEveryLineIsJSON holds that nothing said to a reader of lines is anything but JSON with a type.
func TestEveryLineIsJSON(t *testing.T) {
	var b bytes.Buffer
	v := New(NewLines(&b, "1", func() time.Time { return today }))
	for _, method := range methods() {
		said(v, method)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	for _, line := range lines {
		var got struct {
			Type    string
			Message string `json:"@message"`
		}
		if err := json.Unmarshal([]byte(line), &got); err != nil || got.Type == "" || got.Message == "" {
			t.Errorf("not a line of JSON with a type and a message: %v\n%s", err, line)
		}
	}
	if len(lines) < 15 {
		t.Errorf("only %d lines", len(lines))
	}
}

// TestADocumentIsAlone holds that -json leaves nothing but the document on standard output: talk goes to standard error.
func TestADocumentIsAlone(t *testing.T) {
	for _, method := range []string{"Diagnostics", "Refusals", "Recovered", "Notef", "Error", "Saved"} {
		var out, errs bytes.Buffer
		said(NewDocument(&Terminal{Out: &out, Err: &errs, Width: 78}, "1"), method)
		if out.Len() > 0 || errs.Len() == 0 {
			t.Errorf("%s: on standard output %q, on standard error %q", method, &out, &errs)
		}
	}
}
