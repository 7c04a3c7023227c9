package local

import (
	"bufio"
	"fmt"
	"time"
)

// A ledger is written anew when it is leastGrown bytes longer than twice what it was after the last time.
const leastGrown = 4 << 20

// compact writes the ledger anew, when it has grown: the whole old one or the whole new one is there at every instant. The
// caller holds mu and the lock; others notice by the file's name, which then stands for another file.
func (k *kept) compact() error {
	if k.at < 2*k.base+leastGrown {
		return nil
	}
	if err := k.rewrite(); err != nil {
		return fmt.Errorf("writing %s anew: %w", k.dir.Path(ledgerName), err)
	}
	return k.refresh()
}

func (k *kept) rewrite() error {
	p, err := k.dir.Create(ledgerName, fileMode)
	if err != nil {
		return err
	}
	defer p.Abort()
	w := bufio.NewWriterSize(p, 1<<20)
	put := func(l line) error {
		raw, err := l.encode()
		if err == nil {
			_, err = w.Write(raw)
		}
		return err
	}
	if err := put(line{At: k.fold.created, Created: &created{Format: format, Spec: k.fold.spec}}); err != nil {
		return err
	}
	for i := range k.fold.chunks {
		if err := k.rewriteChunk(i, put); err != nil {
			return err
		}
	}
	if err := put(line{At: time.Now().UTC(), State: &k.fold.state}); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return p.Commit()
}

// rewriteChunk writes a chunk's last step, and whose it is.
func (k *kept) rewriteChunk(i int, put func(line) error) error {
	c, now := k.fold.chunks[i], time.Now().UTC()
	if c.at > 0 {
		l, err := k.lineAt(c.at)
		if err != nil {
			return err
		}
		now = l.At
		if err := put(l); err != nil {
			return err
		}
	}
	if c.done || c.attempt == 0 {
		return nil
	}
	owner := k.fold.claims[i] // nobody's: of a lock that is not there
	if seen, ok := k.fold.workers[owner.worker]; ok && seen.Chunk == i {
		now = seen.Seen
	}
	if err := put(line{At: now, Claimed: &claimed{Chunk: i, Attempt: int(c.attempt), Lock: owner.lock, Worker: owner.worker}}); err != nil || !k.fold.left[i] {
		return err
	}
	return put(line{At: now, Let: &let{Chunk: i, Attempt: int(c.attempt)}})
}
