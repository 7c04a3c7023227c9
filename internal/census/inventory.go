package census

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/state"
)

// Inventory is the cryptography of a stack: as the state has seen its keys last, and as its files say.
type Inventory struct {
	Keys  []Key  `json:"keys"`
	Files []File `json:"files"`
}

// Key is a key of the stack, or one that its files need.
type Key struct {
	Address          string    `json:"address,omitempty"` // "" = no block of this stack
	ID               string    `json:"id"`
	Gateway          string    `json:"gateway,omitempty"`
	Spec             string    `json:"spec,omitempty"` // "" = nothing tells, as of all that follows
	Usage            string    `json:"usage,omitempty"`
	Origin           string    `json:"origin,omitempty"`
	Level            string    `json:"protection_level,omitempty"`
	Instance         string    `json:"instance,omitempty"`
	State            string    `json:"state,omitempty"`
	PrimaryVersion   string    `json:"primary_version,omitempty"`
	RotationInterval string    `json:"rotation_interval,omitempty"`
	Rotated          time.Time `json:"rotated,omitzero"` // when the primary version was made
	Files            int       `json:"files"`
	Bytes            int64     `json:"plaintext_bytes"` // of its files
	Secrets          int       `json:"secrets"`
	Aliases          int       `json:"aliases"`
}

// File is an encrypted file of the census.
type File struct {
	Path       state.PathText `json:"path"`
	Address    string         `json:"address"`
	Status     string         `json:"status"`
	Suite      string         `json:"suite,omitempty"`
	Format     string         `json:"format,omitempty"` // of a document
	Key        string         `json:"key"`
	KeyVersion string         `json:"key_version"`
	Context    []string       `json:"context"`
	BreakGlass bool           `json:"break_glass"`
	Bytes      int64          `json:"plaintext_bytes"` // 0 = nothing tells
}

// Age is how long the key has had its primary version; false = nothing tells.
func (k Key) Age(now time.Time) (time.Duration, bool) {
	return max(0, now.Sub(k.Rotated)), !k.Rotated.IsZero()
}

// TakeStock takes stock of a state and of its files, as they were looked at.
func TakeStock(st state.State, looked []Entry) Inventory {
	keys := map[string]*Key{}
	order := []string{}
	key := func(id string) *Key {
		if keys[id] == nil {
			keys[id] = &Key{ID: id}
			order = append(order, id)
		}
		return keys[id]
	}
	for i := range st.Resources {
		if r := &st.Resources[i]; r.Kind == "key" {
			key(r.ID).fill(r)
			for _, was := range r.Predecessors {
				k := key(was.ID)
				k.Gateway = r.Gateway
				if a, err := addr.Parse(r.Address); err == nil {
					k.Address = addr.Predecessor(a, was.ID).String()
				}
			}
		}
	}
	in := Inventory{Files: []File{}, Keys: []Key{}}
	for i := range looked {
		e := &looked[i]
		if e.KeyID != "" {
			k := key(e.KeyID)
			k.Files++
			k.Bytes += e.Size
		}
		in.Files = append(in.Files, File{
			Path: state.PathText(e.Path), Address: e.Address, Status: e.Status, Suite: e.Suite, Format: e.Format, Key: e.KeyID, KeyVersion: e.KeyVersion,
			Context: append([]string{}, e.Context...), BreakGlass: e.BreakGlass, Bytes: e.Size,
		})
	}
	for i := range st.Resources {
		switch r := &st.Resources[i]; r.Kind {
		case "alias":
			if k := keys[attribute(r, "key")]; k != nil {
				k.Aliases++
			}
		case "secret":
			if k := keys[attribute(r, "encryption_key")]; k != nil {
				k.Secrets++
			}
		}
	}
	for _, id := range order {
		in.Keys = append(in.Keys, *keys[id])
	}
	slices.SortStableFunc(in.Keys, func(a, b Key) int {
		return cmp.Or(cmp.Compare(b2i(a.Address == ""), b2i(b.Address == "")), strings.Compare(a.Address, b.Address), strings.Compare(a.ID, b.ID))
	})
	return in
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func attribute(r *state.Resource, name string) string {
	text, _ := r.Attributes[name].(string)
	return text
}

func (k *Key) fill(r *state.Resource) {
	of := func(name string) string { return attribute(r, name) }
	k.Address, k.Gateway, k.Spec, k.Usage, k.Origin = r.Address, r.Gateway, of("spec"), of("usage"), of("origin")
	k.Level, k.Instance, k.State, k.PrimaryVersion, k.RotationInterval = of("protection_level"), of("instance"), of("state"), of("primary_version"), of("rotation_interval")
	for _, name := range []string{"last_rotation", "created"} {
		if at, err := time.Parse(time.RFC3339, of(name)); err == nil && k.Rotated.IsZero() {
			k.Rotated = at
		}
	}
}
