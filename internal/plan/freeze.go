package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/safety"
)

// checkFreezes refuses calls on managed objects while a freeze lasts. What state alone takes note of is no change of
// an object, and a deletion window waits for nobody: rescues are carried out as ever.
func (p *planner) checkFreezes() { p.eachFreeze(p.checkFreeze) }

// eachFreeze names the freezes that last now.
func (p *planner) eachFreeze(check func(*hcl.Freeze)) {
	for i := range p.in.Config.Settings.Freezes {
		if f := &p.in.Config.Settings.Freezes[i]; !p.today().Before(f.From) && p.today().Before(f.Until) {
			check(f)
		}
	}
}

// FrozenBatch are the freezes that keep a batch from writing objects: nothing of KMS changes, and what its users read does.
func FrozenBatch(cfg *hcl.Config, a addr.Address, now time.Time) []Refusal {
	p := &planner{in: Input{Config: cfg, Now: now}, plan: &Plan{}}
	p.eachFreeze(func(f *hcl.Freeze) {
		if !exceptions(f)(a) {
			p.refuseFrozen(f, "this batch would change the objects of", []string{a.String()})
		}
	})
	return p.plan.Refusals
}

// today is when the plan would be carried out, which a saved plan's time is not.
func (p *planner) today() time.Time {
	if p.in.Today.IsZero() {
		return p.in.Now
	}
	return p.in.Today
}

func (p *planner) checkFreeze(f *hcl.Freeze) {
	excepted := exceptions(f)
	var frozen []string
	for _, n := range p.order {
		if c := &n.change; !n.refused && len(c.Calls) > 0 && !c.IsOnlyRescue() && !excepted(c.Addr) {
			frozen = append(frozen, c.Addr.String())
		}
	}
	p.refuseFrozen(f, "this plan would change", frozen)
}

// refuseFrozen refuses what would change while a freeze lasts.
func (p *planner) refuseFrozen(f *hcl.Freeze, what string, frozen []string) {
	if len(frozen) == 0 || safety.Off(safety.PlanFreeze) {
		return
	}
	why := ""
	if f.Reason != "" {
		why = " (" + f.Reason + ")"
	}
	p.refuse(GuardFrozen, addr.Address{},
		fmt.Sprintf("Nothing is to change from %s until %s%s, and %s %s.",
			f.From.Format(time.RFC3339), f.Until.Format(time.RFC3339), why, what, strings.Join(listed(frozen), ", ")),
		fmt.Sprintf("Wait until %s.", f.Until.Format(time.RFC3339)),
		"If it cannot wait, let what must change through, and nothing else:"+freezeText(f, frozen))
}

// exceptions matches the addresses that a freeze leaves out: blocks with all their instances, or instances.
func exceptions(f *hcl.Freeze) func(addr.Address) bool {
	var patterns []*regexp.Regexp
	for _, e := range f.Except {
		patterns = append(patterns, regexp.MustCompile("^"+strings.ReplaceAll(regexp.QuoteMeta(e), `\*`, ".*")+"$"))
	}
	return func(a addr.Address) bool {
		for _, p := range patterns {
			if p.MatchString(a.String()) || p.MatchString(a.Block().String()) {
				return true
			}
		}
		return false
	}
}

// freezeText is the block with further exceptions.
func freezeText(f *hcl.Freeze, except []string) string {
	return fmt.Sprintf("\nkmsplan {\n  freeze {\n    from   = %q\n    until  = %q\n    except = %s\n  }\n}\n",
		f.From.Format(time.RFC3339), f.Until.Format(time.RFC3339), quotedList(slices.Concat(f.Except, except)))
}

// quotedList is a list as the language writes it.
func quotedList(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = string(hclwrite.TokensForValue(cty.StringVal(w)).Bytes())
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
