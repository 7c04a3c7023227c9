package fault_test

import (
	"reflect"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/fault"
)

var operations = []string{"CreateKey", "DescribeKey", "Encrypt", "ListKeys"}

func TestParse(t *testing.T) {
	for text, want := range map[string][]fault.Rule{
		"":                                       {},
		"CreateKey:drop-after-commit":            {{Operation: "CreateKey", Action: fault.DropAfterCommit}},
		"CreateKey:drop-after-commit:1":          {{Operation: "CreateKey", Action: fault.DropAfterCommit, Times: 1}},
		"*:delay=2s:*":                           {{Action: fault.Delay, Argument: "2s", Times: -1}},
		"instance/Encrypt:corrupt:3+2":           {{Gateway: "instance", Operation: "Encrypt", Action: fault.Corrupt, After: 3, Times: 2}},
		"ListKeys:reject=Forbidden.NoPermission": {{Operation: "ListKeys", Action: fault.Reject, Argument: "Forbidden.NoPermission"}},
		" CreateKey:reject=X/418:2 , ListKeys:html=503": {
			{Operation: "CreateKey", Action: fault.Reject, Argument: "X/418", Times: 2},
			{Operation: "ListKeys", Action: fault.HTML, Argument: "503"},
		},
		"*:clock-skew=-20m:*": {{Action: fault.ClockSkew, Argument: "-20m", Times: -1}},
		"*:tls-expired":       {{Action: fault.TLSExpired}},
	} {
		got, err := fault.Parse(text, operations)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

func TestParseRefusesWithAHint(t *testing.T) {
	for text, hint := range map[string]string{
		"CreateKay:reject":                  `did you mean "CreateKey"`,
		"createkey:reject":                  `did you mean "CreateKey"`,
		"CreateKey:drop-after-comit":        `did you mean "drop-after-commit"`,
		"CreateKey":                         "Operation:action",
		"CreateKey:":                        "no action",
		"CreateKey:explode":                 "known are",
		"CreateKey:reject:0":                "count from 1",
		"CreateKey:reject:x":                "count from 1",
		"CreateKey:reject:1:2":              "Operation:action",
		"CreateKey:delay=soon":              "duration",
		"CreateKey:delay=-1s":               "duration",
		"CreateKey:delay=2h":                "duration",
		"CreateKey:truncate=-1":             "whole number",
		"CreateKey:slow-body=0":             "whole number",
		"CreateKey:html=99":                 "status",
		"CreateKey:reject=X/200":            "400 to 599",
		"CreateKey:drop-before=1":           "takes no argument",
		"CreateKey:tls-cut":                 "connections",
		"CreateKey:wrong-arn=id":            "account or region",
		"CreateKey:about-another=a b":       "a name or an id",
		"CreateKey:late-tags=x":             "duration",
		"publik/CreateKey:reject":           "did you mean",
		"CreateKey:reject,DescribeKey:oops": "known are",
	} {
		_, err := fault.Parse(text, operations)
		if err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("%q: %v, want a word of %q", text, err, hint)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("CreateKey:drop-after-commit:1,*:delay=2s:*,instance/Encrypt:corrupt:3+2")
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := fault.Parse(text, operations)
		if err != nil {
			return
		}
		i := fault.New(operations, func() {})
		for _, r := range rules {
			if _, err := i.Add(r); err != nil {
				t.Fatalf("%q parses and is then refused: %v", text, err)
			}
		}
	})
}

func TestCountsAreExact(t *testing.T) {
	i := fault.New(operations, nil)
	if _, err := i.AddText("CreateKey:reject:2+3"); err != nil {
		t.Fatal(err)
	}
	acted := ""
	for range 8 {
		i.Match(fault.OnExecution, fault.Event{Gateway: "public", Operation: "DescribeKey"})
		i.Match(fault.OnArrival, fault.Event{Gateway: "public", Operation: "CreateKey"})
		if i.Match(fault.OnExecution, fault.Event{Gateway: "public", Operation: "CreateKey"}) != nil {
			acted += "x"
		} else {
			acted += "."
		}
	}
	if acted != "..xxx..." {
		t.Fatalf("acted %s", acted)
	}
	if r := i.Rules()[0]; r.Seen != 8 || r.Fired != 3 {
		t.Fatalf("%+v", r)
	}
}

func TestRulesMatchEveryField(t *testing.T) {
	full := fault.Event{Gateway: "public", Operation: "CreateKey", Key: "k", Caller: "c"}
	for field, e := range map[string]fault.Event{
		"gateway":   {Gateway: "instance", Operation: "CreateKey", Key: "k", Caller: "c"},
		"operation": {Gateway: "public", Operation: "ListKeys", Key: "k", Caller: "c"},
		"key":       {Gateway: "public", Operation: "CreateKey", Key: "l", Caller: "c"},
		"caller":    {Gateway: "public", Operation: "CreateKey", Key: "k", Caller: "d"},
	} {
		i := fault.New(operations, nil)
		if _, err := i.Add(fault.Rule{Gateway: "public", Operation: "CreateKey", Key: "k", Caller: "c", Action: fault.Reject}); err != nil {
			t.Fatal(err)
		}
		if i.Match(fault.OnExecution, e) != nil {
			t.Errorf("acts on another %s", field)
		}
		if i.Match(fault.OnExecution, full) == nil {
			t.Error("does not act on its own call")
		}
	}
}

func TestAddTextIsAllOrNothing(t *testing.T) {
	i := fault.New(operations, nil)
	if _, err := i.AddText("CreateKey:reject,CreateKey:crash-after-commit"); err == nil || !strings.Contains(err.Error(), "serve") {
		t.Fatalf("a crash rule in a foreign process: %v", err)
	}
	if len(i.Rules()) != 0 {
		t.Fatal("half of the list is in force")
	}
	rules, err := i.AddText("CreateKey:reject,ListKeys:reject")
	if err != nil {
		t.Fatal(err)
	}
	if i.Remove(rules[0].ID) != 1 || len(i.Rules()) != 1 || i.Remove() != 1 || len(i.Rules()) != 0 {
		t.Fatal("Remove removed something else")
	}
}
