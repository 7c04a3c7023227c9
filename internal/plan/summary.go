package plan

import "slices"

// Summary counts a plan in the words of Terraform's sentence.
type Summary struct {
	Import, Add, Change, Destroy, Forget int
	Retire                               int // first steps of a retirement; the second counts as a destruction
	Move                                 int // addresses that change, and nothing else
	Start                                int // batches
}

// Summary counts. A rescue is a change; scheduling a key's deletion is a destruction, and disabling it, which
// is taken back at any time, is not. An adopted object that also needs calls is an import and a change.
func (p *Plan) Summary() Summary {
	var s Summary
	for i := range p.Changes {
		s.Count(&p.Changes[i])
	}
	s.Move += len(p.MovedBlocks()) + len(p.MovedGateways) + len(p.MovedBatches())
	s.Forget += len(p.ForgottenBatches())
	s.Start = len(p.StartedBatches())
	return s
}

// Count adds one change.
func (s *Summary) Count(c *Change) {
	switch c.Action {
	case Adopt:
		s.Import++
		if len(c.Calls) > 0 {
			s.Change++
		}
	case Create, Succeed:
		s.Add++
	case NoOp, Update, Rescue:
		switch {
		case c.OnlyMoves():
			s.Move++
		case c.Action != NoOp:
			s.Change++
		}
	case Retire:
		if !c.Needs("ScheduleKeyDeletion") {
			s.Retire++
			break
		}
		s.Destroy++
	case Delete:
		s.Destroy++
	case Forget:
		s.Forget++
	}
}

// MovedBlocks are the data blocks that get another address in the census, by the first of their files.
func (p *Plan) MovedBlocks() []FileChange {
	var out []FileChange
	for _, f := range p.Files {
		if f.MovedFrom.Kind != "" && !slices.ContainsFunc(out, func(o FileChange) bool { return o.Addr == f.Addr }) {
			out = append(out, f)
		}
	}
	return out
}

// Empty reports whether apply would do nothing: no change, no moved address or gateway, no
// stale file, no output to update.
func (p *Plan) Empty() bool {
	for i := range p.Changes {
		if p.Changes[i].Acts() {
			return false
		}
	}
	for i := range p.Files {
		if p.Files[i].Acts() {
			return false
		}
	}
	return len(p.Outputs)+len(p.MovedGateways)+len(p.MovedBatches())+len(p.ForgottenBatches())+len(p.StartedBatches()) == 0
}

// MovedBatches are the batches that get another address in the state.
func (p *Plan) MovedBatches() []Batch {
	return p.batchesThat(func(b Batch) bool { return b.MovedFrom.Kind != "" })
}

// ForgottenBatches are those of which the state forgets what they left.
func (p *Plan) ForgottenBatches() []Batch {
	return p.batchesThat(func(b Batch) bool { return b.Forgets != "" })
}

// StartedBatches are those that are started once all else is done.
func (p *Plan) StartedBatches() []Batch { return p.batchesThat(func(b Batch) bool { return b.Starts }) }

func (p *Plan) batchesThat(is func(Batch) bool) (out []Batch) {
	for _, b := range p.Batches {
		if is(b) {
			out = append(out, b)
		}
	}
	return out
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
func (p *Plan) Differs() bool {
	return !p.Empty() || len(p.Unusable()) > 0 || len(p.Held()) > 0 || slices.ContainsFunc(p.Warnings, func(w Warning) bool { return w.Stands })
}

// Refused reports whether a guard fired: the plan must not be applied.
func (p *Plan) Refused() bool { return len(p.Refusals) > 0 }

// OnlyMoves reports whether the object gets another address, with the tag that names it, and nothing else.
func (c *Change) OnlyMoves() bool {
	return c.MovedFrom.Kind != "" && len(c.Diff) == 0 && (c.Action == NoOp || c.Action == Update) &&
		!slices.ContainsFunc(c.Calls, func(op string) bool { return op != "TagResources" })
}

// Acts reports whether apply does something about the object, if only in state: a move.
func (c *Change) Acts() bool { return c.Action != NoOp || c.MovedFrom.Kind != "" }
