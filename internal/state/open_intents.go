package state

import (
	"cmp"
	"fmt"
	"slices"
)

// openIntents follows which calls of a journal still need resolving.
type openIntents struct {
	seen  map[string]bool // ids of intents met, so that a repeated line opens nothing twice
	begun []Intent        // intents in order, until they are closed
	ended map[string]bool // intents answered with success whose object is not recorded yet
}

func (o *openIntents) apply(e Entry) {
	switch e.Op {
	case OpBegin:
		if !o.seen[e.Intent.ID] {
			o.seen[e.Intent.ID] = true
			o.begun = append(o.begun, *e.Intent)
		}
	case OpEnd:
		o.end(e.IntentID, *e.Result)
	case OpRecord:
		o.recorded(e.Resource.Address)
	case OpForget:
		o.recorded(e.Address)
	}
}

// end closes a call that was refused; one that succeeded stays open until its
// object is recorded, because a crash in between would lose the object.
func (o *openIntents) end(id string, out Result) {
	i := slices.IndexFunc(o.begun, func(in Intent) bool { return in.ID == id })
	switch {
	case i < 0 || out.Ambiguous:
	case out.Error != "":
		o.begun = slices.Delete(o.begun, i, i+1)
		delete(o.ended, id)
	default:
		o.ended[id] = true
		o.begun[i].ObjectID = cmp.Or(out.ObjectID, o.begun[i].ObjectID)
	}
}

// recorded closes the answered calls of an object that state knows, or knows to be gone, from here on.
func (o *openIntents) recorded(address string) {
	o.begun = slices.DeleteFunc(o.begun, func(in Intent) bool { return in.Address == address && o.ended[in.ID] })
}

func (o *openIntents) list() []Intent { return o.begun }

// headerOf returns the header of a journal's entries, or nil for none.
func headerOf(entries []Entry) *Header {
	if len(entries) == 0 {
		return nil
	}
	return entries[0].Header
}

func describe(h *Header) string {
	return fmt.Sprintf("journal %s of lineage %s, serial %d", h.ID, h.Lineage, h.Base)
}
