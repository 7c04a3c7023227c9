package batch

import (
	"errors"
	"fmt"
	"time"
)

// Action is what a batch does to each object.
type Action string

// The actions.
const (
	Rewrap    Action = "rewrap"    // the data key comes under the target; the body stays
	Reencrypt Action = "reencrypt" // a fresh data key, under the target
	Encrypt   Action = "encrypt"   // an object that is no envelope becomes one, in its place
	Verify    Action = "verify"    // opened, nothing is written
)

// Actions are all of them, in the order of the documentation.
func Actions() []Action { return []Action{Rewrap, Reencrypt, Encrypt, Verify} }

// Writes reports whether the action writes objects.
func (a Action) Writes() bool { return a != Verify }

// Target is the key version that a batch brings objects under. It is pinned by the plan: a rotation in the middle shows as
// objects that are newer than the target, and moves it for nobody.
type Target struct {
	Gateway string `json:"gateway"` // gateway block
	KeyID   string `json:"key_id"`
	KeyARN  string `json:"key_arn,omitempty"`
	Version string `json:"key_version"`
}

// Rate is what a batch may take of a gateway's quota.
type Rate struct {
	// Share is the part of the gateway's quota, above 0 and at most 1; what is left is production's.
	Share float64 `json:"share,omitempty"`
	// CallsPerSecond is a ceiling of the batch; 0 = none but the share.
	CallsPerSecond float64 `json:"calls_per_second,omitempty"`
}

// The bounds of a rate, calls per second. No instance does more than a few thousand (KMS: instance types); under the least, a call would
// wait for its turn longer than calls may last.
const (
	LeastRate = 0.1
	MostRate  = 100_000
)

// Check refuses a rate that nobody can keep to.
func (r Rate) Check() error {
	switch {
	case r == Rate{}:
		return errors.New("a rate is a share of the gateway's quota, above 0 and at most 1, or a number of calls a second")
	case r.Share != 0 && !(r.Share > 0 && r.Share <= 1):
		return fmt.Errorf("a share of the gateway's quota is above 0 and at most 1, and not %g", r.Share)
	case r.CallsPerSecond != 0 && !(r.CallsPerSecond >= LeastRate && r.CallsPerSecond <= MostRate):
		return fmt.Errorf("a rate is from %g to %d calls a second, and not %g; pause the batch to stop its calls", LeastRate, MostRate, r.CallsPerSecond)
	}
	return nil
}

// DefaultShare leaves four tenths of a quota to production.
const DefaultShare = 0.6

// PerSecond is the rate under a gateway's quota, calls per second: LeastRate at least; 0 = neither is known.
func (r Rate) PerSecond(quota float64) float64 {
	share := r.Share
	if share == 0 && r.CallsPerSecond > 0 {
		share = 1
	} else if share == 0 {
		share = DefaultShare
	}
	if of := share * quota; r.CallsPerSecond == 0 || quota > 0 && of < r.CallsPerSecond {
		if of > 0 {
			of = max(of, LeastRate)
		}
		return of
	}
	return r.CallsPerSecond
}

// Sample is how much a batch verifies once its chunks are done: all, or a share of the objects. A sample proves nothing of
// the others: a header can claim a version.
type Sample struct {
	All   bool    `json:"all,omitempty"`
	Share float64 `json:"share,omitempty"` // above 0, below 1
}

// Spec is a batch as its plan fixed it. Nothing of it changes afterwards but the rate.
type Spec struct {
	Address string            `json:"address"` // batch.NAME, with the module path
	Action  Action            `json:"action"`
	Target  Target            `json:"target,omitzero"`
	Context map[string]string `json:"context,omitempty"` // of Encrypt
	// Recipients are the break-glass recipients of Encrypt and Reencrypt, age1….
	Recipients []string `json:"recipients,omitempty"`
	Scope      string   `json:"scope,omitempty"` // of data keys, of Encrypt and Reencrypt: file, directory or run
	Source     string   `json:"source"`          // where, as its Place says it: no credentials
	Filter     Filter   `json:"filter,omitzero"`
	Sample     Sample   `json:"verify,omitzero"`
	// MaxFailures is how many objects may fail before the batch pauses itself; -1 = any number.
	MaxFailures int  `json:"max_failures"`
	Rate        Rate `json:"rate,omitzero"`

	Manifest string    `json:"manifest"` // SHA-256 over the manifest, hex
	Objects  int64     `json:"objects"`
	Bytes    int64     `json:"bytes"`
	Chunks   int       `json:"chunks"`
	Operator string    `json:"operator"` // who planned it, as the lock of a state names people
	Planned  time.Time `json:"planned_at"`
	Stack    string    `json:"stack,omitempty"` // lineage of the state that keeps the evidence
}

// TooMany says why a batch pauses itself, of which so many objects failed; "" = it does not. Those that had failed when it was resumed
// last are forgiven.
func (s Spec) TooMany(failed, forgiven int64) string {
	switch most := int64(s.MaxFailures); {
	case most < 0 || failed-forgiven <= most:
		return ""
	case forgiven > 0:
		return fmt.Sprintf("%d objects failed, %d of them since it was resumed, more than max_failures = %d", failed, failed-forgiven, most)
	default:
		return fmt.Sprintf("%d objects failed, more than max_failures = %d", failed, most)
	}
}

// Filter chooses among the objects of a source, when the manifest is made.
type Filter struct {
	Paths      []string          `json:"path,omitempty"`        // patterns, of which one matches; none = all
	OlderThan  time.Duration     `json:"older_than,omitempty"`  // since the last change
	Smallest   int64             `json:"at_least,omitempty"`    // bytes; 0 = any
	Largest    int64             `json:"at_most,omitempty"`     // bytes; 0 = any
	Tags       map[string]string `json:"tags,omitempty"`        // all of them
	KeyVersion []string          `json:"key_version,omitempty"` // ids of versions, or of keys
	// Names is what names the objects in the place of a listing: "inventory", or the digest of a list (SHA-256, hex). What is
	// not named there is not looked at, so that such a batch tells nothing of all objects of its source.
	Names string `json:"names,omitempty"`
}

// ID names one run of a batch: its address and its manifest. It is opaque, has no dots or slashes, and is the same on every
// machine.
func (s Spec) ID() string {
	return fmt.Sprintf("%s-%.16s", nameOf(s.Address), s.Manifest)
}

func nameOf(address string) string {
	out := []byte(address)
	for i, c := range out {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			continue
		}
		out[i] = '_'
	}
	return string(out)
}
