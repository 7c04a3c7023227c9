package state

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Append makes entries durable, in one piece of the file, before it returns.
// Concurrent appends share a sync. After a failure the journal stays broken: what
// it could not promise once, it promises to nobody.
func (j *Journal) Append(entries ...Entry) error {
	payloads := make([][]byte, 0, len(entries))
	for _, e := range entries {
		if !e.valid() || e.Op == OpOpen {
			return fmt.Errorf("journal entry %q is incomplete", e.Op)
		}
		payload, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("encoding a journal entry: %w", err)
		}
		payloads = append(payloads, payload)
	}
	b, leader := j.join(entries, payloads)
	if leader {
		j.flush(b)
	}
	<-b.done
	return b.err
}

// Err returns the failure that broke the journal, or nil. Nothing may be called any
// more once it is not nil.
func (j *Journal) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.broken
}

// join adds the entries to the batch that is written next. Whoever opens a batch
// leads it: it waits for the batch before, while others join.
func (j *Journal) join(entries []Entry, payloads [][]byte) (b *batch, leader bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.next == nil {
		j.next, leader = &batch{done: make(chan struct{})}, true
	}
	b = j.next
	b.entries = append(b.entries, entries...)
	b.payloads = append(b.payloads, payloads...)
	return b, leader
}

func (j *Journal) flush(b *batch) {
	j.writing.Lock()
	defer j.writing.Unlock()
	j.mu.Lock()
	j.next = nil // closed: nobody joins any more
	broken := j.broken
	j.mu.Unlock()

	if b.err = broken; broken == nil {
		b.err = j.write(b)
	}
	j.mu.Lock()
	if b.err == nil {
		j.entries = append(j.entries, b.entries...)
	} else if j.broken == nil {
		j.broken = fmt.Errorf("nothing more is recorded after a failure: %w", b.err)
	}
	j.mu.Unlock()
	close(b.done)
}

func (j *Journal) write(b *batch) error {
	if j.file == nil {
		return errors.New("the journal was not started")
	}
	var buf []byte
	for _, p := range b.payloads {
		buf = appendLine(buf, j.durable, p)
	}
	j.fail.Hit("journal.append")
	if _, err := j.file.WriteAt(buf, j.durable); err != nil {
		return fmt.Errorf("writing the journal %s: %w", j.path, err)
	}
	j.fail.Hit("journal.written")
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("syncing the journal %s: %w", j.path, err)
	}
	j.durable += int64(len(buf))
	j.fail.Hit("journal.synced")
	return nil
}
