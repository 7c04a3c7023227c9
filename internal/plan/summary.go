package plan

// Summary counts a plan in the words of Terraform's sentence.
type Summary struct {
	Import, Add, Change, Destroy, Forget int
}

// Summary counts. A rescue is a change; a step of a retirement counts as a
// destruction, so that nobody reads over it. An adopted object that also needs calls is an import and a change.
func (p *Plan) Summary() Summary {
	var s Summary
	for i := range p.Changes {
		c := &p.Changes[i]
		switch c.Action {
		case Adopt:
			s.Import++
			if len(c.Calls) > 0 {
				s.Change++
			}
		case Create, Succeed:
			s.Add++
		case Update, Rescue:
			s.Change++
		case Delete, Retire:
			s.Destroy++
		case Forget:
			s.Forget++
		}
	}
	return s
}

// Empty reports whether apply would do nothing: no change, no moved address, no
// stale file, no output to update.
func (p *Plan) Empty() bool {
	for i := range p.Changes {
		if p.Changes[i].Acts() {
			return false
		}
	}
	for _, f := range p.Files {
		if f.Action != NoOp {
			return false
		}
	}
	return len(p.Outputs) == 0
}

// Unusable lists the files of data blocks that cannot be worked on.
func (p *Plan) Unusable() []FileChange {
	var out []FileChange
	for _, f := range p.Files {
		if f.Problem != "" {
			out = append(out, f)
		}
	}
	return out
}

// Differs reports whether what lives is not what is declared: more than what apply would do, because some of
// it apply cannot mend.
func (p *Plan) Differs() bool { return !p.Empty() || len(p.Unusable()) > 0 }

// Refused reports whether a guard fired: the plan must not be applied.
func (p *Plan) Refused() bool { return len(p.Refusals) > 0 }

// Acts reports whether apply does something about the object, if only in state: a move.
func (c *Change) Acts() bool { return c.Action != NoOp || c.MovedFrom.Kind != "" }
