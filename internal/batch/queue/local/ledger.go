package local

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"sync"

	"kmsplan.dev/kmsplan/internal/durable"
)

// The files of a batch's directory.
const (
	manifestName = "manifest"
	ledgerName   = "ledger"
)

// kept is one batch.
type kept struct {
	dir  *durable.Dir
	name string // of the directory

	mu      sync.Mutex
	file    *durable.File // the ledger; nil before it was read
	at      int64         // so many bytes of it are folded
	lines   int           // so many lines
	base    int64         // its length when it was written anew, or when this process read it first
	fold    *fold
	book    *durable.File // the manifest; nil before it was read
	offsets []int64       // of its chunks
}

func (k *kept) close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var err error
	for _, f := range []*durable.File{k.file, k.book} {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return errors.Join(err, k.dir.Close())
}

// refresh folds what was appended since. The caller holds mu.
func (k *kept) refresh() error {
	if k.file == nil || !k.file.Named() { // another process may have written it anew
		if err := k.reopen(); err != nil {
			return err
		}
	}
	r := bufio.NewReaderSize(io.NewSectionReader(k.file, k.at, math.MaxInt64-k.at), 64<<10)
	for {
		raw, err := r.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading %s: %w", k.dir.Path(ledgerName), err)
		}
		if err != nil {
			return nil // nothing more, or a line that is being written or was torn
		}
		text, ok := whole(raw)
		if !ok && !more(r) {
			return nil // the last line: torn
		}
		if !ok {
			return k.damaged("its checksum does not fit")
		}
		if err := k.takeText(text); err != nil {
			return k.damaged(err.Error())
		}
		k.at += int64(len(raw))
		k.lines++
	}
}

// more reports whether a whole line follows.
func more(r *bufio.Reader) bool {
	for {
		raw, err := r.ReadBytes('\n')
		if err != nil {
			return false
		}
		if _, ok := whole(raw); ok {
			return true
		}
	}
}

func (k *kept) damaged(reason string) error {
	return fmt.Errorf("%s, line %d, is damaged: %s. The objects say themselves what was done to them: move the directory away "+
		"and start the batch anew", k.dir.Path(ledgerName), k.lines+1, reason)
}

func (k *kept) takeText(text []byte) error {
	l, err := decode(text)
	switch {
	case err != nil:
		return err
	case (l.Created != nil) != (k.fold == nil):
		return errors.New("a ledger is created once, in its first line")
	case l.Created == nil:
		return k.fold.take(l, k.at)
	case l.Created.Format != format:
		return fmt.Errorf("it is of format %d; this kmsplan reads %d", l.Created.Format, format)
	}
	k.fold = newFold(l.At, *l.Created)
	return nil
}

// reopen reads the ledger from its beginning.
func (k *kept) reopen() error {
	f, err := k.dir.OpenFile(ledgerName, os.O_RDWR)
	if err != nil {
		return fmt.Errorf("opening the ledger of a batch: %w", err)
	}
	if k.file != nil {
		_ = k.file.Close() // nothing of ours is in it that is not on disk
	}
	k.file, k.at, k.lines, k.fold = f, 0, 0, nil
	info, err := f.OS().Stat()
	if err != nil {
		return err
	}
	k.base = info.Size()
	return nil
}

// view looks at the batch as it is now.
func (k *kept) view(look func(*fold) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.refresh(); err != nil {
		return err
	}
	return look(k.fold)
}

// update appends what decide makes of the batch as it is now; nobody else appends meanwhile. After each line it is folded, and
// on disk.
func (k *kept) update(ctx context.Context, decide func(*fold) (*line, error)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	held, err := hold(ctx, k.dir, lockName)
	if err != nil {
		return fmt.Errorf("changing a batch: %w", err)
	}
	defer held.Close()
	if err := k.refresh(); err != nil {
		return err
	}
	l, err := decide(k.fold)
	if err != nil || l == nil {
		return err
	}
	if err := k.append(*l); err != nil {
		return fmt.Errorf("appending to %s: %w", k.dir.Path(ledgerName), err)
	}
	return k.compact()
}

// append puts a line on disk, in place of one that a crash tore, and folds it.
func (k *kept) append(l line) error {
	raw, err := l.encode()
	if err != nil {
		return err
	}
	info, err := k.file.OS().Stat()
	if err == nil && info.Size() > k.at {
		err = k.file.Truncate(k.at)
	}
	if err == nil {
		_, err = k.file.WriteAt(raw, k.at)
	}
	if err == nil {
		err = k.file.Sync()
	}
	if err != nil {
		return errors.Join(err, k.file.Truncate(k.at))
	}
	if err := k.fold.take(l, k.at); err != nil {
		return err
	}
	k.at += int64(len(raw))
	k.lines++
	return nil
}

// lineAt reads one line again.
func (k *kept) lineAt(at int64) (line, error) {
	raw, err := bufio.NewReader(io.NewSectionReader(k.file, at, k.at-at)).ReadBytes('\n')
	if err != nil {
		return line{}, err
	}
	text, ok := whole(raw)
	if !ok {
		return line{}, fmt.Errorf("%s is damaged at byte %d, where it was whole", k.dir.Path(ledgerName), at)
	}
	return decode(text)
}
