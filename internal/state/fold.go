package state

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/safety"
)

// FoldError says that a journal does not belong to the state it was found beside.
type FoldError struct {
	Header Header
	Serial uint64
	Reason string
}

func (e *FoldError) Error() string {
	return fmt.Sprintf("the %s does not fit the state (serial %d): %s; nothing was changed", describe(&e.Header), e.Serial, e.Reason)
}

// Fold applies a journal's entries to the state they continue and returns the
// result with the calls that are still open: begun and not answered, answered ambiguously, or answered
// and not followed by the object's record. Folding a journal again, or one the state
// already holds, changes nothing. st is not modified. The result's serial is st's: whoever
// stores it raises it.
func Fold(st State, entries []Entry) (State, []Intent, error) {
	h := headerOf(entries)
	if h == nil {
		return st, nil, nil
	}
	f := newFolding(st)
	if st.Serial == 0 && h.Base == 0 {
		f.st.Lineage = h.Lineage // the stack was born in this journal
	}
	if err := fits(f.st, h); err != nil {
		return st, nil, err
	}
	folded := st.Journal == h.ID && !safety.Off(safety.FoldOnce)
	for _, e := range entries[1:] {
		f.open.apply(e)
		if folded {
			continue
		}
		if err := f.apply(e, h); err != nil {
			return st, nil, err
		}
	}
	f.st.Journal = h.ID
	return f.result(), f.open.list(), nil
}

// changes reports what folding entries may change of a state that does not hold them yet: objects with their
// outputs, and files.
func changes(entries []Entry) (objects, files bool) {
	for _, e := range entries {
		switch e.Op {
		case OpOpen, OpBegin, OpEnd:
		case OpFile, OpForgetFile, OpForgetBatch:
			files = true
		case OpMove:
			objects, files = true, true
		default:
			objects = true
		}
	}
	return objects, files
}

func fits(st State, h *Header) error {
	if st.Serial < h.Base && !safety.Off(safety.FoldBase) {
		return &FoldError{Header: *h, Serial: st.Serial, Reason: "the state is missing or older than the journal; " +
			"put back the state of serial " + fmt.Sprint(h.Base) + " (a local store keeps generations beside it, in its .d directory)"}
	}
	if st.Lineage != h.Lineage && !safety.Off(safety.FoldLineage) {
		return &FoldError{Header: *h, Serial: st.Serial, Reason: "the state has lineage " + st.Lineage +
			", so it is another stack's; put back the state the journal belongs to, or move the journal away"}
	}
	return nil
}

// folding is a state under change, indexed by address.
type folding struct {
	st        State
	resources map[string]Resource
	files     map[fileKey]File
	outputs   map[string]any
	open      openIntents
}

type fileKey struct{ address, path string }

func newFolding(st State) *folding {
	f := &folding{
		st: st, resources: make(map[string]Resource, len(st.Resources)), files: make(map[fileKey]File, len(st.Files)),
		outputs: make(map[string]any, len(st.Outputs)), open: openIntents{seen: map[string]bool{}, ended: map[string]bool{}},
	}
	for _, r := range st.Resources {
		f.resources[r.Address] = r
	}
	for _, file := range st.Files {
		f.files[fileKey{file.Address, file.Path}] = file
	}
	for name, value := range st.Outputs {
		f.outputs[name] = value
	}
	return f
}

func (f *folding) apply(e Entry, h *Header) error {
	switch e.Op {
	case OpRecord:
		return f.record(*e.Resource, h)
	case OpForget:
		f.forget(e.Address, e.ObjectID, h)
	case OpMove:
		return f.move(e.Moves, h)
	case OpFile:
		f.files[fileKey{e.File.Address, e.File.Path}] = *e.File
	case OpForgetFile:
		delete(f.files, fileKey{e.Address, string(e.Path)})
	case OpOutput:
		if e.Value == nil {
			delete(f.outputs, e.Name)
		} else {
			f.outputs[e.Name] = e.Value
		}
	case OpScheme:
		f.st.Scheme = e.Scheme
	case OpForgetBatch:
		f.st.Batches = slices.DeleteFunc(slices.Clone(f.st.Batches), func(b Evidence) bool { return b.Address == e.Address })
	}
	return nil
}

// record keeps an object. When the state moved on without this journal (its serial is
// higher than the base), an address that meanwhile names another object is refused: keeping
// either would lose the other.
func (f *folding) record(r Resource, h *Header) error {
	there, ok := f.resources[r.Address]
	if ok && f.st.Serial > h.Base && there.ID != r.ID && !safety.Off(safety.FoldConflict) {
		return &FoldError{Header: *h, Serial: f.st.Serial, Reason: fmt.Sprintf(
			"both have an object at %s: the state %s, the journal %s; give the state's one another address with `kmsplan state mv`, then run again",
			r.Address, there.ID, r.ID)}
	}
	f.resources[r.Address] = r
	return nil
}

// forget drops an object; not another object that took the address since.
func (f *folding) forget(address, id string, h *Header) {
	if f.st.Serial > h.Base && f.resources[address].ID != id {
		return
	}
	delete(f.resources, address)
}

// move renames objects. Those that are no longer there stay gone.
func (f *folding) move(moves map[string]string, h *Header) error {
	moving := make(map[string]Resource, len(moves))
	for from := range moves {
		if r, ok := f.resources[from]; ok {
			moving[from] = r
			delete(f.resources, from)
		}
	}
	for from, r := range moving {
		r.Address = moves[from]
		if err := f.record(r, h); err != nil {
			return err
		}
	}
	files := make(map[fileKey]File, len(f.files))
	for key, file := range f.files {
		file.Address = cmp.Or(moves[key.address], key.address)
		files[fileKey{file.Address, file.Path}] = file
	}
	f.files = files
	f.st.Batches = slices.Clone(f.st.Batches)
	for i := range f.st.Batches {
		f.st.Batches[i].Address = cmp.Or(moves[f.st.Batches[i].Address], f.st.Batches[i].Address)
	}
	for address, r := range f.resources {
		r.DependsOn = renamed(r.DependsOn, moves)
		f.resources[address] = r
	}
	return nil
}

func (f *folding) result() State {
	st := f.st
	st.Resources = make([]Resource, 0, len(f.resources))
	for _, r := range f.resources {
		st.Resources = append(st.Resources, r)
	}
	st.Files = make([]File, 0, len(f.files))
	for _, file := range f.files {
		st.Files = append(st.Files, file)
	}
	st.Outputs = f.outputs
	if len(st.Outputs) == 0 {
		st.Outputs = nil
	}
	return Sorted(st)
}

// Sorted returns st with resources, files and batches in the order of their addresses, so
// that two writers of one state write the same bytes. It sorts in place.
func Sorted(st State) State {
	slices.SortFunc(st.Resources, func(a, b Resource) int { return strings.Compare(a.Address, b.Address) })
	slices.SortFunc(st.Files, func(a, b File) int {
		if c := strings.Compare(a.Address, b.Address); c != 0 {
			return c
		}
		return strings.Compare(a.Path, b.Path)
	})
	sortedEvidence(st.Batches)
	return st
}
