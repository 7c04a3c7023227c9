package census

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/state"
)

// How an entry of the census and its file are to each other.
const (
	Current    = "current"    // the file is what the census has of it
	Changed    = "changed"    // another key, key version, context or content
	Missing    = "missing"    // the file is not there; what it needed is not known to be needless
	Unreadable = "unreadable" // it is there and is no encrypted file any more, or cannot be read
	Outside    = "outside"    // an encrypted file that the census does not have
)

// Entry is one key of one encrypted file.
type Entry struct {
	state.File            // as the file says, where it can be read; else as the state has it
	Status     string     // Current, …
	Detail     string     // of Unreadable: why; of Changed: what
	Was        state.File // of Changed: what the state has
	Context    []string   // NAME=VALUE, sorted; where the file could be read
	Suite      string     // likewise
	Format     string     // of a document; "" = an envelope
	BreakGlass bool       // an age recipient opens it

	head ops.Head // where the file could be read
}

// Needs reports whether the file needs the key, and that version of it; "" = any.
func (e *Entry) Needs(key, version string) bool {
	return (key == "" || e.KeyID == key) && (version == "" || e.KeyVersion == version)
}

// At is where an entry's path leads: paths of the census are relative to the module's directory.
func At(dir, path string) string {
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// sealed is the encrypted file of an entry: of a decrypt block its source.
func sealed(f state.File) string {
	if a, err := addr.Parse(f.Address); err == nil && a.Data && a.Kind == "decrypt" {
		return f.Source
	}
	return f.Path
}

// Sealed is the path of the encrypted file of an entry: of a decrypt block its source.
func (e *Entry) Sealed() string { return sealed(e.File) }

// Look holds every entry of the census against its file, in their order.
func Look(ctx context.Context, dir string, files []state.File) []Entry {
	return lookAt(ctx, dir, files, func(state.File) bool { return true })
}

// LookBelow is Look at the entries whose files lie below a directory, an absolute path; the others are as the state has them.
func LookBelow(ctx context.Context, dir string, files []state.File, below string) []Entry {
	return lookAt(ctx, dir, files, func(f state.File) bool {
		at, err := filepath.Abs(At(dir, sealed(f)))
		if err != nil {
			return false
		}
		rel, err := filepath.Rel(below, at)
		return err == nil && filepath.IsLocal(rel)
	})
}

// LookAtImported is Look at the entries that were taken up; the others are as the state has them.
func LookAtImported(ctx context.Context, dir string, files []state.File) []Entry {
	return lookAt(ctx, dir, files, state.File.Imported)
}

func lookAt(ctx context.Context, dir string, files []state.File, wanted func(state.File) bool) []Entry {
	out := make([]Entry, len(files))
	var turns []int
	for i, f := range files {
		if wanted(f) {
			turns = append(turns, i)
		} else {
			out[i] = Entry{File: f, Status: Current}
		}
	}
	if errs := ops.Each(ctx, turns, func(_ context.Context, i int) error {
		out[i] = look(dir, files[i])
		return nil
	}); len(errs) > 0 { // interrupted: what was not looked at stands as the state has it
		for i := range out {
			if out[i].Status == "" {
				out[i] = Entry{File: files[i], Status: Unreadable, Detail: errs[0].Error()}
			}
		}
	}
	return out
}

func look(dir string, f state.File) Entry {
	e := Entry{File: f, Status: Current}
	head, found, err := ops.Record(At(dir, sealed(f)), f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Status = Missing
		return e
	case err != nil:
		e.Status, e.Detail = Unreadable, err.Error()
		return e
	}
	e.describe(head)
	is := f.Counterpart(found)
	if what := e.differs(f, is); what != "" {
		e.Status, e.Detail, e.Was = Changed, what, f
		e.KeyID, e.KeyARN, e.KeyVersion, e.ContextDigest, e.Commitment = is.KeyID, is.KeyARN, is.KeyVersion, is.ContextDigest, is.Commitment
		if f.Imported() {
			e.Size = is.Size
		}
	}
	return e
}

func (e *Entry) describe(h ops.Head) {
	for name, value := range h.Context {
		e.Context = append(e.Context, name+"="+value)
	}
	slices.Sort(e.Context)
	e.head, e.Suite, e.Format, e.BreakGlass = h, h.Suite.Name(), h.Format(), h.BreakGlass()
}

// differs says what of an entry is not so any more.
func (e *Entry) differs(was, is state.File) string {
	switch {
	case was.KeyID != is.KeyID:
		return "another key"
	case was.KeyVersion != is.KeyVersion:
		return "another key version"
	case was.ContextDigest != is.ContextDigest:
		return "another context"
	case was.Commitment != is.Commitment && (e.head.Header == nil || !e.head.RecordedAs(was.Commitment)):
		return "another content"
	}
	return ""
}
