package crowd

import (
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/state"
)

// heard is what runners said before they were killed.
type heard struct {
	lock   string          // that the last one asked for last
	begins map[string]bool // a call was going to be announced
	began  map[string]bool // it was acknowledged to be open
	stored map[string]bool // it was acknowledged to be closed, and its object to be recorded
	wrong  []string
}

func newHeard() *heard {
	return &heard{begins: map[string]bool{}, began: map[string]bool{}, stored: map[string]bool{}}
}

func (h *heard) hear(word, id string) {
	switch word {
	case "locking":
		h.lock = id
	case "begins":
		h.begins[id] = true
	case "began":
		h.began[id] = true
	case "found":
		if h.stored[id] {
			h.wrong = append(h.wrong, "the call "+id+" was found open after it had been acknowledged to be closed")
		}
	case "stored":
		h.stored[id] = true
	case "failed":
		h.wrong = append(h.wrong, "a runner failed: "+id)
	}
}

// against holds a store against what was heard: what was acknowledged is there, and nothing is there twice or unheard of.
func (h *heard) against(at state.Position) (wrong []string) {
	objects, open := map[string]int{}, map[string]int{}
	for _, r := range at.State.Resources {
		objects[r.ID]++
	}
	for _, in := range at.Open {
		open[strings.TrimPrefix(in.ID, "intent-")]++
	}
	for id := range h.stored {
		if objects[id] == 0 {
			wrong = append(wrong, "the object "+id+" was acknowledged and is not known")
		}
	}
	for id := range h.began {
		if objects[id]+open[id] == 0 {
			wrong = append(wrong, "the call "+id+" was acknowledged and is not known")
		}
	}
	for _, there := range []map[string]int{objects, open} {
		for id, times := range there {
			switch {
			case !h.begins[id]:
				wrong = append(wrong, id+" is there, and nobody began it")
			case times > 1 || objects[id] > 0 && open[id] > 0:
				wrong = append(wrong, id+" is there more than once")
			}
		}
	}
	slices.Sort(wrong)
	return slices.Compact(wrong)
}
