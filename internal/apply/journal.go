package apply

import (
	"slices"

	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// changeJournal is the resource.Journal of one change. It knows which calls of the
// change are open, completes what a handler records, and tells the view of every call. One goroutine,
// the change's, uses it.
type changeJournal struct {
	journal  *state.Journal
	gateway  string
	complete func(state.Resource) state.Resource
	entries  func(r *state.Resource, id string) []state.Entry // what is said of an object; nil = it is gone
	calling  func(operation string)                           // before a call
	hit      func(point string)
	open     []string        // intent ids without a definite answer
	recorded *state.Resource // the last record
}

// Begin implements resource.Journal.
func (c *changeJournal) Begin(in state.Intent) error {
	in.Gateway = c.gateway
	if err := c.journal.Append(state.Begin(in)); err != nil && !safety.Off(safety.IntentFirst) {
		return err
	}
	c.open = append(c.open, in.ID)
	c.calling(in.Operation)
	c.hit("call.before")
	return nil
}

// End implements resource.Journal. A result that leaves no question waits for the change's next entry, or anybody's: it
// is durable before another call of the change is made, and before whoever depends on it begins. A crash until then leaves an
// open call, which is found out about.
func (c *changeJournal) End(intentID string, out state.Result) error {
	c.hit("call.after")
	keep := c.journal.Note
	if out.Ambiguous || out.Error != "" {
		keep = c.journal.Append
	}
	if err := keep(state.End(intentID, out)); err != nil {
		return err
	}
	if !out.Ambiguous || safety.Off(safety.LostStaysOpen) {
		c.close(intentID)
	}
	return nil
}

func (c *changeJournal) close(intentID string) {
	c.open = slices.DeleteFunc(c.open, func(id string) bool { return id == intentID })
}

// Record implements resource.Journal.
func (c *changeJournal) Record(r state.Resource) error {
	r = c.complete(r)
	if err := c.journal.Append(c.entries(&r, r.ID)...); err != nil {
		return err
	}
	c.recorded = &r
	return nil
}

// finish appends the change's last word in one piece: calls that were answered
// ambiguously and whose effect the handler has verified are closed, and the object is kept or forgotten.
func (c *changeJournal) finish(r *state.Resource, id string) error {
	var entries []state.Entry
	for _, intent := range c.open {
		entries = append(entries, state.End(intent, state.Result{ObjectID: id}))
	}
	if r != nil {
		*r = c.complete(*r)
	}
	entries = append(entries, c.entries(r, id)...)
	if err := c.journal.Append(entries...); err != nil {
		return err
	}
	c.open = nil
	return nil
}
