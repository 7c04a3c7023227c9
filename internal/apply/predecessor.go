package apply

import (
	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/state"
)

// successorOf is the object that a key is a predecessor of, whatever its address is by now; the caller holds the lock.
func (x *executor) successorOf(id string) *state.Resource {
	for _, r := range x.prior {
		if r.Predecessor(id) != nil {
			return r
		}
	}
	return nil
}

func (x *executor) keepPredecessor(id string, r *state.Resource) {
	of := x.successorOf(id)
	if of == nil {
		return
	}
	now := of.WithPredecessor(id, r)
	x.prior[of.Address] = &now
}

// entries are what the journal says of what became of an object, nil for one that is gone. A predecessor stands in its
// successor's entry; under its own address there is nothing, and forgetting that closes the calls that were made for it.
func (x *executor) entries(a addr.Address, r *state.Resource, id string) []state.Entry {
	old := a.PredecessorID()
	if old == "" {
		if r == nil {
			return []state.Entry{state.ForgetEntry(a.String(), id)}
		}
		return []state.Entry{state.Record(*r)}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	closing := state.ForgetEntry(a.String(), old)
	of := x.successorOf(old)
	if of == nil {
		return []state.Entry{closing}
	}
	return []state.Entry{state.Record(of.WithPredecessor(old, r)), closing}
}
