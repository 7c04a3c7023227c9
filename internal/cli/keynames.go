package cli

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/suggest"
)

// keyNaming knows the keys of a state by their names.
type keyNaming struct {
	address map[string]string // of a key's id
	primary map[string]string // its primary version, as last seen
	gateway map[string]string
	byName  map[string]string // ids, by address and alias
}

func namesOf(st state.State) keyNaming {
	n := keyNaming{address: map[string]string{}, primary: map[string]string{}, gateway: map[string]string{}, byName: map[string]string{}}
	for i := range st.Resources {
		r := &st.Resources[i]
		switch r.Kind {
		case "key":
			n.address[r.ID], n.gateway[r.ID], n.byName[r.Address] = r.Address, r.Gateway, r.ID
			if v, _ := r.Attributes["primary_version"].(string); v != "" {
				n.primary[r.ID] = v
			}
			n.predecessors(r)
		case "alias":
			if id, _ := r.Attributes["key"].(string); id != "" {
				n.byName[r.Address], n.byName[r.ID] = id, id
			}
		}
	}
	return n
}

func (n keyNaming) predecessors(r *state.Resource) {
	a, err := addr.Parse(r.Address)
	if err != nil {
		return
	}
	for _, was := range r.Predecessors {
		at := addr.Predecessor(a, was.ID).String()
		n.address[was.ID], n.gateway[was.ID], n.byName[at] = at, r.Gateway, was.ID
	}
}

// find is the id of the key that a name names: an address or alias of the state, else an id or ARN as it is.
func (n keyNaming) find(name string) (string, error) {
	if id, ok := n.byName[name]; ok {
		return id, nil
	}
	if _, err := addr.Parse(name); name != "" && err == nil || strings.HasPrefix(name, "alias/") {
		return "", fmt.Errorf("the state has no key %s%s", name, suggest.Clause(name, slices.Sorted(maps.Keys(n.byName))))
	}
	return ops.KeyID(name), nil
}

// rotates is the address of the key whose version was asked for.
func (n keyNaming) rotates(q *statusAsked) string {
	for id, primary := range n.primary {
		if primary == q.KeyVersion && (q.Key == "" || q.Key == id) {
			return n.address[id]
		}
	}
	return q.Key
}

// called is a key as people know it.
func (n keyNaming) called(id string) string { return cmp.Or(n.address[id], id) }

func keysIn[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }
