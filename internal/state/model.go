package state

import (
	"time"

	"github.com/google/uuid"
)

// FormatVersion is the version of the state's JSON form that is written. Older ones are read for ever
// (see upgrade.go).
const FormatVersion = 2

// State is what kmsplan remembers of a stack between runs. It holds no secret:
// values appear as keyed fingerprints only.
type State struct {
	Version int    `json:"version"` // FormatVersion
	Serial  uint64 `json:"serial"`  // +1 at every change
	Lineage string `json:"lineage"` // UUID, fixed at birth
	Writer  string `json:"writer"`  // kmsplan version that wrote it
	// ObjectsSerial and CensusSerial are the serials at which objects with their outputs, and files, last changed. A
	// saved plan is bound to the objects', so that a run of data blocks does not make it stale.
	ObjectsSerial uint64 `json:"objects_serial"`
	CensusSerial  uint64 `json:"census_serial"`
	// Scheme says how fingerprints are made in this stack; nil: as each says itself (argon2id).
	Scheme    *FingerprintScheme `json:"fingerprint_scheme,omitempty"`
	Resources []Resource         `json:"resources"`
	Files     []File             `json:"files"`
	Outputs   map[string]any     `json:"outputs,omitempty"`
	// Uses are the last uses of keys that usage import learnt of, and Drill is the last drill; none of them is a change of objects.
	Uses  []Use  `json:"uses,omitempty"`
	Drill *Drill `json:"drill,omitempty"`
	// Batches are what batches left behind, by address; like uses no change of objects.
	Batches []Evidence `json:"batches,omitempty"`
	// Previous is the digest (Version.Digest) of the state that this one replaced, "" for the first; the store fills it in.
	Previous string `json:"previous,omitempty"`
	// Journal is the id of the last journal folded into this state: folding it again does nothing.
	Journal string `json:"journal,omitempty"`
	// Stored says who stored this state; the store fills it in. nil: it is not stored yet, or was before this was recorded.
	Stored *Stored `json:"stored,omitempty"`
}

// New is the state of a stack that has none yet: serial 0 and a fresh lineage.
func New() State {
	return State{Version: FormatVersion, Lineage: uuid.NewString()}
}

// Next is the state that follows st, once whoever writes it has changed objects and files.
func (st State) Next(writer string) State { return st.successor(writer, true, true) }

// NextCensus is Next for a change of what is beside the objects: the census, uses, drills and batches.
func (st State) NextCensus(writer string) State { return st.successor(writer, false, true) }

func (st State) successor(writer string, objects, files bool) State {
	st.Serial++
	st.Writer = writer
	if objects {
		st.ObjectsSerial = st.Serial
	}
	if files {
		st.CensusSerial = st.Serial
	}
	return st
}

// FingerprintScheme is a stack's way of making fingerprints, recorded once and never chosen per run.
// Its key is kept only wrapped under a KMS key.
type FingerprintScheme struct {
	Name       string            `json:"name"`
	Gateway    string            `json:"gateway,omitempty"` // gateway block's name
	KeyID      string            `json:"key_id,omitempty"`  // the KMS key
	KeyVersion string            `json:"key_version,omitempty"`
	Context    map[string]string `json:"context,omitempty"` // the KMS encryption context, with lineage and purpose
	Wrapped    string            `json:"wrapped,omitempty"` // base64
}

// Resource is one managed object.
type Resource struct {
	Address string `json:"address"`
	Kind    string `json:"kind"`
	Gateway string `json:"gateway"` // gateway block's name
	Region  string `json:"region,omitempty"`
	ID      string `json:"id"` // key id, alias/…, secret name; rotation_policy: its address
	// Attributes are the last known live values of the kind's non-write-only attributes,
	// as JSON values; an attribute kmsplan does not manage is present when the service reports it.
	Attributes map[string]any `json:"attributes"`
	// Managed names the attributes the configuration set at the last apply.
	Managed []string `json:"managed"`
	// Fingerprints are keyed digests of write-only values (see Fingerprint).
	Fingerprints map[string]Fingerprint `json:"fingerprints,omitempty"`
	// Versions are the secret version ids this stack has written, newest last.
	Versions []string `json:"versions,omitempty"`
	// Held is the secret's version that a person made the current one, where that is not the declared value's.
	Held *Held `json:"held,omitempty"`
	// Protected keeps the guard when the block is gone.
	Protected bool `json:"protected,omitempty"`
	// Retire is the progress of a retirement: "" | "disabled" | "scheduled".
	Retire    string    `json:"retire,omitempty"`
	RetiredAt time.Time `json:"retired_at,omitzero"` // when the step was taken
	DependsOn []string  `json:"depends_on,omitempty"`
	// Predecessors are the objects that this one succeeded and that something still needs, oldest first.
	Predecessors  []Predecessor `json:"predecessors,omitempty"`
	Intent        string        `json:"intent,omitempty"` // UUIDv7 the object was created under
	LastAppliedAt time.Time     `json:"last_applied_at,omitzero"`
}

// Held is a secret's version that a person made the current one by a command: plans leave it as it is until the declared
// value changes. With Version the same as Over, the declared value is current again.
type Held struct {
	Version string `json:"version"`
	By      string `json:"by"`             // the command: put, promote, rollback
	Over    string `json:"over,omitempty"` // the version that was current by declaration before
	// Put is the last version that was made of a value given by hand, and Fingerprint that value's.
	Put         string       `json:"put,omitempty"`
	Fingerprint *Fingerprint `json:"fingerprint,omitempty"`
}

// Predecessor is an object whose place another took: it stays usable, in all its versions, for what it encrypted until it is
// retired. What still needs it is not recorded: NeedsOf tells, of files with the key version of each.
type Predecessor struct {
	ID        string    `json:"id"`
	ARN       string    `json:"arn,omitempty"`
	Since     time.Time `json:"since,omitzero"`   // when its successor was recorded
	Retire    string    `json:"retire,omitempty"` // as Resource.Retire
	RetiredAt time.Time `json:"retired_at,omitzero"`
}

// Fingerprint is a salted digest of a write-only value: it tells whether the value changed and is not
// cheap to guess from, because it is keyed or deliberately slow.
type Fingerprint struct {
	Salt    string `json:"salt"`              // base64, 16 bytes
	Digest  string `json:"digest"`            // base64, 32 bytes
	Params  string `json:"params"`            // "hmac-sha256,k=…" or "argon2id,t=…,m=…,p=…"
	Address string `json:"address,omitempty"` // keyed: the address it was made for, which a move does not change
}

// File is one envelope this stack keeps: the census. Path and Source are bytes; see PathText.
type File struct {
	Address       string      `json:"address"` // the data block
	Path          string      `json:"path"`    // relative to the module
	Source        string      `json:"source,omitempty"`
	SourceDigest  Fingerprint `json:"source_digest"` // of the source's SHA-256
	Commitment    string      `json:"commitment"`    // base64 body commitment
	KeyID         string      `json:"key_id"`
	KeyARN        string      `json:"key_arn,omitempty"`
	KeyVersion    string      `json:"key_version"`
	ContextDigest string      `json:"context_digest"`       // SHA-256 of the canonical context, hex
	Recipients    string      `json:"recipients,omitempty"` // SHA-256 over the sorted break-glass recipients, hex
	Size          int64       `json:"size"`                 // of the plaintext, bytes
}
