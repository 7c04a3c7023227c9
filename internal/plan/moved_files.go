package plan

import (
	"slices"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/state"
)

// Acts reports whether apply does something about the file, if only in the census: a move.
func (c *FileChange) Acts() bool { return c.Action != NoOp || c.MovedFrom.Kind != "" }

// MovedFiles is the census with moved blocks applied, so that a block that was renamed keeps its files.
func MovedFiles(cfg *hcl.Config, files []state.File) []state.File {
	if len(cfg.Moved) == 0 {
		return files
	}
	moves, out := movesOf(cfg), slices.Clone(files)
	for i := range out {
		if a, err := addr.Parse(out[i].Address); err == nil {
			to, _ := moves.target(a)
			out[i].Address = to.String()
		}
	}
	return out
}

// PlanFiles decides what becomes of each output, and which blocks the census has under an earlier address.
func PlanFiles(cfg *hcl.Config, census []state.File, files []FileStatus) []FileChange {
	changes := FileChanges(files)
	for i := range changes {
		if b := cfg.Block(changes[i].Addr.Block()); b != nil {
			changes[i].Gateway = b.GatewayName()
		}
	}
	if len(cfg.Moved) == 0 {
		return changes
	}
	moves, from := movesOf(cfg), map[addr.Address]addr.Address{}
	for _, f := range census {
		if a, err := addr.Parse(f.Address); err == nil && a.Data {
			if to, moved := moves.target(a); moved {
				from[to] = a
			}
		}
	}
	for i := range changes {
		changes[i].MovedFrom = from[changes[i].Addr]
	}
	return changes
}
