package state

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/addr"
)

// ErrNoSuchAddress says that the state has nothing at an address.
var ErrNoSuchAddress = errors.New("the state has no such address")

// Find returns the object at an address.
func Find(st State, address string) (Resource, bool) {
	i := slices.IndexFunc(st.Resources, func(r Resource) bool { return r.Address == address })
	if i < 0 {
		return Resource{}, false
	}
	return st.Resources[i], true
}

// Select returns the addresses of objects, files and batches that a pattern names, sorted:
// an address, a block's address for all its instances, or a module's for all that is in it. No pattern selects everything.
// Errors: ErrNoSuchAddress for a pattern that names nothing.
func Select(st State, patterns ...string) ([]string, error) {
	all := addresses(st)
	if len(patterns) == 0 {
		return all, nil
	}
	var selected []string
	for _, p := range patterns {
		target, err := addr.ParseTarget(p)
		if err != nil {
			return nil, err
		}
		n := len(selected)
		for _, a := range all {
			if covers(target, a) {
				selected = append(selected, a)
			}
		}
		if len(selected) == n {
			return nil, fmt.Errorf("%w: %s; `kmsplan state list` shows what it has", ErrNoSuchAddress, p)
		}
	}
	slices.Sort(selected)
	return slices.Compact(selected), nil
}

func addresses(st State) []string {
	all := make([]string, 0, len(st.Resources)+len(st.Files))
	for _, r := range st.Resources {
		all = append(all, r.Address)
	}
	for _, f := range st.Files {
		all = append(all, f.Address)
	}
	for i := range st.Batches {
		all = append(all, st.Batches[i].Address)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// covers asks a target about an address as a state has it. What is no address is covered by none.
func covers(target addr.Address, address string) bool {
	a, err := addr.Parse(address)
	return err == nil && target.Covers(a)
}

// Move gives an object, all instances of a block, or a module with all that is in it, another address. The objects
// themselves are untouched; what depends on them and what they encrypted follows. Errors: ErrNoSuchAddress; a
// destination that is taken or of another kind. The result's serial is st's.
func Move(st State, from, to string) (State, error) {
	from, to, err := movable(from, to)
	if err != nil {
		return st, err
	}
	moved, err := Select(st, from)
	if err != nil {
		return st, err
	}
	if taken(addresses(st), moved, to) {
		return st, fmt.Errorf("%s is taken in the state; move or remove that one first", to)
	}
	moves := make(map[string]string, len(moved))
	for _, a := range moved {
		moves[a] = to + strings.TrimPrefix(a, from)
	}
	return rename(st, moves), nil
}

// taken reports whether an address has something besides what is moved: what is on the move may get a key, or lose it.
func taken(all, moved []string, to string) bool {
	target, err := addr.ParseTarget(to)
	if err != nil {
		return false // movable has read it
	}
	moving := make(map[string]bool, len(moved))
	for _, a := range moved {
		moving[a] = true
	}
	return slices.ContainsFunc(all, func(a string) bool { return covers(target, a) && !moving[a] })
}

// movable returns both addresses as state spells them.
func movable(from, to string) (source, target string, err error) {
	a, err := addr.ParseTarget(from)
	if err != nil {
		return "", "", err
	}
	b, err := addr.ParseTarget(to)
	if err != nil {
		return "", "", err
	}
	if a == b {
		return "", "", fmt.Errorf("%s and %s are one address", from, to)
	}
	if a.IsModule() != b.IsModule() {
		return "", "", fmt.Errorf("%s cannot become %s: one is a module and the other is not", from, to)
	}
	if a.Data != b.Data || a.Kind != b.Kind {
		return "", "", fmt.Errorf("%s cannot become %s: an object keeps its kind", from, to)
	}
	return a.String(), b.String(), nil
}

func rename(st State, moves map[string]string) State {
	st.Resources, st.Files, st.Batches = slices.Clone(st.Resources), slices.Clone(st.Files), slices.Clone(st.Batches)
	for i := range st.Resources {
		r := &st.Resources[i]
		r.Address = cmp.Or(moves[r.Address], r.Address)
		r.DependsOn = renamed(r.DependsOn, moves)
	}
	for i := range st.Files {
		st.Files[i].Address = cmp.Or(moves[st.Files[i].Address], st.Files[i].Address)
	}
	for i := range st.Batches {
		st.Batches[i].Address = cmp.Or(moves[st.Batches[i].Address], st.Batches[i].Address)
	}
	return Sorted(st)
}

// renamed returns the addresses after the moves; the given slice stays as it is.
func renamed(addresses []string, moves map[string]string) []string {
	if !slices.ContainsFunc(addresses, func(a string) bool { return moves[a] != "" }) {
		return addresses
	}
	out := make([]string, len(addresses))
	for i, a := range addresses {
		out[i] = cmp.Or(moves[a], a)
	}
	return out
}

// Remove takes objects out of the state: they are forgotten and go on living.
// It returns the addresses removed. Errors: ErrNoSuchAddress.
func Remove(st State, patterns ...string) (State, []string, error) {
	if len(patterns) == 0 {
		return st, nil, errors.New("name the address to forget")
	}
	gone, err := Select(st, patterns...)
	if err != nil {
		return st, nil, err
	}
	is := make(map[string]bool, len(gone))
	for _, a := range gone {
		is[a] = true
	}
	st.Resources = slices.DeleteFunc(slices.Clone(st.Resources), func(r Resource) bool { return is[r.Address] })
	st.Files = slices.DeleteFunc(slices.Clone(st.Files), func(f File) bool { return is[f.Address] })
	st.Batches = slices.DeleteFunc(slices.Clone(st.Batches), func(e Evidence) bool { return is[e.Address] })
	return st, gone, nil
}

// CheckPush decides whether `state push` may put pushed in current's place.
// Unforced, pushed belongs to the same stack and is not older; equal serials must not
// hide different content. It returns the state to store, with the serial that follows
// current's; where there is none the pushed state's goes on, so that no copy of it seems newer than what was made of it.
func CheckPush(current State, v Version, pushed State, force bool) (State, error) {
	if !force && !v.IsZero() {
		if pushed.Lineage != current.Lineage {
			return State{}, fmt.Errorf("the pushed state has lineage %s, the stored one %s: it belongs to another stack; push -force replaces it all the same",
				pushed.Lineage, current.Lineage)
		}
		if pushed.Serial < current.Serial {
			return State{}, fmt.Errorf("the pushed state has serial %d, the stored one %d: it is older and may miss objects; push -force replaces it all the same",
				pushed.Serial, current.Serial)
		}
		if pushed.Serial == current.Serial && !equal(pushed, current) {
			return State{}, fmt.Errorf("both states have serial %d and differ: one of them was changed elsewhere; push -force replaces the stored one all the same",
				pushed.Serial)
		}
	}
	if !v.IsZero() {
		pushed.Serial = current.Serial
	}
	return pushed.Next(pushed.Writer), nil
}

// SameContent reports whether two states are of one stack and differ at most in when, where and by whom they were stored.
func SameContent(a, b State) bool { return equal(a.bare(), b.bare()) }

func (st State) bare() State {
	st.Serial, st.ObjectsSerial, st.CensusSerial, st.Previous, st.Stored, st.Writer, st.Journal = 0, 0, 0, "", nil, "", ""
	return st
}

func equal(a, b State) bool {
	x, errA := Encode(a)
	y, errB := Encode(b)
	return errA == nil && errB == nil && string(x) == string(y)
}
