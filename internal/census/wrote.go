package census

import (
	"path"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// Wrote is a census after kmsplan itself gave files another content, or another key, and how many entries that changed. What
// was taken up is as its file is now, and so is what a rewrap block keeps, under the same key. Entries of other blocks stay:
// what an encrypt block keeps has its content from a source, and what a decrypt block wrote is of the old content; both are for
// the next run to find. Those are given back, and so are files that are not encrypted any more, which go on counting.
func Wrote(dir string, files []state.File, written []string) (next []state.File, changed int, kept []Entry) {
	these := make(map[string]bool, len(written))
	for _, name := range written {
		if at, err := relative(dir, name); err == nil {
			these[at] = true
		}
	}
	for _, f := range files {
		if !these[path.Clean(sealed(f))] {
			next = append(next, f)
			continue
		}
		e := look(dir, f)
		kind := e.Kind()
		switch {
		case e.Status != Changed && e.Status != Current:
			kept = append(kept, e)
		case kind != "" && (kind != "rewrap" || e.KeyID != f.KeyID) && !safety.Off(safety.BlocksKeepTheirs):
			kept = append(kept, e)
		case e.File != f:
			f, changed = e.File, changed+1
		}
		next = append(next, f)
	}
	return next, changed, kept
}

// Kind is the kind of the data block that keeps an entry, "" of one that was taken up.
func (e *Entry) Kind() string {
	if a, err := addr.Parse(e.Address); err == nil && a.Data && !e.Imported() {
		return a.Kind
	}
	return ""
}
