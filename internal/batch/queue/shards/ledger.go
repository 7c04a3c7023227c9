package shards

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/state/remote"
)

// ledger is the head of one shard's place. What was read is never changed.
type ledger struct {
	Format int       `json:"format"`
	Epoch  int       `json:"epoch"`  // counts the workers that took the shard
	Holder string    `json:"holder"` // random: who took it last
	Worker string    `json:"worker"`
	Write  string    `json:"write"`
	Seen   time.Time `json:"seen"`
	Last   int       `json:"last"` // chunk
	// Steps are the last steps of chunks by index, of all that were begun and are not in Parts.
	Steps map[int]batch.Step `json:"steps,omitempty"`
	// Parts name the objects that hold the steps of chunks that are done; Finished are those chunks, counted among the shard's
	// own, and Tally is theirs.
	Parts    []string    `json:"parts,omitempty"`
	Finished spans       `json:"finished,omitempty"`
	Tally    batch.Tally `json:"tally"`
}

// room names a shard's place.
func room(run string, s Shard) string {
	return fmt.Sprintf("%s-shard-%05d-of-%05d", run, s.Index, s.Of)
}

// mostText bounds what is unpacked of an object, in bytes.
const mostText = 1 << 30

// pack writes JSON, packed.
func pack(v any) ([]byte, error) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if err := json.NewEncoder(z).Encode(v); err != nil {
		return nil, fmt.Errorf("encoding a shard's ledger: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func unpack(data []byte, v any) error {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	text, err := io.ReadAll(io.LimitReader(z, mostText)) // to the end, where the checksum is
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

// readLedger reads a shard's; an empty one where nobody has begun.
func readLedger(ctx context.Context, p remote.Place) (ledger, remote.Revision, error) {
	data, rev, err := p.Head(ctx)
	l := ledger{Format: format}
	if err == nil && len(data) > 0 {
		if err = unpack(data, &l); err != nil {
			err = fmt.Errorf("%s is damaged; the objects say themselves what was done to them: remove it, and its shard begins anew: %w", p, err)
		}
	}
	if err == nil && l.Format != format {
		err = fmt.Errorf("%s is of format %d; this kmsplan reads %d", p, l.Format, format)
	}
	if err != nil {
		return ledger{}, "", fmt.Errorf("reading the ledger of a shard: %w", err)
	}
	return l, rev, nil
}

// done is how many of the shard's chunks are.
func (l ledger) done() int {
	n := l.Finished.count()
	for _, s := range l.Steps {
		if s.Done {
			n++
		}
	}
	return n
}

// total is what became of the shard's objects.
func (l ledger) total() batch.Tally {
	var t batch.Tally
	t.Add(l.Tally)
	for _, chunk := range slices.Sorted(maps.Keys(l.Steps)) {
		t.Add(l.Steps[chunk].Tally)
	}
	return t
}

// part reads the steps of one object.
func readPart(ctx context.Context, p remote.Place, name string) (steps []batch.Step, err error) {
	data, err := p.Get(ctx, name)
	if err == nil {
		err = unpack(data, &steps)
	}
	if errors.Is(err, remote.ErrNoObject) {
		err = fmt.Errorf("it is gone: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s of the ledger of a shard in %s: %w", name, p, err)
	}
	return steps, nil
}

// spans are ranges of numbers, in order, apart from each other; the end is not part of one.
type spans [][2]int

func (s spans) count() (n int) {
	for _, r := range s {
		n += r[1] - r[0]
	}
	return n
}

func (s spans) has(n int) bool {
	i, _ := slices.BinarySearchFunc(s, n, func(r [2]int, n int) int {
		if r[1] <= n {
			return -1
		}
		return 1
	})
	return i < len(s) && s[i][0] <= n
}

// with adds a number to a copy.
func (s spans) with(n int) spans {
	if s.has(n) {
		return s
	}
	all := append(slices.Clone(s), [2]int{n, n + 1})
	slices.SortFunc(all, func(a, b [2]int) int { return a[0] - b[0] })
	out := all[:1]
	for _, r := range all[1:] {
		if last := &out[len(out)-1]; last[1] == r[0] {
			last[1] = r[1]
		} else {
			out = append(out, r)
		}
	}
	return out
}
