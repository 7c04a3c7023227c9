package stack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/manifest"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/durable"
)

// plansDir is where plans of batches are, below the module.
const plansDir = ".kmsplan/batch"

// PlannedBatch is a plan of a batch with the manifest in its file.
type PlannedBatch struct {
	batch.Plan
	// Asked is what was planned: the plan of another question is of no use.
	Asked AskedBatch `json:"asked"`
	File  string     `json:"-"` // absolute; "" = it was made into a batch
}

// AskedBatch is what a plan of a batch answers.
type AskedBatch struct {
	Spec      batch.Spec `json:"spec"`
	Objects   int        `json:"chunk_objects"`
	Bytes     int64      `json:"chunk_bytes"`
	List      string     `json:"list,omitempty"`
	Inventory string     `json:"inventory,omitempty"`
}

func (b *Batch) asked() AskedBatch {
	return AskedBatch{Spec: b.Spec, Objects: b.Chunk.Objects, Bytes: b.Chunk.Bytes, List: b.List, Inventory: b.Inventory}
}

// planEnd is the last line of a plan's file, behind the manifest.
type planEnd struct {
	Format int           `json:"format"`
	Plan   *PlannedBatch `json:"batch_plan"`
}

const (
	planFormat  = 1
	mostPlanEnd = 8 << 20 // bytes
)

func (p *PlannedBatch) writeEnd(w io.Writer) error {
	text, err := json.Marshal(planEnd{planFormat, p})
	if err == nil {
		_, err = w.Write(append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write the plan of %s: %w", p.Spec.Address, err)
	}
	return nil
}

// planRoom is the directory and the name of a plan's file.
func (s *Stack) planRoom(address, out string) (*durable.Dir, string, error) {
	if out == "" {
		out = filepath.Join(s.absolute(plansDir), planName(address))
	}
	dir, err := durable.Make(filepath.Dir(out), 0o700, nil)
	if err != nil {
		return nil, "", fmt.Errorf("write the plan of %s: %w", address, err)
	}
	return dir, filepath.Base(out), nil
}

// PlanPlace is the module's own place for what is planned beside the plan of a batch: to verify it, to try again what failed.
func (s *Stack) PlanPlace(address, what string) string {
	return filepath.Join(s.absolute(plansDir), planName(address+"."+what))
}

// planName tells addresses apart that are written alike in names of files.
func planName(address string) string {
	sum := sha256.Sum256([]byte(address))
	return batch.Spec{Address: address, Manifest: hex.EncodeToString(sum[:])}.ID() + ".plan"
}

// SavedBatchPlan reads the plan of a batch from a file, "" = the module's own; nil where there is none, or it answers another
// question: why says so. A plan from elsewhere that does not fit is an error.
func (s *Stack) SavedBatchPlan(ctx context.Context, b *Batch, file string) (p *PlannedBatch, why string, err error) {
	own := file == ""
	if own {
		file = filepath.Join(s.absolute(plansDir), planName(b.Spec.Address))
	}
	p, err = readPlan(file)
	switch {
	case own && errors.Is(err, os.ErrNotExist):
		return nil, "", nil
	case err == nil:
		err = b.answeredBy(ctx, p)
	}
	switch {
	case err == nil:
		return p, "", nil
	case own:
		return nil, err.Error(), nil
	}
	return nil, "", err
}

// answeredBy refuses the plan of another question. One that was made before its stack had a state names no stack: then all else
// that it says has to be this one's.
func (b *Batch) answeredBy(ctx context.Context, p *PlannedBatch) error {
	was := p.Asked
	if was.Spec.Stack == "" {
		was.Spec.Stack = b.Spec.Stack
	}
	if normalised(was) != normalised(b.asked()) {
		return fmt.Errorf("the plan in %s is of %s as it was on %s: its block, its key's primary version or the state are others now", p.File, b.Spec.Address, p.Spec.Planned.Format(time.RFC3339))
	}
	here, err := b.place(ctx)
	if err == nil && here != p.Spec.Source {
		err = fmt.Errorf("the plan in %s is of %s with objects in %s, and they are in %s now", p.File, b.Spec.Address, p.Spec.Source, here)
	}
	return err
}

// normalised is what was asked as JSON tells it.
func normalised(a AskedBatch) string {
	text, err := json.Marshal(a)
	if err != nil {
		panic("stack: a batch is not JSON: " + err.Error())
	}
	return string(text)
}

func readPlan(file string) (*PlannedBatch, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	defer f.Close()
	text, err := lastLine(f)
	if err != nil {
		return nil, fmt.Errorf("read the plan in %s: %w", file, err)
	}
	var end planEnd
	if err := json.Unmarshal(text, &end); err != nil || end.Plan == nil {
		return nil, fmt.Errorf("%s is no plan of a batch, or a damaged one: plan again", file)
	}
	if end.Format != planFormat {
		return nil, fmt.Errorf("%s is a plan of format %d, and this version of kmsplan reads %d: plan again", file, end.Format, planFormat)
	}
	end.Plan.File = file
	return end.Plan, nil
}

// lastLine reads a file's last line from its end.
func lastLine(f *os.File) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	for size := int64(64 << 10); ; size *= 4 {
		from := max(info.Size()-size, 0)
		text := make([]byte, info.Size()-from)
		if _, err := f.ReadAt(text, from); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		text = bytes.TrimSuffix(text, []byte("\n"))
		if at := bytes.LastIndexByte(text, '\n'); at >= 0 {
			return text[at+1:], nil
		}
		if from == 0 || size > mostPlanEnd {
			return text, nil
		}
	}
}

// CreateBatch makes a batch of a plan, paused, and notes it in the state before any worker may begin. The plan's file goes.
func (s *Stack) CreateBatch(ctx context.Context, q queue.Queue, p *PlannedBatch) (batch.Record, error) {
	f, err := os.Open(p.File)
	if err != nil {
		return batch.Record{}, fmt.Errorf("read the plan: %w", err)
	}
	defer f.Close()
	if err := s.settle(ctx, p); err != nil {
		return batch.Record{}, err
	}
	parts := manifest.Parts(f, manifest.Whole{Digest: p.Spec.Manifest, Objects: p.Spec.Objects, Bytes: p.Spec.Bytes, Chunks: p.Spec.Chunks})
	if err := q.Create(ctx, p.Spec, parts); err != nil {
		return batch.Record{}, fmt.Errorf("create %s: %w", p.Spec.Address, err)
	}
	r, err := q.Record(ctx, p.Spec.Address)
	if err != nil {
		return r, err
	}
	if err := s.RecordBatch(ctx, Outcome{Record: r, Before: p.Under, Unread: p.unread()}); err != nil {
		return r, fmt.Errorf("note %s in the state: %w", p.Spec.Address, err)
	}
	return r, p.Discard()
}

// unread are the objects whose headers were not read.
func (p *PlannedBatch) unread() int64 {
	if p.Unread {
		return p.Spec.Objects
	}
	return 0
}

// PlanFile is where a batch's plan is said to be, for people: below the module where it is there.
func (s *Stack) PlanFile(p *PlannedBatch) string {
	if rel, err := filepath.Rel(s.Config.Dir, p.File); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return p.File
}
