package lint

import (
	"slices"
	"strings"
	"testing"
)

// ask runs the rules of the ids over one file.
func ask(t *testing.T, name, text string, ids ...string) Report {
	t.Helper()
	var o Options
	for _, id := range ids {
		r := Lookup(Rules(), id)
		if r == nil {
			t.Fatal("no rule " + id)
		}
		o.Only = append(o.Only, r)
	}
	return Run(fixture{name: []byte(text)}.input(t), o)
}

// TestWhatACommentAnswersFor holds how far an ignore comment reaches.
func TestWhatACommentAnswersFor(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		left []string
	}{
		"above a block": {`
# kmsplan:ignore KP001 thrown away every night
key "a" {}
key "b" {}`, []string{"main.kms.hcl:4 key.b"}},
		"above a block, over a blank line and other comments": {`
# kmsplan:ignore KP001 thrown away every night

# It is made by a test.
key "a" {}`, nil},
		"all of a block": {`
# kmsplan:ignore KP001 thrown away every night
key "a" {
  description         = "A"
  deletion_protection = false
}`, nil},
		"behind a header": {`
key "a" { # kmsplan:ignore KP001 thrown away every night
  deletion_protection = false
}`, nil},
		"behind an argument": {`
key "a" {
  deletion_protection = false # kmsplan:ignore KP001 thrown away every night
}`, nil},
		"above an argument": {`
key "a" {
  // kmsplan:ignore deletion-protection thrown away every night
  deletion_protection = false
}`, nil},
		"above an argument of several lines": {`
key "a" {
  # kmsplan:ignore KP017 nobody's yet
  tags = {
    app = "x"
  }
}`, []string{"main.kms.hcl:2 key.a"}},
		"another rule": {`
# kmsplan:ignore KP002 thrown away every night
key "a" {}`, []string{"main.kms.hcl:3 key.a"}},
		"inside a block, above another argument": {`
key "a" {
  # kmsplan:ignore KP001 thrown away every night
  description         = "A"
  deletion_protection = false
}`, []string{"main.kms.hcl:5 key.a"}},
		"at the end of a block": {`
key "a" {
  deletion_protection = false
  # kmsplan:ignore KP001 thrown away every night
}`, []string{"main.kms.hcl:3 key.a"}},
		"at the end of the file": {`
key "a" {}
# kmsplan:ignore KP001 thrown away every night`, []string{"main.kms.hcl:2 key.a"}},
		"in a text": {`
key "a" {
  description = "# kmsplan:ignore KP001 thrown away every night"
}`, []string{"main.kms.hcl:2 key.a"}},
		"without a reason": {`
# kmsplan:ignore KP001
key "a" {}`, []string{"main.kms.hcl:3 key.a"}},
		"in a block of one line, CR LF": {"\r\n/* kmsplan:ignore KP001 thrown away every night */\r\nkey \"a\" {}\r\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			report := ask(t, "main.kms.hcl", c.text+"\ngateway \"dev\" {\n  emulator {}\n}\n", "KP001")
			if got := places(report.Findings); !slices.Equal(got, c.left) {
				t.Errorf("left %q, and %q was meant", got, c.left)
			}
			for _, f := range report.Suppressed {
				if f.Reason != "thrown away every night" {
					t.Errorf("the reason is %q", f.Reason)
				}
			}
			if len(report.Findings)+len(report.Suppressed) == 0 {
				t.Error("nothing was found at all")
			}
		})
	}
}

// TestACommentInJSON holds that the "//" property of an object answers for it and for nothing else.
func TestACommentInJSON(t *testing.T) {
	const text = `{
  "//": "kmsplan:ignore-not-this",
  "gateway": {"dev": {"emulator": {}}},
  "key": {
    "a": {"//": ["A test's.", "kmsplan:ignore KP001 thrown away every night"], "deletion_protection": false},
    "b": {"//": "kmsplan:ignore KP002 another", "description": "kmsplan:ignore KP001 no comment"},
    "c": {"//": "kmsplan:ignore KP001"}
  }
}`
	report := ask(t, "main.kms.json", text, "KP001", "KP090", "KP091")
	if got := places(report.Findings); !slices.Equal(got, []string{"main.kms.json:6 key.b", "main.kms.json:7 key.c", "main.kms.json:7"}) {
		t.Errorf("left: %q", got)
	}
	if len(report.Suppressed) != 1 || report.Suppressed[0].Address != "key.a" {
		t.Errorf("answered for: %q", places(report.Suppressed))
	}
}

// TestAnUnusedComment holds that a comment is told of where its rule was asked and found nothing, and only then.
func TestAnUnusedComment(t *testing.T) {
	const text = `
gateway "dev" {
  emulator {}
}
# kmsplan:ignore KP001,KP002 thrown away every night
key "a" {
  deletion_protection = true
}
# kmsplan:ignore KP014 it is renewed by hand
key "b" {}
`
	for _, c := range []struct {
		ids  string
		want string
	}{
		{"KP001 KP091", "KP001 finds nothing"}, {"KP002 KP091", ""}, {"KP091", ""}, {"KP014 KP091", ""},
	} {
		var said []string
		for _, f := range ask(t, "main.kms.hcl", text, strings.Fields(c.ids)...).Findings {
			if f.Rule.ID == "KP091" {
				said = append(said, f.Message)
			}
		}
		if got := strings.Join(said, " "); !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s: %q", c.ids, got)
		}
	}
}

// TestAMilderFindingUsesItsComment holds that -min-severity does not turn a comment into an unused one.
func TestAMilderFindingUsesItsComment(t *testing.T) {
	in := fixture{"main.kms.hcl": []byte("gateway \"dev\" {\n  emulator {}\n}\n# kmsplan:ignore KP030 soon\nkey \"a\" {}\n")}.input(t)
	for _, f := range Run(in, Options{Least: Warning}).Findings {
		if f.Rule.ID == "KP091" {
			t.Error(f.Message)
		}
	}
}
