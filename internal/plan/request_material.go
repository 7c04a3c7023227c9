package plan

import (
	"fmt"
	"slices"
	"time"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/state"
)

// Import is what ActImport brings in, and until when.
type Import struct {
	Match   state.Match // of the fingerprint that state has of the key's material; only Different is in the way
	Said    bool        // Expires was said; otherwise it is the block's
	Expires time.Time   // zero: never
}

// askImport plans the import of material that is at hand:
//
//	material                 key             expiry           →
//	other than it had        any                              refuse other-material
//	the same, or the first   PendingImport   any              import
//	the same, or the first   usable          another          import, with the new one
//	the same, or the first   usable          as it is         nothing
func (p *planner) askImport(n *node) {
	if reason, ways := n.takesNoMaterial(); reason != "" {
		p.impossible(n, fmt.Sprintf("Nothing can be imported into %s (%s): %s", n.addr, n.object.ID, reason), ways...)
		return
	}
	if isOther(n.asked.Import.Match) {
		n.otherMaterial = true
		return
	}
	live, waits := liveExpiry(n), n.object.State == StatePendingImport
	declared, managed := momentOf(n.body.Blocks[kind.MaterialBlock]["expires"])
	expires := p.askedExpiry(n, declared, managed)
	if !waits && expires.Equal(live) {
		n.change.Reason, n.change.PreImage = "its material is there, and expires "+words(live), nil
		return
	}
	if p.isPast(n, expires) {
		return
	}
	reason := "its material is imported again, to expire " + words(expires)
	if waits {
		reason = p.whyImported(n)
	}
	n.asks(importCalls[0], reason, AttrDiff{Name: MaterialPrint, Before: cty.NullVal(cty.String), After: cty.NullVal(cty.String), WriteOnly: true})
	n.change.Calls = slices.Clone(importCalls)
	if !expires.Equal(live) {
		n.change.Diff = append(n.change.Diff, AttrDiff{Name: "material_expires", Before: moment(live), After: moment(expires)})
	}
	resolved := *n.asked
	resolved.Import.Expires = expires
	n.change.Asked = &resolved
	if managed && !declared.Equal(expires) {
		p.thenDeclaredExpiry(n, declared)
	}
}

// thenDeclaredExpiry says what the next plan makes of an expiry that is not the declared one.
func (p *planner) thenDeclaredExpiry(n *node, declared time.Time) {
	next := "the next plan imports it once more with that"
	if !declared.IsZero() && !declared.After(p.in.Now) {
		next = "that is past, and no plan is made with it"
	}
	p.then("the material block of %s says that it expires %s: %s; write the other expires there, or leave it out", n.addr, words(declared), next)
}

// askedExpiry is when material that is asked for expires: as it was said, else as the block says, else as it does.
func (p *planner) askedExpiry(n *node, declared time.Time, managed bool) time.Time {
	switch {
	case n.asked.Import.Said:
		return n.asked.Import.Expires
	case managed:
		return declared
	case n.object.State == StatePendingImport:
		return time.Time{}
	}
	return liveExpiry(n)
}

// isPast refuses an expiry that KMS would refuse.
func (p *planner) isPast(n *node, expires time.Time) bool {
	if expires.IsZero() || expires.After(p.in.Now) {
		return false
	}
	from := "its material block says so, and -expires TIME or -expires never says otherwise"
	if n.asked.Import.Said {
		from = "give a later one, or never"
	}
	p.diags = p.diags.Append(&hclv2.Diagnostic{
		Severity: hclv2.DiagError, Summary: "Expiry in the past",
		Detail: fmt.Sprintf("The material of %s would expire %s, which is past: %s.", n.addr, words(expires), from),
	})
	return true
}

// takesNoMaterial is why KMS, or kmsplan, imports nothing into a key, with the ways on; "" when it does.
func (n *node) takesNoMaterial() (reason string, ways []string) {
	spec, leave := text(n.object.Attrs["spec"]), "Leave it as it is."
	switch state := n.object.State; {
	case text(n.object.Attrs["origin"]) != kind.OriginExternal:
		return "KMS made its material itself, and takes no other.",
			[]string{fmt.Sprintf("Declare another key with origin = %q, move aliases and files to that one, and retire the old one.", kind.OriginExternal), leave}
	case kind.MaterialSize(spec) == 0:
		return fmt.Sprintf("its spec is %s, and kmsplan imports symmetric material only.", spec),
			[]string{"Import it with the service's console, or with " + ByHand(n.gateway, "ImportKeyMaterial") + ".", leave}
	case state != "" && state != StatePendingImport && state != StateEnabled && state != StateDisabled:
		return fmt.Sprintf("its state is %s.", state), []string{"Wait until it waits for its material (PendingImport), and import it then.", leave}
	}
	return "", nil
}

// words says when material expires.
func words(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return "on " + t.UTC().Format(time.RFC3339)
}
