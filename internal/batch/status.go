package batch

import "time"

// Status is what a batch is doing.
type Status string

// The statuses. A batch is created paused.
const (
	Paused    Status = "paused"
	Running   Status = "running"
	Cancelled Status = "cancelled" // for good
	Done      Status = "done"      // every chunk is done; objects may have failed
)

// Over reports whether the batch will do nothing any more.
func (s Status) Over() bool { return s == Cancelled || s == Done }

// Record is a batch as its queue keeps it.
type Record struct {
	Spec   Spec   `json:"spec"`
	Status Status `json:"status"`
	// Reason is why it is paused or cancelled, in words: who did it, or what it ran into.
	Reason  string    `json:"reason,omitempty"`
	Rate    Rate      `json:"rate"` // as it is now
	Created time.Time `json:"created_at"`
	Started time.Time `json:"started_at,omitzero"`
	Ended   time.Time `json:"ended_at,omitzero"`
	Tally   Tally     `json:"tally"` // of all chunks
	Chunks  struct {
		Waiting int `json:"waiting"`
		Running int `json:"running"`
		Done    int `json:"done"`
	} `json:"chunks"`
	Workers []WorkerSeen `json:"workers,omitempty"`
	// Present is how many workers the queue has, whatever they work on: with a heartbeat, or, of shards, that took one of this batch.
	// nil = the queue does not know.
	Present *int `json:"workers_present,omitempty"`
}

// WorkerSeen is a worker that works on a chunk of the batch, or did last.
type WorkerSeen struct {
	Name  string    `json:"name"`
	Chunk int       `json:"chunk"`
	Seen  time.Time `json:"seen"` // its last step
}
