package state

import (
	"cmp"
	"fmt"
	"slices"
)

// Rollback is what going back to an older state would do.
type Rollback struct {
	From Version // the state as it is stored, which the older one would follow
	Next State   // what to store: the older state's content with From's lineage and the next serial
	// Lost are the objects that From has and the older state does not know, Back those that only the older one knows. An
	// object is its id, not its address.
	Lost, Back []Resource
	// LostFiles are likewise files.
	LostFiles []File
}

// Keys are the lost objects that are keys, also those that another took the place of: nothing would know of them any more.
func (r Rollback) Keys() []Resource {
	return slices.DeleteFunc(slices.Clone(r.Lost), func(o Resource) bool { return o.Kind != "key" })
}

// RollBack plans to put the content of an older state in current's place. The older state is one of the same lineage that
// the store keeps.
func RollBack(current State, v Version, older State, writer string) (Rollback, error) {
	switch {
	case older.Lineage != current.Lineage:
		return Rollback{}, fmt.Errorf("serial %d is kept, and is of lineage %s: another stack's state was put over it; the stored one is of lineage %s",
			older.Serial, older.Lineage, current.Lineage)
	case older.Serial >= v.Serial:
		return Rollback{}, fmt.Errorf("serial %d is the state as it is stored", older.Serial)
	}
	next := older
	next.Serial, next.Journal, next.Stored = v.Serial, current.Journal, nil
	r := Rollback{From: v, Next: next.Next(writer)}
	r.Lost, r.Back = without(objectsOf(current), objectsOf(older)), without(objectsOf(older), objectsOf(current))
	known := map[[2]string]bool{}
	for _, f := range older.Files {
		known[[2]string{f.Address, f.Path}] = true
	}
	for _, f := range current.Files {
		if !known[[2]string{f.Address, f.Path}] {
			r.LostFiles = append(r.LostFiles, f)
		}
	}
	return r, nil
}

// objectsOf are all objects that a state knows, those among them whose place another took.
func objectsOf(st State) []Resource {
	var all []Resource
	for _, r := range st.Resources {
		all = append(all, r)
		for _, p := range r.Predecessors {
			all = append(all, Resource{Address: r.Address, Kind: r.Kind, Gateway: r.Gateway, ID: p.ID})
		}
	}
	return all
}

func without(list, known []Resource) []Resource {
	is := make(map[[3]string]bool, len(known))
	id := func(r Resource) [3]string { return [3]string{r.Kind, r.Gateway, cmp.Or(r.ID, r.Address)} }
	for _, r := range known {
		is[id(r)] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(r Resource) bool { return is[id(r)] })
}
