package state

import (
	"time"

	"github.com/google/uuid"
)

// FormatVersion is the version of the state's JSON form.
const FormatVersion = 1

// State is what kmsplan remembers of a stack between runs. It holds no secret:
// values appear as keyed fingerprints only.
type State struct {
	Version   int            `json:"version"` // FormatVersion
	Serial    uint64         `json:"serial"`  // +1 at every change
	Lineage   string         `json:"lineage"` // UUID, fixed at birth
	Writer    string         `json:"writer"`  // kmsplan version that wrote it
	Resources []Resource     `json:"resources"`
	Files     []File         `json:"files"`
	Outputs   map[string]any `json:"outputs,omitempty"`
	// Journal is the id of the last journal folded into this state: folding it again does nothing.
	Journal string `json:"journal,omitempty"`
}

// New is the state of a stack that has none yet: serial 0 and a fresh lineage.
func New() State {
	return State{Version: FormatVersion, Lineage: uuid.NewString()}
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
	// Protected keeps the guard when the block is gone.
	Protected bool `json:"protected,omitempty"`
	// Retire is the progress of a retirement: "" | "disabled" | "scheduled".
	Retire        string    `json:"retire,omitempty"`
	RetiredAt     time.Time `json:"retired_at,omitzero"` // when the step was taken
	DependsOn     []string  `json:"depends_on,omitempty"`
	Intent        string    `json:"intent,omitempty"` // UUIDv7 the object was created under
	LastAppliedAt time.Time `json:"last_applied_at,omitzero"`
}

// Fingerprint is a salted, deliberately slow digest of a write-only value: it tells
// whether the value changed and is not cheap to guess from (argon2id).
type Fingerprint struct {
	Salt   string `json:"salt"`   // base64, 16 bytes
	Digest string `json:"digest"` // base64, 32 bytes
	Params string `json:"params"` // "argon2id,t=…,m=…,p=…"
}

// File is one envelope this stack keeps: the census.
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
