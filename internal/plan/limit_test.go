package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
)

// TestEveryLimit holds each argument of limits: what exceeds it is refused with the figure to write, and with that figure
// it is not.
func TestEveryLimit(t *testing.T) {
	const (
		stack = `key "k" {}
key "n" {}
alias "a" {
  name = "alias/a"
  key  = key.k.id
}
alias "b" {
  name = "alias/b"
  key  = key.k.id
}
`
		retired   = "removed {\n  from   = key.n\n  action = \"retire\"\n}\n"
		forgotten = "removed {\n  from   = key.n\n  action = \"forget\"\n}\n"
	)
	moved := strings.Replace(stack, "key.k.id", "key.n.id", 1)
	bare := strings.Replace(stack, "key \"n\" {}\n", "", 1)
	oneAlias := stack[:strings.Index(stack, "alias \"b\"")]
	disabled := strings.Replace(stack, `key "n" {}`, "key \"n\" {\n  enabled = false\n}", 1)
	tests := map[string]struct {
		change        string
		least         int    // that allows it
		beside, named string // other limits that the change needs; what the refusal names
	}{
		"deletions":         {bare + retired, 1, "", "key.n"},
		"removals":          {oneAlias, 1, "", "alias.b"},
		"deleted_share":     {oneAlias, 25, "", "1 of 4 managed objects"},
		"alias_moves":       {moved, 1, "", "alias.a"},
		"alias_moves_share": {moved, 50, "", "1 of the 2"},
		"disables":          {disabled, 1, "", "key.n"},
		"disabled_share":    {disabled, 50, "", "1 of the 2"},
		"forgets":           {bare + forgotten, 1, "", "key.n"},
		"forgotten_share":   {bare + forgotten, 25, "", "1 of 4 managed objects"},
		"changes":           {disabled, 1, "", "key.n"},
		"changed_share":     {disabled, 25, "", "1 of 4 managed objects"},
	}
	for _, a := range kind.Settings.Block("limits").Attributes {
		if _, tried := tests[a.Name]; !tried {
			t.Errorf("nothing tries %s", a.Name)
		}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.apply(stack)
			refusal := func(most int) (text string) {
				for _, r := range w.plan(config(t, fmt.Sprintf("kmsplan {\n  limits {\n    %s = %d\n  }\n}\n%s", name, most, test.change))).Refusals {
					if r.Guard == plan.GuardTooMany {
						text += r.Reason + strings.Join(r.WaysForward, "")
					}
				}
				return text
			}
			got := refusal(test.least - 1)
			if !strings.Contains(got, test.named) || !strings.Contains(got, fmt.Sprintf("%s = %d", name, test.least)) {
				t.Errorf("%s = %d: %q", name, test.least-1, got)
			}
			if got := refusal(test.least); got != "" {
				t.Errorf("%s = %d: %s", name, test.least, got)
			}
		})
	}
}
