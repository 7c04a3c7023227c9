package batch

// Outcome is what became of one object.
type Outcome string

// The outcomes.
const (
	Written Outcome = "written" // it has a new content
	Already Outcome = "already" // it was at the target
	Newer   Outcome = "newer"   // it is under a later version of the target's key
	Opened  Outcome = "opened"  // verified
	Gone    Outcome = "gone"
	Failed  Outcome = "failed"
)

// Result tells what became of one object.
type Result struct {
	Object     string   `json:"object"`
	Outcome    Outcome  `json:"outcome"`
	KeyID      string   `json:"key_id,omitempty"` // at the end
	KeyVersion string   `json:"key_version,omitempty"`
	Proved     bool     `json:"proved,omitempty"` // the wrap that stands there was opened
	Revision   string   `json:"revision,omitempty"`
	Foreign    string   `json:"foreign,omitempty"` // another's version that came in between, kept by the store
	Read       int64    `json:"bytes_read"`
	Sent       int64    `json:"bytes_sent"`
	Copied     int64    `json:"bytes_copied"`
	Failure    *Failure `json:"failure,omitempty"`
}

// Count counts one more object.
func (t *Tally) Count(r Result) {
	t.Objects++
	t.Read += r.Read
	t.Sent += r.Sent
	t.Copied += r.Copied
	switch r.Outcome {
	case Written:
		t.Written++
	case Already:
		t.Already++
	case Newer:
		t.Newer++
	case Opened:
		t.Opened++
	case Gone:
		t.Gone++
	case Failed:
		t.Failed++
	}
	if r.KeyID == "" {
		return
	}
	u := Under{KeyID: r.KeyID, KeyVersion: r.KeyVersion, Objects: 1}
	if r.Proved {
		u.Proved = 1
	}
	t.Put(u)
}
