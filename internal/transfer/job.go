package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"kmsplan.dev/kmsplan/internal/kms/wire/ciphertext"
)

// maxFile bounds a file that is searched, bytes. An envelope of kmsplan may have any size.
const maxFile = 256 << 20

// ownFormat begins the headers of kmsplan, which bind the ciphertexts in them.
const ownFormat = "kmsplan.dev/envelope/v"

// blobsAtOnce are moved at the same time.
const blobsAtOnce = 8

// What becomes of a ciphertext.
const (
	StatusToMove   = "to_move" // of plan; verify calls it left
	StatusLeft     = "left"
	StatusMoved    = "moved"
	StatusGood     = "good"      // of verify: under the new key, and it opens
	StatusFailed   = "failed"    // it stays as it was
	StatusKept     = "kept"      // it would have moved, and stays for another of its file
	StatusNotBegun = "not_begun" // an interrupt came first
	StatusSkipped  = "skipped"   // a manifest names other columns, or the file is no regular one
)

// Item is a line of the report.
type Item struct {
	Path       string `json:"path"`
	Line       int    `json:"line,omitempty"`
	Column     string `json:"column,omitempty"`
	Form       string `json:"form,omitempty"`
	Status     string `json:"status"`
	Key        string `json:"key,omitempty"`
	Version    string `json:"key_version,omitempty"`
	NewKey     string `json:"new_key,omitempty"`
	NewVersion string `json:"new_key_version,omitempty"`
	Digest     string `json:"context_digest,omitempty"` // raw or hex, where there is a context
	Error      string `json:"error,omitempty"`
}

// Files rewrites files whole. Package ops does.
type Files interface {
	Exchange(ctx context.Context, path string, limit int64, change func([]byte) ([]byte, error)) error
}

// Envelopes are the files of kmsplan's own format, and documents whose values are sealed.
type Envelopes interface {
	// KeyOf is the key and the version that open a file; ok is false of one that is no envelope.
	KeyOf(path string) (key, version string, ok bool)
	// Rewrap brings one under another key, opened under it before the old one goes, and says which version that is.
	Rewrap(ctx context.Context, path, key string) (version string, err error)
	// Verify opens one to its last byte.
	Verify(ctx context.Context, path string) error
}

// What a job does with files.
const (
	Plan = iota
	Run
	Verify
)

// Job moves ciphertexts from shared keys to a key of an instance. Survey first.
type Job struct {
	Gateways  Gateways
	Files     Files
	Envelopes Envelopes
	Journal   *Journal // nil = none

	To      string   // the new key
	From    []string // the keys that are left; none = all symmetric keys of the region in no instance
	Way     string   // a Way…
	Context map[string]string
	Columns map[string]string // further pairs of the context, from other columns of a ciphertext's row
	Digest  string            // a Digest…
	Rows    []Row             // of a manifest; they go before Context, Columns and Digest

	Keys    Keys
	service service
}

// Start is a job that makes its calls through gateways.
func (j *Job) Start() *Job { j.service.gateways = j.Gateways; return j }

// Calls is how many calls were made, those for envelopes aside.
func (j *Job) Calls() int { return int(j.service.calls.Load()) }

// File works on one file, and tells of every ciphertext in it that is under a key to leave.
func (j *Job) File(ctx context.Context, path string, do int) []Item {
	if key, version, ok := j.Envelopes.KeyOf(path); ok {
		return j.envelope(ctx, path, key, version, do)
	}
	var items []Item
	err := j.Files.Exchange(ctx, path, maxFile, func(content []byte) ([]byte, error) {
		blobs, broken := find(content, j.Keys.left())
		in := &text{content: content}
		if len(blobs) > 0 && bytes.Contains(content, []byte(ownFormat)) {
			return nil, errors.New("ciphertexts stand beside a header of kmsplan, which binds them; decrypt the file, or move what it is part of by kmsplan rewrap")
		}
		for _, at := range broken {
			items = append(items, Item{Path: path, Line: in.line(at), Status: StatusFailed, Error: "the id of a key version stands here as a ciphertext has it, and no ciphertext that is whole"})
		}
		found := j.work(ctx, path, in, blobs, do)
		items = append(items, found.items...)
		if do != Run || len(broken) > 0 {
			return nil, nil
		}
		return found.next, nil
	})
	if err != nil || slices.ContainsFunc(items, func(i Item) bool { return i.Status == StatusFailed }) {
		keep(items)
	}
	if err != nil {
		items = append(items, Item{Path: path, Status: StatusFailed, Error: err.Error()})
	}
	return items
}

// keep says of what would have moved that it stays, because its file does.
func keep(items []Item) {
	for i := range items {
		if items[i].Status == StatusMoved {
			items[i].Status = StatusKept
		}
	}
}

// result is what became of a file's ciphertexts, and its new content where all of them moved.
type result struct {
	items []Item
	next  []byte
}

func (j *Job) work(ctx context.Context, path string, in *text, blobs []Blob, do int) result {
	var r result
	var rows []Row
	kept := blobs[:0:0]
	for _, b := range blobs {
		item := Item{Path: path, Line: in.line(b.Start), Form: b.Form, Key: j.Keys.of(b.Version), Version: b.Version, NewKey: j.Keys.To.ID, Status: StatusToMove}
		row, ok, err := j.row(path, in, b)
		switch {
		case !ok:
			item.Status, item.NewKey = StatusSkipped, ""
		case err != nil:
			item.Status, item.Column, item.Error = StatusFailed, row.Column, err.Error()
		default:
			if do == Verify {
				item.Status = StatusLeft
			}
			item.Column = row.Column
			kept, rows = append(kept, b), append(rows, row)
		}
		r.items = append(r.items, item)
	}
	switch do {
	case Verify:
		r.items = append(r.items, j.verifyMoved(ctx, path, in)...)
	case Run:
		r.next = j.moveAll(ctx, in.content, kept, rows, r.items)
	}
	return r
}

// moveAll moves the ciphertexts of a file: all of them or none.
func (j *Job) moveAll(ctx context.Context, content []byte, blobs []Blob, rows []Row, items []Item) []byte {
	fresh, at := make([][]byte, len(blobs)), 0
	places := make([]int, len(blobs))
	for i := range items {
		if items[i].Status == StatusToMove {
			places[at] = i
			at++
		}
	}
	var g errgroup.Group
	g.SetLimit(blobsAtOnce)
	for i, b := range blobs {
		g.Go(func() error {
			item := &items[places[i]]
			m, err := j.moveOne(ctx, b, rows[i])
			if err != nil {
				item.Status, item.Error = StatusFailed, err.Error()
				return err
			}
			item.Status = StatusMoved
			item.NewVersion = m.version
			if len(rows[i].Context) > 0 || b.message != nil && len(b.message.Context) > 0 {
				item.Digest = m.digest
			}
			fresh[i] = m.raw
			return nil
		})
	}
	failed := g.Wait() != nil
	for i := range items {
		failed = failed || items[i].Status == StatusFailed
	}
	if len(blobs) == 0 {
		return nil
	}
	if failed {
		return nil
	}
	return splice(content, blobs, fresh)
}

// moved is what took the place of a ciphertext.
type moved struct {
	raw             []byte
	digest, version string
}

// moveOne opens a ciphertext, has it encrypted anew, and opens that.
func (j *Job) moveOne(ctx context.Context, b Blob, row Row) (moved, error) {
	if err := ctx.Err(); err != nil {
		return moved{}, err
	}
	if b.message != nil {
		return j.moveMessage(ctx, b.message)
	}
	o, err := j.service.open(ctx, b.Raw, row.Context, row.Digest)
	if err != nil {
		return moved{}, fmt.Errorf("open the ciphertext: %w", err)
	}
	raw, err := j.anew(ctx, b.Raw, o, row.Context)
	version, _ := ciphertext.VersionID(raw)
	return moved{raw, o.digest, version}, err
}

// anew encrypts under the new key what was opened, and opens it; or it takes what an interrupted run made of it.
func (j *Job) anew(ctx context.Context, old []byte, o opened, bound map[string]string) ([]byte, error) {
	if raw := j.Journal.moved(old, bound, j.Keys.To.ID); raw != nil && j.service.prove(ctx, raw, o, bound, j.Keys.To.Versions) == nil {
		return raw, nil
	}
	raw, err := j.service.move(ctx, old, o, bound, j.Keys.To.ID, j.Way)
	if err != nil {
		return nil, fmt.Errorf("encrypt under the new key: %w", err)
	}
	if err := j.service.prove(ctx, raw, o, bound, j.Keys.To.Versions); err != nil {
		return nil, err
	}
	return raw, j.Journal.note(old, bound, j.Keys.To.ID, raw)
}

// verifyMoved opens what is under the new key.
func (j *Job) verifyMoved(ctx context.Context, path string, in *text) []Item {
	blobs, _ := find(in.content, j.Keys.To.Versions)
	items := make([]Item, len(blobs))
	var g errgroup.Group
	g.SetLimit(blobsAtOnce)
	for i, b := range blobs {
		items[i] = Item{Path: path, Line: in.line(b.Start), Form: b.Form, Key: j.Keys.To.ID, Version: b.Version, Status: StatusGood}
		row, ok, err := j.row(path, in, b)
		if !ok {
			items[i].Status = StatusSkipped
			continue
		}
		items[i].Column = row.Column
		if err != nil {
			items[i].Status, items[i].Error = StatusFailed, err.Error()
			continue
		}
		g.Go(func() error {
			if err := j.verifyOne(ctx, b, row); err != nil {
				items[i].Status, items[i].Error = StatusFailed, err.Error()
			}
			return nil
		})
	}
	_ = g.Wait()
	return items
}

func (j *Job) verifyOne(ctx context.Context, b Blob, row Row) error {
	if b.message != nil {
		return j.verifyMessage(ctx, b.message)
	}
	_, err := j.service.openNew(ctx, b.Raw, row.Context)
	return err
}

// envelope works on a file of kmsplan's own.
func (j *Job) envelope(ctx context.Context, path, key, version string, do int) []Item {
	item := Item{Path: path, Form: FormEnvelope, Key: key, Version: version, NewKey: j.Keys.To.ID, Status: StatusToMove}
	if key == j.Keys.To.ID {
		if do != Verify {
			return nil
		}
		item.Status, item.NewKey = StatusGood, ""
		if err := j.Envelopes.Verify(ctx, path); err != nil {
			item.Status, item.Error = StatusFailed, err.Error()
		}
		return []Item{item}
	}
	if !j.leaves(key) {
		return nil
	}
	switch do {
	case Verify:
		item.Status = StatusLeft
	case Run:
		fresh, err := j.Envelopes.Rewrap(ctx, path, j.Keys.To.ID)
		item.Status, item.NewVersion = StatusMoved, fresh
		if err != nil {
			item.Status, item.Error = StatusFailed, err.Error()
		}
	}
	return []Item{item}
}

func (j *Job) leaves(key string) bool {
	for _, k := range j.Keys.From {
		if k.ID == key {
			return true
		}
	}
	return false
}
