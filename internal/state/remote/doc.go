// Package remote is the store on a server: what every one of them has in common, over the few things that a server has to
// be able to do (Place).
//
// A stack is one head, which is replaced only by who has seen it, and objects that are written once: states and older
// parts of the journal. The head holds the newest calls of the journal, the fence (which writer began last), the lease
// (who works, for people) and which object is the state, so that each promise of state.Store is one conditional write
// of the head. A write whose answer was lost is known again by its id.
//
// Read from the top down: place.go is what a server does, head.go what the head says, store.go the states, tx.go the
// journal of one writer, lock.go the lease; update.go is the one way in which the head changes. seal.go is what stands
// between all of it and the server: compression, and the encryption that a stack asks for. retry.go, limit.go and trace.go are
// decorators of a Place. Package placetest checks a Place.
//
// Of ours it imports state.
package remote
