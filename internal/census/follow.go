package census

import (
	"path"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/state"
)

// Follow is a census after its files were rewrapped or encrypted anew, and how many entries that changed. Who did it opened
// each file and knows that its plaintext stayed. An entry follows where it was of the file as it was before, and the file is
// still what was written.
func Follow(dir string, files []state.File, done []ops.Envelope) (next []state.File, changed int) {
	by := make(map[string]*ops.Envelope, len(done))
	for i := range done {
		if at, err := relative(dir, done[i].Path); err == nil {
			by[at] = &done[i]
		}
	}
	for _, f := range files {
		if d := by[path.Clean(sealed(f))]; d != nil && d.Before.RecordedAs(f.Commitment) {
			e := look(dir, f)
			if followed := follows(&e, d); followed != f {
				f, changed = followed, changed+1
			}
		}
		next = append(next, f)
	}
	return next, changed
}

// follows is an entry as what was done to its file left it.
func follows(e *Entry, d *ops.Envelope) state.File {
	f := e.File
	if e.head.Header == nil || e.head.Commitment != d.Commitment {
		if e.Status == Changed {
			return e.Was
		}
		return f
	}
	if a, err := addr.Parse(f.Address); err == nil && a.Data && a.Kind == "encrypt" && d.Before.Recipients != nil {
		f.Recipients = *d.Before.Recipients
	}
	return f
}
