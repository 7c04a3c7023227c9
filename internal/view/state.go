package view

import (
	"maps"
	"slices"
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// State prints what the state remembers.
func (t *Terminal) State(st state.State, _ []plan.Checked) {
	for _, r := range st.Resources {
		t.Resource(r, st)
	}
	t.Census(st.Files)
}

// Resource prints what a state remembers of one object.
func (t *Terminal) Resource(r state.Resource, of state.State) {
	t.tell("# %s\n%s %q {\n", neutral(r.Address), neutral(r.Kind), neutral(blockName(r)))
	wide := max(broadest(r.Attributes), len("id"))
	for _, name := range slices.Sorted(maps.Keys(r.Attributes)) {
		if v := r.Attributes[name]; v != nil {
			t.tell("    %s = %s\n", pad(name, wide), literal(v))
		}
	}
	if r.Attributes["id"] == nil && r.ID != "" {
		t.tell("    %s = %s\n", pad("id", wide), quote(r.ID))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Fingerprints)) {
		t.tell("    %s = (write-only attribute)\n", pad(name, wide))
	}
	if r.Protected {
		t.tell("    # protected: removing the block is refused\n")
	}
	if r.Retire != "" {
		t.tell("    # retirement: %s since %s\n", r.Retire, r.RetiredAt.UTC().Format(time.RFC3339))
	}
	t.predecessors(r, of)
	t.tell("}\n\n")
}

// blockName is the label of the block that an object's address names.
func blockName(r state.Resource) string {
	a, err := addr.Parse(r.Address)
	if err != nil {
		return r.Address
	}
	return a.Name
}

// Census prints the envelopes a stack keeps.
func (t *Terminal) Census(files []state.File) {
	for _, f := range files {
		t.tell("# %s\nfile %s {\n    key         = %s\n    key_version = %s\n    commitment  = %s\n    size        = %d\n}\n\n",
			neutral(f.Address), quotePath(f.Path), quote(f.KeyID), quote(f.KeyVersion), quote(f.Commitment), f.Size)
	}
}
