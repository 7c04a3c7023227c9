package view

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
)

// planTold is a view that was told of a plan with something of everything, in which others wrote a description.
func planTold() *Told {
	key := func(name string) addr.Address { return addr.Resource("key", name) }
	p := &plan.Plan{
		Created: today,
		Changes: []plan.Change{
			{Addr: key("made"), Kind: "key", Action: plan.Create, Diff: []plan.AttrDiff{{Name: "description", After: text("```\n" + hostile)}}, Calls: []string{"CreateKey"}},
			{Addr: key("kept"), Kind: "key", Action: plan.Rescue, Reason: "the key waits for deletion", Calls: []string{"CancelKeyDeletion"}},
			{Addr: key("going"), Kind: "key", Action: plan.Retire, Calls: []string{"ScheduleKeyDeletion"}},
			{Addr: addr.Resource("alias", "a"), Kind: "alias", Action: plan.Delete, Calls: []string{"DeleteAlias"}},
			{Addr: addr.Resource("alias", "same"), Kind: "alias", Action: plan.NoOp},
			{Addr: key("in"), Kind: "key", Action: plan.Adopt, ID: "key-7"},
		},
		Drift:    []plan.Drift{{Addr: key("touched"), Kind: "key", Diff: []plan.AttrDiff{{Name: "enabled", Before: cty.True, After: cty.False}}}, {Addr: key("gone"), Kind: "key", Gone: true}},
		Dying:    []plan.DyingKey{{ID: "key-9", DeleteAt: today}, {ID: "key-1", Addr: key("kept"), DeleteAt: today}},
		Radius:   []plan.Radius{{Addr: key("going"), Secrets: 14, Files: 212}},
		Warnings: []plan.Warning{{Addr: key("made"), Summary: "Odd", Detail: hostile}},
	}
	t := &Told{About: About{Version: "1.2.3", Command: "plan", Prefix: "infra", Stack: "infra"}}
	t.Plan(p)
	return t
}

// refusedTold is planTold with a guard that fired.
func refusedTold() *Told {
	t := planTold()
	t.plan.Refusals = []plan.Refusal{{Guard: "key-vanished", Addr: addr.Resource("key", "lost"), Reason: hostile, WaysForward: []string{"Put it back.", "removed {\n  from = key.lost\n}"}}}
	return t
}

// TestPlanForms holds that each form of a plan keeps to its rules whatever is in the plan.
func TestPlanForms(t *testing.T) {
	drift := &Told{About: About{Command: "drift"}}
	drift.Drift(plan.Drifts{At: today, Drift: planTold().plan.Drift, Dying: planTold().plan.Dying})
	for name, told := range map[string]*Told{
		"plan": planTold(), "refused": refusedTold(), "drift": drift, "empty": {plan: &plan.Plan{}}, "large": largeTold(), "broken": brokenTold(),
	} {
		t.Run(name, func(t *testing.T) {
			parsedSarif(t, told)
			doc := string(must(markdown(told)))
			if n := len([]rune(doc)); n > maxComment {
				t.Errorf("%d characters", n)
			}
			if strings.Count(doc, "<details") != strings.Count(doc, "</details>") || !fencesClose(doc) {
				t.Errorf("a fence or a fold stays open: %s", doc)
			}
			if outside := outsideFences(doc); strings.Contains(outside, "<script>") || strings.Contains(outside, "@team") {
				t.Errorf("text of others has a meaning:\n%s", outside)
			}
			for _, line := range strings.Split(strings.TrimSpace(string(must(github(told)))), "\n") {
				if line != "" && !regexp.MustCompile(`^::(error|warning|notice) [^:]*::`).MatchString(line) {
					t.Errorf("no annotation: %q", line)
				}
			}
		})
	}
}

func largeTold() *Told {
	t := planTold()
	for i := range 5000 {
		c := t.plan.Changes[0]
		c.Addr = addr.Resource("key", fmt.Sprintf("k%d", i))
		t.plan.Changes = append(t.plan.Changes, c)
	}
	return t
}

// fencesClose reports whether every fence is closed by one as long as it.
func fencesClose(doc string) bool {
	_, open := walkFences(doc)
	return open == ""
}

func outsideFences(doc string) string {
	outside, _ := walkFences(doc)
	return outside
}

func walkFences(doc string) (outside, open string) {
	fence := regexp.MustCompile("^`{3,}")
	for _, line := range strings.Split(doc, "\n") {
		f := fence.FindString(line)
		switch {
		case open == "" && f != "":
			open = f
		case open == "":
			outside += line + "\n"
		case len(f) >= len(open) && strings.Trim(line, "`") == "":
			open = ""
		}
	}
	return outside, open
}

// TestMarkdownOfAPlanBeginsWithWhatIsToBeFeared holds the order: the figures, what stops working, what goes, then the rest to unfold.
func TestMarkdownOfAPlanBeginsWithWhatIsToBeFeared(t *testing.T) {
	doc := string(must(markdown(planTold())))
	at := -1
	for _, want := range []string{
		"<!-- kmsplan:plan:infra -->", "### kmsplan plan: 1 to import, 1 to add, 1 to change, 2 to destroy in `infra`", "**Blast radius**: without key.going 14 secrets and 212 files stop decrypting",
		"`key.kept` will be rescued from deletion (the key waits for deletion)", "`key.going` will be retired by one step", "`alias.a` will be destroyed", "`key-9` waits for deletion", "<details><summary>Changed outside of kmsplan: 2 objects", "```diff",
		"<summary>Plan</summary>", "+  key \"made\" {", "1 warning</summary>",
	} {
		i := strings.Index(doc, want)
		if i < at || i < 0 {
			t.Fatalf("%q is at %d, behind %d:\n%s", want, i, at, doc)
		}
		at = i
	}
	if refused := string(must(markdown(refusedTold()))); !strings.Contains(refused, "### kmsplan plan: refused in") || !strings.Contains(refused, "key.lost") {
		t.Errorf("refused:\n%s", refused)
	}
}

// TestGitLabCountsAsItsRecipeDoes holds the figures against what GitLab's recipe counts in Terraform's plan JSON: the actions of
// every resource change.
func TestGitLabCountsAsItsRecipeDoes(t *testing.T) {
	for name, told := range map[string]*Told{"plan": planTold(), "large": largeTold(), "empty": {plan: &plan.Plan{}}, "broken": brokenTold()} {
		doc := must(gitlabTerraform(told))
		var got map[string]int
		if err := json.Unmarshal(doc, &got); err != nil || len(got) != 3 {
			t.Fatalf("%s: %v %s", name, err, doc)
		}
		want := map[string]int{"create": 0, "update": 0, "delete": 0}
		if told.plan != nil {
			raw, err := json.Marshal(planJSON(told.plan, "1"))
			var whole struct {
				Changes []struct{ Change struct{ Actions []string } } `json:"resource_changes"`
			}
			if err := errorsOf(err, json.Unmarshal(raw, &whole)); err != nil {
				t.Fatal(err)
			}
			for _, c := range whole.Changes {
				for _, a := range c.Change.Actions {
					if _, counted := want[a]; counted {
						want[a]++
					}
				}
			}
		}
		for k, n := range want {
			if got[k] != n {
				t.Errorf("%s: %s is %d, and %d was meant", name, k, got[k], n)
			}
		}
	}
}

func TestGitHubOutputsOfAPlan(t *testing.T) {
	got := string(planTold().GitHubOutputs())
	for _, want := range []string{"changes=true\n", "refused=false\n", "add=1\n", "destroy=2\n", "drift=2\n", "waiting=2\n", "failed=false\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not among %q", want, got)
		}
	}
}

// What comment bots look for, as they have it: Atlantis (models.go, plan_step_runner.go) and tfcmt (pkg/terraform/parser.go).
var (
	atlantisSummary = regexp.MustCompile(`Plan: (?:(\d+) to import, )?(\d+) to add, (\d+) to change, (\d+) to destroy(?:, (\d+) to forget)?\.`)
	tfcmtPass       = regexp.MustCompile(`(?m)^(Plan: \d|No changes.)`)
	tfcmtCreated    = regexp.MustCompile(`(?m)^ *# (.*) will be created$`)
	tfcmtDestroyed  = regexp.MustCompile(`(?m)^ *# (.*) will be destroyed$`)
	botsNote        = "Note: Objects have changed outside of Terraform"
	botsActions     = "Terraform will perform the following actions:"
)

// TestBotsFindTheirLines holds that with KMSPLAN_COMPAT_UI=terraform the bots' expressions match, also where a plan retires and
// moves, and that without it the lines are ours.
func TestBotsFindTheirLines(t *testing.T) {
	p := planTold().plan
	p.Changes = append(p.Changes, plan.Change{Addr: addr.Resource("key", "off"), Kind: "key", Action: plan.Retire, Calls: []string{"DisableKey"}})
	shown := printed(78, false, func(term *Terminal) { term.compat = compatNames["terraform"]; term.Plan(p) })
	for _, re := range []*regexp.Regexp{atlantisSummary, tfcmtPass, tfcmtCreated, tfcmtDestroyed} {
		if !re.MatchString(shown) {
			t.Errorf("%s does not match:\n%s", re, shown)
		}
	}
	for _, line := range []string{botsNote, botsActions, "\nBesides: 1 to retire.\n"} {
		if !strings.Contains(shown, line) {
			t.Errorf("%q is not among:\n%s", line, shown)
		}
	}
	if ours := printed(78, false, func(term *Terminal) { term.Plan(p) }); strings.Contains(ours, "Terraform") || atlantisSummary.MatchString(ours) {
		t.Errorf("without being asked:\n%s", ours)
	}
	for value, want := range map[string]string{"terraform": "Terraform", "opentofu": "OpenTofu", "": "", "pulumi": ""} {
		term := NewTerminal(nil, nil, func(name string) string {
			if name == compatVariable {
				return value
			}
			return ""
		})
		if term.compat != want {
			t.Errorf("%s=%s: %q", compatVariable, value, term.compat)
		}
	}
}
