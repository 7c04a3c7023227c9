package remote_test

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"kmsplan.dev/kmsplan/internal/state"
)

// sendBy is how long after an intent its call may still be made.
const sendBy = 30 * time.Second

// world is the service that keys are made in, and what the actors of a simulation were told.
type world struct {
	mu      sync.Mutex
	created map[string]string // intent to object
	gone    map[string]bool   // intents that were declared never to be carried out, and that is acknowledged
	stored  map[string]bool   // objects whose record was acknowledged
	broken  []string
	history []porcupine.Operation
	clock   int64
	happens map[string]int
}

func newWorld() *world {
	return &world{created: map[string]string{}, gone: map[string]bool{}, stored: map[string]bool{}, happens: map[string]int{}}
}

func (w *world) note(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.happens[what]++
}

func (w *world) violated(format string, args ...any) {
	w.broken = append(w.broken, fmt.Sprintf(format, args...))
}

// contradicted is violated for who does not hold the world.
func (w *world) contradicted(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.violated(format, args...)
}

// create makes an object.
func (w *world) create(in state.Intent) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.created[in.ID]; ok {
		w.violated("the object of %s was made twice", in.ID)
	}
	if w.gone[in.ID] {
		w.violated("%s was called after others had found that it never would be", in.ID)
	}
	w.created[in.ID] = "object-" + in.ID
	return w.created[in.ID]
}

func (w *world) find(in state.Intent) (object string, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	object, ok = w.created[in.ID]
	return object, ok
}

func (w *world) tell(set map[string]bool, id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	set[id] = true
}

// account holds the state at the end against the world.
func (w *world) account(st state.State) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	there := map[string]int{}
	for _, r := range st.Resources {
		there[r.ID]++
	}
	for in, object := range w.created {
		if there[object] != 1 {
			w.violated("the object of %s is in the state %d times", in, there[object])
		}
	}
	for id := range w.stored {
		if there[id] != 1 {
			w.violated("%s was acknowledged and is in the state %d times", id, there[id])
		}
	}
	slices.Sort(w.broken)
	return w.broken
}

// What the checker knows of a write or a read of the state: states are told apart by who wrote them last.
type access struct {
	read     bool
	old, new string
}

type outcome int

const (
	done outcome = iota
	stale
	unknown
)

type answer struct {
	outcome outcome
	last    string // of a read
}

// register is a compare-and-swap register whose writes may have an unknown outcome.
var register = porcupine.NondeterministicModel{
	Init: func() []any { return []any{""} },
	Step: func(now, input, output any) []any {
		last, in, out := now.(string), input.(access), output.(answer)
		switch {
		case in.read && out.last == last:
			return []any{last}
		case in.read:
			return nil
		case out.outcome == done && last == in.old:
			return []any{in.new}
		case out.outcome == stale && last != in.old:
			return []any{last}
		case out.outcome == unknown && last == in.old:
			return []any{last, in.new}
		case out.outcome == unknown:
			return []any{last}
		}
		return nil
	},
}

// operate adds one access to the history. Of an unknown outcome nobody knows when it ended.
func (w *world) operate(who int, in access, do func() answer) {
	w.mu.Lock()
	w.clock++
	op := porcupine.Operation{ClientId: who, Input: in, Call: w.clock}
	w.mu.Unlock()
	out := do()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock++
	op.Output, op.Return = out, w.clock
	if out.outcome == unknown {
		op.Return = 1 << 40
		if in.read {
			return // it says nothing
		}
	}
	w.history = append(w.history, op)
}
