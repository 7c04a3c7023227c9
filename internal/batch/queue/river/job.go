package river

import (
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// args are of a chunk's job. Chunk is one opaque word, and all that makes a job unique; the address is for people.
type args struct {
	Chunk   string `json:"chunk" river:"unique"` // batch's id/chunk
	Address string `json:"address"`
}

// Kind implements river.JobArgs.
func (args) Kind() string { return "kmsplan_chunk" }

func (a args) parse() (p place, err error) {
	_, err = fmt.Sscanf(a.Chunk, "%d/%d", &p.batch, &p.chunk)
	return p, err
}

// queueOf is a batch's queue in River: to pause it pauses nobody else, and a worker of one batch fetches nothing of others.
func queueOf(id int64) string { return fmt.Sprintf("batch_%d", id) }

// maxAttempts is more than any chunk meets. It is not River that gives up: a batch that gets nowhere is paused, and its
// jobs stay.
const maxAttempts = 32_000

// unfinished are the states in which a job stands for its chunk. A chunk whose job is in none of them gets another.
var unfinished = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
}

func job(id int64, chunk int, address string) river.InsertManyParams {
	return river.InsertManyParams{
		Args: args{Chunk: place{id, chunk}.word(), Address: address},
		InsertOpts: &river.InsertOpts{
			Queue: queueOf(id), MaxAttempts: maxAttempts,
			UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished},
		},
	}
}

// backoff delays a chunk that failed: 1, 2, 4, 8, then 16 seconds.
type backoff struct{}

// NextRetry implements river.ClientRetryPolicy.
func (backoff) NextRetry(j *rivertype.JobRow) time.Time {
	return time.Now().Add(time.Second << min(len(j.Errors), 4))
}
