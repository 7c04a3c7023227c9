package plan

// planFiles turns what package ops found into changes: one reason each, the one
// that explains most.
func (p *planner) planFiles() {
	for _, f := range p.in.Files {
		if !p.targeted(f.Addr) {
			continue
		}
		c := FileChange{Addr: f.Addr, Path: f.Path, Action: Update}
		switch {
		case !f.OutputExists:
			c.Action, c.Reason = Create, "the file does not exist"
		case f.Unknown:
			c.Reason = "its key is known after apply"
		case !f.OutputReadable:
			c.Reason = "the file is not a whole envelope"
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
		default:
			c.Action = NoOp
		}
		p.plan.Files = append(p.plan.Files, c)
	}
}
