package view

import (
	"fmt"
	"strings"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
)

// files lists the data blocks whose outputs are stale, each with its gateway where there are several.
func (r planText) files(files []plan.FileChange, several bool) {
	var last addr.Address
	for _, f := range files {
		if f.Action == plan.NoOp {
			continue
		}
		if f.Addr != last {
			r.endFiles(last)
			r.printf("  # %s %s\n", paint(r.color, bold, f.Addr.String()), fileHeadline(f))
			r.where(f.Gateway, several)
			last = f.Addr
		}
		name := "(known after apply)"
		if f.Path != "" {
			name = quotePath(f.Path)
		}
		why := ""
		if f.Reason != "" {
			why = " (" + f.Reason + ")"
		}
		r.printf("  %s %s%s\n", paint(r.color, signStyle[f.Action], f.Action.Sign()), name, why)
	}
	r.endFiles(last)
}

// movedBlocks lists the data blocks that get another address.
func (r planText) movedBlocks(p *plan.Plan) {
	for _, f := range p.MovedBlocks() {
		r.printf("  # %s has moved from %s\n\n", paint(r.color, bold, f.Addr.String()), f.MovedFrom)
	}
}

// endFiles leaves a line after the files of a block.
func (r planText) endFiles(block addr.Address) {
	if block.Kind != "" {
		r.printf("\n")
	}
}

func fileHeadline(f plan.FileChange) string {
	switch {
	case f.Action == plan.NoOp:
		return "has moved from " + f.MovedFrom.String()
	case f.Addr.Kind == "encrypt":
		return "will be encrypted"
	case f.Addr.Kind == "decrypt":
		return "will be decrypted"
	default:
		return "will be rewrapped"
	}
}

// unusable counts the files that cannot be worked on; the warnings say why.
func unusable(files []plan.FileChange) int {
	n := 0
	for _, f := range files {
		if f.Problem != "" {
			n++
		}
	}
	return n
}

func fileSummary(files []plan.FileChange) string {
	counts := map[string]int{}
	for _, f := range files {
		if f.Action != plan.NoOp {
			counts[f.Addr.Kind]++
		}
	}
	var parts []string
	for _, kind := range []string{"encrypt", "decrypt", "rewrap"} {
		if n := counts[kind]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", n, kind))
		}
	}
	if n := unusable(files); n > 0 {
		parts = append(parts, fmt.Sprintf("%d unusable", n))
	}
	if len(parts) == 0 {
		return ""
	}
	return "Files: " + strings.Join(parts, ", ") + "."
}
