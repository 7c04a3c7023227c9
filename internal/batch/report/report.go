package report

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
)

// The formats.
const (
	JSONLines = "jsonl"
	CSV       = "csv"
)

// Kept is what a report is made of: a queue.
type Kept interface {
	Record(ctx context.Context, address string) (batch.Record, error)
	Failures(ctx context.Context, address string, each func(batch.Failure) error) error
	Steps(ctx context.Context, address string, each func(batch.Step) error) error
	Entries(ctx context.Context, address string, chunk int) ([]batch.Entry, error)
}

var _ Kept = queue.Queue(nil)

// Write writes the report of the last batch of an address, and gives its SHA-256, hex. objects adds what became of each object
// that did not fail; CSV has them always, and nothing else.
func Write(ctx context.Context, w io.Writer, q Kept, address, format string, objects bool) (string, error) {
	r, err := q.Record(ctx, address)
	if err != nil {
		return "", err
	}
	d := digesting{w, sha256.New()}
	switch format {
	case JSONLines:
		err = jsonLines(ctx, d, q, r, objects)
	case CSV:
		err = rows(ctx, d, q, r)
	default:
		err = fmt.Errorf("there is no report as %q: %s and %s are the formats", format, JSONLines, CSV)
	}
	return hex.EncodeToString(d.sum.Sum(nil)), err
}

// Digest is the SHA-256 of a batch's report as JSON lines, without objects: what the state keeps of it.
func Digest(ctx context.Context, q Kept, address string) (string, error) {
	return Write(ctx, io.Discard, q, address, JSONLines, false)
}

type digesting struct {
	w   io.Writer
	sum hash.Hash
}

func (d digesting) Write(p []byte) (int, error) {
	d.sum.Write(p)
	return d.w.Write(p)
}

// head is the first line of a report.
type head struct {
	Batch   batch.Spec   `json:"batch"`
	Status  batch.Status `json:"status"`
	Reason  string       `json:"reason,omitempty"`
	Rate    batch.Rate   `json:"rate"`
	Created time.Time    `json:"created_at"`
	Started time.Time    `json:"started_at,omitzero"`
	Ended   time.Time    `json:"ended_at,omitzero"`
	Tally   batch.Tally  `json:"tally"`
}

// object is one that did not fail, and for all that is known did not: its chunk's step is behind it.
type object struct {
	Object  string        `json:"object"`
	Chunk   int           `json:"chunk"`
	Status  string        `json:"status"`            // succeeded, or pending
	Outcome batch.Outcome `json:"outcome,omitempty"` // of one that succeeded
}

// failure is one that failed.
type failure struct {
	batch.Failure
	Status string `json:"status"`
}

func jsonLines(ctx context.Context, w io.Writer, q Kept, r batch.Record, objects bool) error {
	out := json.NewEncoder(w)
	if err := out.Encode(head{r.Spec, r.Status, r.Reason, r.Rate, r.Created, r.Started, r.Ended, r.Tally}); err != nil {
		return err
	}
	if !objects {
		return q.Failures(ctx, r.Spec.Address, func(f batch.Failure) error { return out.Encode(failure{f, failed}) })
	}
	return every(ctx, q, r, func(o told) error {
		if o.failure != nil {
			return out.Encode(failure{*o.failure, failed})
		}
		return out.Encode(object{o.entry.Name, o.chunk, o.status, o.outcome})
	})
}
