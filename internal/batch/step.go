package batch

import (
	"slices"
	"time"
)

// Tally counts what became of objects. Counts are of a whole chunk, from its first object: to record one twice does no
// harm.
type Tally struct {
	Objects int64 `json:"objects"` // dealt with, whatever became of them
	Written int64 `json:"written"` // the store took a new content
	Already int64 `json:"already"` // at the target: no call was made
	Newer   int64 `json:"newer"`   // under a later version of the target's key than the plan's
	Opened  int64 `json:"opened"`  // by Verify
	Gone    int64 `json:"gone"`    // not there any more
	Failed  int64 `json:"failed"`

	Read   int64 `json:"bytes_read"`   // from the store
	Sent   int64 `json:"bytes_sent"`   // to the store
	Copied int64 `json:"bytes_copied"` // by the store itself
	Calls  int64 `json:"calls"`        // of KMS
	// Under counts objects by what their headers say at the end.
	Under []Under `json:"under,omitempty"`
	// Outcomes are of one chunk alone: sums have none.
	Outcomes Outcomes `json:"outcomes,omitempty"`
}

// Under is how many objects are under a key version.
type Under struct {
	KeyID      string `json:"key_id"`
	KeyVersion string `json:"key_version"`
	Objects    int64  `json:"objects"`
	// Proved are those whose wrap was opened.
	Proved int64 `json:"proved,omitempty"`
}

// Add counts other's objects too.
func (t *Tally) Add(other Tally) {
	t.Objects += other.Objects
	t.Written += other.Written
	t.Already += other.Already
	t.Newer += other.Newer
	t.Opened += other.Opened
	t.Gone += other.Gone
	t.Failed += other.Failed
	t.Read += other.Read
	t.Sent += other.Sent
	t.Copied += other.Copied
	t.Calls += other.Calls
	for _, u := range other.Under {
		t.Put(u)
	}
}

// Less takes other's objects out again.
func (t *Tally) Less(other Tally) {
	minus := Tally{
		Objects: -other.Objects, Written: -other.Written, Already: -other.Already, Newer: -other.Newer, Opened: -other.Opened,
		Gone: -other.Gone, Failed: -other.Failed, Read: -other.Read, Sent: -other.Sent, Copied: -other.Copied, Calls: -other.Calls,
	}
	for _, u := range other.Under {
		u.Objects, u.Proved = -u.Objects, -u.Proved
		minus.Under = append(minus.Under, u)
	}
	t.Add(minus)
}

// Put counts objects under a key version. A batch meets few of them.
func (t *Tally) Put(more Under) {
	for i, u := range t.Under {
		if u.KeyID == more.KeyID && u.KeyVersion == more.KeyVersion {
			t.Under[i].Objects += more.Objects
			t.Under[i].Proved += more.Proved
			return
		}
	}
	t.Under = append(t.Under, more)
}

// Class says what kind of failure an object met.
type Class string

// The classes of failures.
const (
	ClassChanged   Class = "changed"      // another wrote it in between, and again
	ClassNoObject  Class = "not-envelope" // Rewrap, Reencrypt, Verify: what it is instead stands in the message
	ClassDamaged   Class = "damaged"      // it does not open: header, body or wrap
	ClassKey       Class = "key"          // KMS refused: the key is unknown, disabled, or may not be used
	ClassKMS       Class = "kms"          // KMS did not answer, or not as it should
	ClassStore     Class = "store"        // the store refused or did not answer
	ClassUnproved  Class = "unproved"     // what was made did not open, so that the old content stayed
	ClassForeign   Class = "foreign"      // OSS: a version came in between; it is kept, and named
	ClassThrottled Class = "throttled"    // over the quota, and again
)

// Failure is one object that a batch could not deal with. The object is as it was.
type Failure struct {
	Chunk     int       `json:"chunk"`
	Object    string    `json:"object"`
	Revision  string    `json:"revision,omitempty"`
	Class     Class     `json:"class"`
	Code      string    `json:"code,omitempty"`        // of the service
	Status    int       `json:"http_status,omitempty"` // of the service
	RequestID string    `json:"request_id,omitempty"`
	Attempts  int       `json:"attempts"`
	Message   string    `json:"message"` // redacted
	At        time.Time `json:"at"`
}

// Step is how far one chunk is. Steps of an earlier attempt than the recorded one are not recorded.
type Step struct {
	Chunk   int `json:"chunk"`
	Attempt int `json:"attempt"` // from 1; grows with each delivery
	Cursor  int `json:"cursor"`  // entries dealt with
	Tally   Tally
	// Failures are all of the chunk so far; they replace those that are recorded.
	Failures []Failure `json:"failures,omitempty"`
	Done     bool      `json:"done,omitempty"`
	Worker   string    `json:"worker"` // host and process
}

// Clone shares nothing with s.
func (s Step) Clone() Step {
	s.Tally.Under, s.Failures = slices.Clone(s.Tally.Under), slices.Clone(s.Failures)
	return s
}
