package census

import (
	"cmp"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// Taken is what taking files up did to a census.
type Taken struct {
	New, Renewed []state.File // Renewed: the census had something else of them
	Same         int
	Kept         []state.File // of data blocks, which keep them
	Loose        []Entry      // no KMS key opens them
}

// Take puts entries that were found into the census of a state. What a data block keeps stays its block's.
func Take(st state.State, found []Entry) (state.State, Taken) {
	var t Taken
	had, blocks := map[string]state.File{}, map[string]state.File{}
	for _, f := range st.Files {
		if f.Imported() {
			had[f.Address] = f
		} else {
			blocks[sealed(f)] = f
		}
	}
	now := map[string][]string{} // addresses by path
	for _, e := range found {
		f := e.File
		b, owned := blocks[f.Path]
		was, known := had[f.Address]
		switch {
		case f.KeyID == "":
			t.Loose = append(t.Loose, e)
			continue
		case owned:
			t.Kept = append(t.Kept, b)
			continue
		case !known:
			t.New = append(t.New, f)
		case e.differs(was, f) != "":
			t.Renewed = append(t.Renewed, f)
		default:
			t.Same++
		}
		had[f.Address] = f
		now[f.Path] = append(now[f.Path], f.Address)
	}
	st.Files = slices.DeleteFunc(slices.Clone(st.Files), func(f state.File) bool {
		_, again := now[f.Path]
		return f.Imported() && again // also what a file no longer needs
	})
	for _, addresses := range now {
		for _, a := range addresses {
			st.Files = append(st.Files, had[a])
		}
	}
	return state.Sorted(st), t
}

// Refreshed is the census with its imported entries as their files are now, and those of data blocks that were rewrapped, and what
// became of each that changed. One whose file
// is missing or unreadable stays: nobody knows that its key is not needed. One that a data block keeps by now is dropped.
func Refreshed(files []state.File, looked []Entry) (next []state.File, changed []Entry) {
	blocks := map[string]bool{}
	for _, f := range files {
		blocks[sealed(f)] = blocks[sealed(f)] || !f.Imported()
	}
	for i := range looked {
		e, f := &looked[i], files[i]
		switch {
		case !f.Imported():
			if e.rewrapped() {
				f = e.File
				changed = append(changed, *e)
			}
		case blocks[f.Path]:
			c := *e
			c.Detail = "a data block keeps it now"
			changed = append(changed, c)
			continue
		case e.Status == Changed:
			f = e.File
			changed = append(changed, *e)
		case e.Status != Current:
			changed = append(changed, *e)
			if safety.Off(safety.MissingCounts) {
				continue
			}
		}
		next = append(next, f)
	}
	return next, changed
}

// rewrapped reports whether a file is what the census has of it under another version of the same key. To another key no header
// moves what a block keeps: nothing proves it, and the old key would be let go.
func (e *Entry) rewrapped() bool {
	return e.Status == Changed && e.Was.KeyID == e.KeyID && e.Was.ContextDigest == e.ContextDigest && e.head.RecordedAs(e.Was.Commitment)
}

func compare(a, b state.File) int {
	return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Address, b.Address))
}
