package apply

import (
	"context"
	"errors"
	"slices"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// runFiles runs one data block and records what it wrote. Files that cannot be worked on are errors, and hold
// up no other; after an error nothing leaves the census.
func (x *executor) runFiles(ctx context.Context, n *node) Outcome {
	stale, unusable := usable(n.Files)
	if len(stale) == 0 {
		return Outcome{Status: Failed, Err: unusable}
	}
	if err := x.begun(); err != nil {
		return Outcome{Status: Failed, Err: joined(unusable, err)}
	}
	body, err := x.evaluate(n.Addr)
	if err != nil {
		return Outcome{Status: Failed, Err: joined(unusable, err)}
	}
	files, err := x.files(ctx, FileTask{Block: x.work.Config.Block(n.Addr.Block()), Body: body, Changes: stale})
	err = joined(unusable, err)
	var out Outcome
	var entries []state.Entry
	for _, f := range files {
		f.Address = n.Addr.String()
		entries = append(entries, state.FileEntry(f))
		out.Written = append(out.Written, f.Path)
	}
	if err == nil {
		entries = append(entries, x.dropped(n, out.Written)...)
	}
	if len(entries) > 0 {
		err = joined(err, x.journal.Append(entries...))
	}
	if err != nil {
		out.Status, out.Err = Failed, err
		return out
	}
	x.wrote(n.Addr, files)
	return out
}

// dropped forgets what the census has of a block that keeps it no longer.
func (x *executor) dropped(n *node, written []string) (entries []state.Entry) {
	for _, old := range x.filesOf(n.Addr.String()) {
		if !n.keeps[old.Path] && !slices.Contains(written, old.Path) {
			entries = append(entries, state.ForgetFileEntry(old.Address, old.Path))
		}
	}
	return entries
}

// usable parts the files that can be worked on from what is wrong with the others.
func usable(files []plan.FileChange) (stale []plan.FileChange, unusable error) {
	var problems error
	for _, f := range files {
		if f.Problem == "" {
			stale = append(stale, f)
			continue
		}
		problems = joined(problems, errors.New(f.Problem))
	}
	return stale, problems
}

func (x *executor) filesOf(address string) []state.File {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.kept[address])
}
