package apply

import (
	"context"
	"errors"
	"slices"

	"kmsplan.dev/kmsplan/internal/state"
)

// runFiles runs one data block and records the envelopes it keeps. Those of the
// block that are no longer kept leave the census; after an error nothing leaves it.
func (x *executor) runFiles(ctx context.Context, s Step) Outcome {
	body, err := x.evaluate(s.Addr)
	if err != nil {
		return Outcome{Status: Failed, Err: err}
	}
	prior := x.filesOf(s.Addr.String())
	files, err := x.files(ctx, FileTask{
		Block: x.work.Config.Block(s.Addr.Block()), Body: body, Changes: s.Files, Prior: prior,
	})
	entries := make([]state.Entry, 0, len(files))
	for i := range files {
		files[i].Address = s.Addr.String()
		entries = append(entries, state.FileEntry(files[i]))
	}
	for _, old := range prior {
		if err == nil && !slices.ContainsFunc(files, func(f state.File) bool { return f.Path == old.Path }) {
			entries = append(entries, state.ForgetFileEntry(old.Address, old.Path))
		}
	}
	if len(entries) > 0 {
		err = errors.Join(err, x.journal.Append(entries...))
	}
	if err != nil {
		return Outcome{Status: Failed, Err: err, Files: len(files)}
	}
	return Outcome{Files: len(files)}
}

func (x *executor) filesOf(address string) []state.File {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.kept[address])
}
