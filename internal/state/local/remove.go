package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// Remove implements state.Tx. The journal goes first and the state file last: as long as that is there the stack is, and
// a second attempt ends what a crash left of the first.
func (t *tx) Remove(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, t.Abandon()) }()
	if err := ctx.Err(); err != nil {
		return err
	}
	if t.dir == nil {
		return errOver
	}
	if t.file == nil {
		if _, err := t.dir.Root().Lstat(t.store.journalName()); !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(err, &state.FencedError{Path: t.store.journalPath()}) // another has begun
		}
	} else if !t.file.Named() && !safety.Off(safety.LocalRemoveFence) {
		return &state.FencedError{Path: t.store.journalPath()}
	}
	if err := t.store.remove(ctx, t.base.version, func() error { return t.renew(nil) }); err != nil {
		return fmt.Errorf("removing the state %s: %w", t.store.path, err)
	}
	return nil
}

// remove takes everything away, if the state still is the one of that version; what has to go before it goes first.
func (l *Store) remove(ctx context.Context, v state.Version, before func() error) (err error) {
	parent, err := l.dir()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, parent.Close()) }()
	dir, err := durable.Make(l.generations(), dirMode, l.opts.Disk)
	if err != nil {
		return err
	}
	err = l.removeIn(ctx, parent, dir, v, before)
	if err = errors.Join(err, dir.Close()); err == nil {
		_ = parent.Root().RemoveAll(l.name() + ".d") // nothing is in it that is read
	}
	return err
}

func (l *Store) removeIn(ctx context.Context, parent, dir *durable.Dir, v state.Version, before func() error) (err error) {
	held, err := l.holdSwap(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	found, err := l.read()
	if err != nil {
		return err
	}
	if found.version != v && !safety.Off(safety.LocalRemoveVersion) {
		return &state.StaleError{Expected: v, Found: found.version}
	}
	if err := before(); err != nil {
		return err
	}
	l.opts.Fail.Hit("remove.journal")
	kept, err := l.kept()
	if err != nil {
		return err
	}
	if len(kept) > 0 && found.path != l.path { // the newest was not copied there: it must not come back as an older one
		if err := parent.WriteFile(l.name(), found.data, fileMode); err != nil {
			return err
		}
	}
	for _, g := range kept {
		if err := dir.Remove(g.name()); err != nil {
			return err
		}
		l.opts.Fail.Hit("remove.generation")
	}
	dir.Sweep(time.Now())
	if err := parent.Remove(l.name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	l.opts.Fail.Hit("remove.state")
	return nil
}
