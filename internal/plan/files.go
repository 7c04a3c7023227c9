package plan

import (
	"strings"

	"kmsplan.dev/kmsplan/internal/hcl"
)

// planFiles turns what package ops found into changes.
func (p *planner) planFiles() {
	p.followKeys()
	for _, f := range p.in.Files {
		switch {
		case !p.targeted(f.Addr):
		case f.Notice != "":
			p.warn(f.Addr, "Nothing to work on", strings.ToUpper(f.Notice[:1])+f.Notice[1:]+".")
		case f.NotCompared && f.change().Action == NoOp:
			p.stands(f.Addr, "A file was not compared",
				"This run cannot check the fingerprint that state has of what "+f.Path+" goes with, so that nobody knows whether it changed. It is left as it is.")
		}
	}
	for _, c := range PlanFiles(p.in.Config, p.in.State.Files, p.in.Files) {
		if !p.targeted(c.Addr) {
			continue
		}
		if why := Unkept(p.in.Config, c.Addr, p.objects, hcl.Precondition, hcl.Postcondition); why != "" && c.Problem == "" {
			c.Action, c.Reason, c.Problem = NoOp, "", why
		}
		p.plan.Files = append(p.plan.Files, c)
		if c.Problem != "" {
			p.warn(c.Addr, "A file of this block cannot be used", strings.ToUpper(c.Problem[:1])+c.Problem[1:]+
				". Everything else is planned and done; apply and run end with exit code 1 while it is so.")
		}
	}
}

// missingKey is the reason of a file whose key is not there; a plan that makes it leaves it at that.
const missingKey = "its key does not exist yet"

// FileChanges decides what becomes of each output: one reason each, the one that
// explains most.
func FileChanges(files []FileStatus) []FileChange {
	out := make([]FileChange, 0, len(files))
	for _, f := range files {
		if f.Notice == "" {
			out = append(out, f.change())
		}
	}
	return out
}

func (f FileStatus) change() FileChange {
	c := FileChange{Addr: f.Addr, Path: f.Path, Source: f.Source, Action: Update}
	switch {
	case f.Problem != "":
		c.Action, c.Problem = NoOp, f.Problem
	case f.Unknown != "" && f.Path == "":
		c.Action, c.Reason = Create, "its path is known after apply"
	case !f.OutputExists:
		c.Action, c.Reason = Create, "the file does not exist"
	case f.Unknown != "":
		c.Reason = "its " + f.Unknown + " is known after apply"
	case !f.OutputReadable:
		c.Reason = "the file is not a whole envelope"
	case f.KeyMissing:
		c.Reason = missingKey
	case f.Replaced:
		c.Reason = "the file is not the one this stack wrote"
	case f.KeyChanged:
		c.Reason = "key changed"
	case f.KeyVersionChanged:
		c.Reason = "key version changed"
	case f.SourceChanged:
		c.Reason = "source changed"
	case f.ContextChanged:
		c.Reason = "context changed"
	case f.RecipientsChanged:
		c.Reason = "recipients changed"
	case f.Exposed:
		c.Reason = "others may read it, or it is not ours"
	default:
		c.Action = NoOp
	}
	return c
}
