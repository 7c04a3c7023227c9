package report

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"
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
	Object string `json:"object"`
	Chunk  int    `json:"chunk"`
	Status string `json:"status"` // succeeded, or pending
}

func jsonLines(ctx context.Context, w io.Writer, q Kept, r batch.Record, objects bool) error {
	out := json.NewEncoder(w)
	if err := out.Encode(head{r.Spec, r.Status, r.Reason, r.Rate, r.Created, r.Started, r.Ended, r.Tally}); err != nil {
		return err
	}
	if !objects {
		return q.Failures(ctx, r.Spec.Address, func(f batch.Failure) error { return out.Encode(f) })
	}
	return every(ctx, q, r, func(e batch.Entry, chunk int, status string, f *batch.Failure) error {
		if f != nil {
			return out.Encode(f)
		}
		return out.Encode(object{e.Name, chunk, status})
	})
}

// What became of an object.
const (
	succeeded = "succeeded"
	failed    = "failed"
	pending   = "pending"
)

// every tells of each object of the manifest, in its order; f is nil of those that did not fail.
func every(ctx context.Context, q Kept, r batch.Record, each func(e batch.Entry, chunk int, status string, f *batch.Failure) error) error {
	cursors := make([]int, r.Spec.Chunks)
	if err := q.Steps(ctx, r.Spec.Address, func(s batch.Step) error { cursors[s.Chunk] = s.Cursor; return nil }); err != nil {
		return err
	}
	next := 0
	through := func(until int, fails map[string]batch.Failure, of int) error {
		for ; next < until; next++ {
			var list map[string]batch.Failure
			if next == of {
				list = fails
			}
			if err := chunk(ctx, q, r, next, cursors[next], list, each); err != nil {
				return err
			}
		}
		return nil
	}
	fails, of := map[string]batch.Failure{}, -1
	err := q.Failures(ctx, r.Spec.Address, func(f batch.Failure) error {
		if f.Chunk != of {
			if err := through(f.Chunk, fails, of); err != nil {
				return err
			}
			fails, of = map[string]batch.Failure{}, f.Chunk
		}
		fails[f.Object] = f
		return nil
	})
	return errors.Join(err, through(r.Spec.Chunks, fails, of))
}

func chunk(ctx context.Context, q Kept, r batch.Record, i, cursor int, fails map[string]batch.Failure, each func(batch.Entry, int, string, *batch.Failure) error) error {
	entries, err := q.Entries(ctx, r.Spec.Address, i)
	if err != nil {
		return fmt.Errorf("read the objects of chunk %d: %w", i, err)
	}
	for n, e := range entries {
		status := succeeded
		var f *batch.Failure
		if n >= cursor {
			status = pending
		} else if found, ok := fails[e.Name]; ok {
			status, f = failed, &found
		}
		if err := each(e, i, status, f); err != nil {
			return err
		}
	}
	return nil
}

// columns are those of a completion report of S3 Batch Operations.
var columns = []string{"Bucket", "Key", "VersionId", "TaskStatus", "ErrorCode", "HTTPStatusCode", "ResultMessage"}

func rows(ctx context.Context, w io.Writer, q Kept, r batch.Record) error {
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return err
	}
	err := every(ctx, q, r, func(e batch.Entry, _ int, status string, f *batch.Failure) error {
		row := []string{r.Spec.Source, e.Name, e.Revision, status, "", "", ""}
		if f != nil {
			row[4], row[6] = string(f.Class), oneLine(f.Message)
			if f.Code != "" {
				row[4] = f.Code
			}
			if f.Status != 0 {
				row[5] = strconv.Itoa(f.Status)
			}
		}
		for i, cell := range row {
			row[i] = noFormula(cell)
		}
		return out.Write(row)
	})
	out.Flush()
	return errors.Join(err, out.Error())
}

func oneLine(text string) string { return strings.NewReplacer("\n", " ", "\r", " ").Replace(text) }

// noFormula keeps a spreadsheet from taking a name for a formula.
func noFormula(cell string) string {
	if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
		return "'" + cell
	}
	return cell
}
