package plan

import (
	"fmt"

	"kmsplan.dev/kmsplan/internal/state"
)

// heldHere reports whether the current version is one that a person made current by a command of this stack, in the
// place of the declared value's.
func (n *node) heldHere() bool {
	if n.prior == nil || n.prior.Held == nil {
		return false
	}
	h := n.prior.Held
	return h.Version == n.object.Current && h.Version != h.Over
}

// isHeld reports whether the declared value is the one that was given by hand: then all is as declared.
func (p *planner) isHeld(n *node, value []byte) bool {
	return n.heldHere() && n.prior.Held.Fingerprint != nil && n.prior.Held.Put == n.object.Current && p.match(n, *n.prior.Held.Fingerprint, value) == state.Same
}

// replacesHeld reports whether a declared value that has not changed is put in the place of a version that a person made
// current. That would take back silently what somebody did on purpose: it is left, unless the block says otherwise.
func (p *planner) replacesHeld(n *node) bool {
	h := n.prior.Held
	how := fmt.Sprintf("Version %s of %s is current because of `kmsplan secret %s`, and it is not the declared value's", h.Version, n.object.ID, h.By)
	if n.block.Lifecycle.OnForeignVersion == overwriteForeign {
		p.warn(n.addr, "A version that a person made current is superseded",
			fmt.Sprintf("%s. on_foreign_version = %q says that the declared value replaces it; it stays as %s.", how, overwriteForeign, StagePrevious))
		return true
	}
	back := ""
	if h.Over != "" {
		back = fmt.Sprintf(" To have the declared value back, run `kmsplan secret promote '%s' %s`.", n.addr, h.Over)
	}
	p.stands(n.addr, "The secret's current version is not the declared value's",
		fmt.Sprintf("%s. It is left as it is until the declared value changes. To settle it, declare the value that is current.%s", how, back))
	return false
}
