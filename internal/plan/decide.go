package plan

import (
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/safety"
)

// Desired is what configuration says about one object.
type Desired int

// What configuration can say.
const (
	Declared    Desired = iota // a block
	Imported                   // a block with an import block for it
	Vanished                   // in state, no block, no removed block; protected
	Unprotected                // likewise, with prevent_destroy = false, or of a kind that may go
	ToForget                   // removed { action = "forget" }
	ToRetire                   // removed { action = "retire" }
	ToDelete                   // removed { action = "delete" }
	TornDown                   // destroyed, with all of its emulator
)

// Presence is what the service says about it.
type Presence int

// What the service can say. The three "found" values are for objects that
// state does not know: found by tags, or by name.
const (
	Absent            Presence = iota // the service said "not found"; a failure never counts as that
	Alive                             // exists
	Dying                             // exists and waits for deletion
	FoundOurs                         // exists and is ours by its tags; an alias that already points where it should, a policy whose keys rotate so
	FoundDying                        // ours by its tags, and waits for deletion
	FoundForeign                      // the name is taken by an object that is not ours
	FoundForeignDying                 // likewise, and that one waits for deletion
)

// Facts are the three columns the decision on one object rests on.
type Facts struct {
	Kind    string
	Desired Desired
	Known   bool // in state
	Live    Presence
	// Generated says that a secret's value exists nowhere but in the service.
	Generated bool
	// Needed says that something is recorded that needs a predecessor.
	Needed bool
}

// Verdict is the fourth column. Compare means that the attributes decide
// between no-op, update and the guard for immutable attributes, and that an
// adopted or rescued object may need updates as well.
type Verdict struct {
	Action  Action
	Compare bool
	Guard   string // not "" = refused
}

// Decide is the planner's truth table.
//
//	kind    desired      state    live           →
//	key     declared     unknown  absent         create
//	                              ours           adopt, compare
//	                              ours, dying    rescue, compare
//	                     known    absent         refuse key-lost
//	                              alive          compare
//	                              dying          rescue, compare
//	        imported     unknown  absent         refuse import-not-found
//	                              alive          adopt, compare
//	                              dying          rescue, compare
//	                     known    …              as declared
//	        vanished     known    any            refuse key-vanished
//	        unprotected  known    any            forget
//	        forget       known    any            forget
//	        retire       known    alive          retire
//	                              dying          no-op, until it is gone
//	                              absent         forget
//	        delete       known    alive          refuse key-not-deletable
//	                              dying, absent  as retire
//	        torn down    known    alive          delete
//	                              dying, absent  forget
//	secret  as a key, but:
//	        declared     unknown  foreign        refuse secret-name-taken
//	                              foreign, dying refuse secret-in-recovery
//	                     known    absent         create; a generated one: refuse secret-lost
//	        vanished     known    any            refuse secret-vanished
//	        retire,      known    alive          delete
//	        delete                dying, absent  forget
//	alias   declared     unknown  absent         create
//	                              ours           adopt
//	                              foreign        refuse alias-taken
//	                     known    absent         create
//	                              alive          compare
//	                              ours, foreign  as unknown: its new name, after a half-done rename
//	        imported     unknown  absent         refuse import-not-found
//	                              alive          adopt, compare
//	        vanished     known    any            refuse alias-vanished (prevent_destroy only)
//	        unprotected, known    alive          delete
//	        retire, delete        absent         forget
//	        forget       known    any            forget
//	predecessor (of a key that state holds; declared = no removed block)
//	        declared     known    alive          no-op; disabled and needed: enable
//	                              dying          needed: rescue; else no-op
//	                              absent         needed: no-op, which is said; else forget
//	        forget       known    any            forget
//	        retire       known    alive          retire (still-in-use refuses while it is needed)
//	                              dying, absent  as declared
//	        torn down    known    alive          delete
//	                              dying, absent  forget
//	rotation_policy
//	        declared     unknown  absent         create, compare
//	                              ours           adopt, compare
//	                     known    any            compare
//	        vanished     known    any            refuse rotation-policy-vanished (prevent_destroy only)
//	        any other    known    any            forget
//
//	network_rule, access_policy, application_access_point, client_key
//	        declared     unknown  absent         create
//	                              ours           adopt, compare
//	                              foreign        refuse name-taken
//	                     known    absent         create
//	                              alive          compare
//	        imported     unknown  absent         refuse import-not-found
//	                              alive          adopt, compare
//	        vanished     known    any            refuse access-vanished
//	        unprotected  known    alive          delete; an access point, a client key: forget
//	                              absent         forget
//	        retire,      known    alive          delete
//	        delete, torn down     absent         forget
//	        forget       known    any            forget
//
// An object that state does not know and configuration does not declare is
// nobody's: it is never asked about.
func Decide(f Facts) Verdict {
	switch f.Kind {
	case KindAlias:
		return decideAlias(f)
	case KindRotation:
		return decideRotation(f)
	case KindPredecessor:
		return decidePredecessor(f)
	}
	if named(f.Kind) {
		return decideNamed(f)
	}
	switch f.Desired {
	case Declared, Imported:
		return decideDeclared(f)
	case Vanished:
		return Verdict{Guard: vanishedGuard(f.Kind)}
	case TornDown:
		return onlyIf(f.Live == Alive, Delete)
	case ToRetire, ToDelete:
		if f.Kind == KindSecret {
			return onlyIf(f.Live == Alive, Delete)
		}
		return decideRetire(f)
	}
	return Verdict{Action: Forget}
}

// decideDeclared is for keys and secrets with a block.
func decideDeclared(f Facts) Verdict {
	switch f.Live {
	case Dying, FoundDying:
		return Verdict{Action: Rescue, Compare: true}
	case FoundOurs:
		return Verdict{Action: Adopt, Compare: true}
	case FoundForeign:
		return Verdict{Guard: GuardSecretTaken}
	case FoundForeignDying:
		return Verdict{Guard: GuardSecretInRecovery}
	case Alive:
		if f.Known {
			return Verdict{Action: NoOp, Compare: true}
		}
		return Verdict{Action: Adopt, Compare: true}
	}
	switch {
	case f.Known && f.Kind != KindSecret && !safety.Off(safety.PlanKeyLost):
		return Verdict{Guard: GuardKeyLost}
	case f.Known && f.Generated:
		return Verdict{Guard: GuardSecretLost}
	case !f.Known && f.Desired == Imported:
		return Verdict{Guard: GuardImportNotFound}
	}
	return Verdict{Action: Create}
}

func decideRetire(f Facts) Verdict {
	switch {
	case f.Live == Dying:
		return Verdict{Action: NoOp}
	case f.Live == Absent:
		return Verdict{Action: Forget}
	case f.Desired == ToDelete:
		return Verdict{Guard: GuardKeyNotDeletable}
	}
	return Verdict{Action: Retire}
}

func decidePredecessor(f Facts) Verdict {
	switch {
	case f.Desired == ToForget:
		return Verdict{Action: Forget}
	case f.Desired == TornDown:
		return onlyIf(f.Live == Alive, Delete)
	case f.Desired == ToRetire && f.Live == Alive:
		return Verdict{Action: Retire}
	case f.Live == Dying && f.Needed && !safety.Off(safety.PredecessorRescued):
		return Verdict{Action: Rescue}
	case f.Live == Absent && !f.Needed:
		return Verdict{Action: Forget}
	}
	return Verdict{Action: NoOp}
}

func decideAlias(f Facts) Verdict {
	switch f.Desired {
	case Declared, Imported:
	case Vanished:
		return Verdict{Guard: GuardAliasVanished}
	case ToForget:
		return Verdict{Action: Forget}
	default:
		return onlyIf(f.Live == Alive, Delete)
	}
	return decideByName(f, GuardAliasTaken)
}

func decideRotation(f Facts) Verdict {
	switch f.Desired {
	case Declared, Imported:
		switch {
		case f.Known:
			return Verdict{Action: NoOp, Compare: true}
		case f.Live == FoundOurs:
			return Verdict{Action: Adopt, Compare: true}
		}
		return Verdict{Action: Create, Compare: true}
	case Vanished:
		return Verdict{Guard: GuardPolicyVanished}
	}
	return Verdict{Action: Forget}
}

// decideNamed is for what the service knows by its name alone.
func decideNamed(f Facts) Verdict {
	switch f.Desired {
	case Declared, Imported:
	case Vanished:
		return Verdict{Guard: GuardAccessVanished}
	case ToForget:
		return Verdict{Action: Forget}
	case Unprotected:
		return onlyIf(f.Live == Alive && kind.Lookup(f.Kind, false).Goes, Delete)
	default:
		return onlyIf(f.Live == Alive, Delete)
	}
	return decideByName(f, GuardNameTaken)
}

// decideByName is for a declared object that is found by its name: taken is the guard where the name is another's.
func decideByName(f Facts, taken string) Verdict {
	switch {
	case f.Live == FoundForeign:
		return Verdict{Guard: taken}
	case f.Live == FoundOurs, f.Live == Alive && !f.Known:
		return Verdict{Action: Adopt, Compare: true}
	case f.Live == Alive:
		return Verdict{Action: NoOp, Compare: true}
	case f.Desired == Imported && !f.Known:
		return Verdict{Guard: GuardImportNotFound}
	}
	return Verdict{Action: Create}
}

// onlyIf takes the action when there is something to take it on, and forgets
// the object otherwise.
func onlyIf(there bool, action Action) Verdict {
	if there {
		return Verdict{Action: action}
	}
	return Verdict{Action: Forget}
}

// vanishedGuard names the guard of a kind; a kind this version does not know
// is guarded like a key.
func vanishedGuard(name string) string {
	switch name {
	case KindSecret:
		return GuardSecretVanished
	case KindAlias:
		return GuardAliasVanished
	case KindRotation:
		return GuardPolicyVanished
	}
	return GuardKeyVanished
}
