package remote

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// headFormat is the version of the head that is written. Older ones are read for ever.
const headFormat = 1

// keptStates is how many past states are kept beside the one that is current.
const keptStates = 10

// head is what a Place holds of a stack, in clear: it names objects and people, and of keys only under which one it is sealed.
type head struct {
	Format  int        `json:"kmsplan_head"` // headFormat
	Write   string     `json:"write"`        // unique for each write: a writer whose answer was lost knows its own
	Epoch   uint64     `json:"epoch"`        // +1 with each Begin: who began last may write the journal
	Lineage string     `json:"lineage"`      // of the state, or under which the journal lets one be born
	Lease   *lease     `json:"lease,omitempty"`
	State   *stateRef  `json:"state,omitempty"`
	Past    []stateRef `json:"past,omitempty"` // newest first
	// Segments are the older parts of the journal; Journal is the newest, sealed, with Sum its digest.
	Segments []segment `json:"segments,omitempty"`
	Journal  []byte    `json:"journal,omitempty"`
	Sum      string    `json:"sum,omitempty"`
}

// stateRef says which object a state is.
type stateRef struct {
	Object    string    `json:"object"`
	Lineage   string    `json:"lineage"`
	Serial    uint64    `json:"serial"`
	Digest    string    `json:"digest"` // SHA-256 of the object, hex
	At        time.Time `json:"at"`
	By        string    `json:"by,omitempty"` // USER@HOST
	Operation string    `json:"operation,omitempty"`
	Writer    string    `json:"writer,omitempty"`
	Key       string    `json:"key,omitempty"` // that the object is sealed under
}

// segment is a part of the journal in an object of its own.
type segment struct {
	Object string `json:"object"`
	Digest string `json:"digest"`
}

func (r *stateRef) version() state.Version {
	if r == nil {
		return state.Version{}
	}
	return state.Version{Lineage: r.Lineage, Serial: r.Serial, Digest: r.Digest}
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func (h head) encode() ([]byte, error) {
	h.Format = headFormat
	return json.Marshal(h)
}

// decodeHead reads a head; nothing is a stack that has none yet. Errors: ErrCorrupt, ErrNewerFormat.
func decodeHead(place string, data []byte) (head, error) {
	var h head
	if data == nil {
		return h, nil
	}
	if err := json.Unmarshal(data, &h); err != nil {
		return head{}, &state.CorruptError{Path: place, Reason: "its head is not JSON: " + err.Error()}
	}
	switch {
	case h.Format > headFormat:
		return head{}, &state.NewerFormatError{Path: place, Format: h.Format, Writer: "of a later version"}
	case h.Format < 1 || h.Write == "":
		return head{}, &state.CorruptError{Path: place, Reason: "it is JSON, but no head of a kmsplan state", Foreign: true}
	case digestOf(h.Journal) != h.Sum && !safety.Off(safety.RemoteSum):
		return h, &state.JournalError{Path: place, Line: 1, Reason: "its checksum does not fit its content"}
	}
	return h, nil
}

func digestOf(journal []byte) string {
	if journal == nil {
		return ""
	}
	return digest(journal)
}

// became reports whether a state was stored already, and perhaps others after it: its writer lost the answer.
func (h *head) became(ref stateRef) bool {
	return slices.ContainsFunc(h.states(), func(r stateRef) bool { return r.Object == ref.Object })
}

// become makes ref the current state. It returns the objects that nothing needs any more.
func (h *head) become(ref stateRef) (unneeded []string) {
	if h.became(ref) {
		return nil
	}
	if h.State != nil {
		h.Past = slices.Insert(slices.Clone(h.Past), 0, *h.State)
	}
	for _, old := range h.Past[min(len(h.Past), keptStates):] {
		unneeded = append(unneeded, old.Object)
	}
	h.Past = h.Past[:min(len(h.Past), keptStates)]
	h.State, h.Lineage = &ref, ref.Lineage
	return unneeded
}

// empty reports a head of which nothing is stored: nobody has begun yet, or the state was removed.
func (h *head) empty() bool {
	return h.State == nil && len(h.Past)+len(h.Segments) == 0 && h.Journal == nil
}

// objects are all that the head names.
func (h *head) objects() []string {
	var names []string
	if h.State != nil {
		names = append(names, h.State.Object)
	}
	for _, past := range h.Past {
		names = append(names, past.Object)
	}
	for _, part := range h.Segments {
		names = append(names, part.Object)
	}
	return names
}

// generation finds a state by its serial.
func (h *head) generation(serial uint64) (stateRef, error) {
	for _, r := range h.states() {
		if r.Serial == serial {
			return r, nil
		}
	}
	return stateRef{}, fmt.Errorf("%w: serial %d", state.ErrNoGeneration, serial)
}
