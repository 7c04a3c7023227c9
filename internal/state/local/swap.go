package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// swapPatience is how long a write waits for another's to finish; each takes
// milliseconds, so this only ends when that process is stopped in the middle.
const (
	swapPatience = 30 * time.Second
	swapRetry    = time.Millisecond
)

// swap compares and swaps. What decides between writers is who gets the name of the next generation; the lock
// only spares them the attempt.
func (l *Store) swap(ctx context.Context, old state.Version, next state.State, sameLineage bool) (v state.Version, err error) {
	if err := ctx.Err(); err != nil {
		return v, err
	}
	if err := state.CheckSuccession(old, next, sameLineage); err != nil {
		return v, err
	}
	stored := l.author.Stored(l.opts.Now())
	next.Previous, next.Stored = old.Digest, &stored
	data, err := state.Encode(next)
	if err != nil {
		return v, err
	}
	dir, err := durable.Make(l.generations(), dirMode, l.opts.Disk)
	if err != nil {
		return v, fmt.Errorf("preparing to write the state: %w", err)
	}
	defer dir.Close()
	held, err := l.holdSwap(ctx, dir)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	found, err := l.read()
	if err != nil {
		return v, err
	}
	if found.version != old && !safety.Off(safety.LocalVersion) {
		return v, &state.StaleError{Expected: old, Found: found.version}
	}
	written := newDocument(l.path, next, data)
	if err := l.store(dir, found, written); err != nil {
		if errors.Is(err, state.ErrStale) {
			return v, err
		}
		return v, fmt.Errorf("writing the state %s: %w", l.path, err)
	}
	return written.version, nil
}

// holdSwap makes one writer at a time compare and swap, whoever holds the lock.
func (l *Store) holdSwap(ctx context.Context, dir *durable.Dir) (*durable.File, error) {
	ctx, cancel := context.WithTimeout(ctx, swapPatience)
	defer cancel()
	for {
		held, err := holdOwn(dir, ".swap")
		if !errors.Is(err, durable.ErrHeld) {
			return held, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for another process that writes the state: %w", ctx.Err())
		case <-time.After(swapRetry):
		}
	}
}

// store puts next in old's place.
func (l *Store) store(dir *durable.Dir, old, next document) error {
	l.opts.Fail.Hit("state.swap")
	dir.Sweep(time.Now())
	parent, err := l.dir()
	if err != nil {
		return err
	}
	defer parent.Close()
	parent.Sweep(time.Now())
	if old.isZero() {
		return l.storeFirst(parent, dir, next)
	}
	if err := l.keepOld(dir, old); err != nil {
		return err
	}
	file, err := parent.Create(l.name(), fileMode)
	if err != nil {
		return err
	}
	defer file.Abort()
	if _, err := file.Write(next.data); err != nil {
		return err // before anything was decided: a full disk shows here
	}
	if err := l.claim(dir, old, next); err != nil {
		return err
	}
	l.opts.Fail.Hit("state.claimed")
	newest, err := l.newer(next)
	if err != nil {
		return err
	}
	if newest.isZero() { // or others went on while this one slept, and have put more there
		if err := file.Commit(); err != nil {
			return err
		}
	}
	l.opts.Fail.Hit("state.published")
	l.prune(dir, next.state.Serial)
	return l.overtake(parent, next)
}

// newer is the newest generation that follows a document; none as long as nobody went on from it.
func (l *Store) newer(d document) (document, error) {
	return l.wholeGeneration(func(s uint64) bool { return s > d.state.Serial })
}

// storeFirst writes the first state: the state file decides, because a generation without it means that the
// state was lost.
func (l *Store) storeFirst(parent, dir *durable.Dir, next document) error {
	err := create(parent, l.name(), next.data)
	if errors.Is(err, fs.ErrExist) {
		found, rerr := l.read()
		if rerr != nil {
			return rerr
		}
		if !found.isZero() {
			return &state.StaleError{Found: found.version}
		}
		err = parent.WriteFile(l.name(), next.data, fileMode) // an empty file that somebody made
	}
	if err != nil {
		return err
	}
	l.opts.Fail.Hit("state.published")
	return l.keepOld(dir, next)
}

// keepOld makes sure that the state as it is, which somebody may have put there, is among the generations.
func (l *Store) keepOld(dir *durable.Dir, old document) error {
	if kept, err := l.keeps(old); err != nil || kept {
		return err
	}
	for g := (generation{serial: old.state.Serial}); ; g.try++ {
		if err := create(dir, g.name(), old.data); !errors.Is(err, fs.ErrExist) {
			l.opts.Fail.Hit("state.kept")
			return err
		}
	}
}

// claim takes the name of the next generation for next. It is the commit. A writer that slept while ten others wrote would find
// it free, taken and pruned: so it looks first whether somebody went on already.
func (l *Store) claim(dir *durable.Dir, old, next document) error {
	stale := &state.StaleError{Expected: old.version}
	if newest, err := l.newer(old); err != nil || !newest.isZero() {
		stale.Found = newest.version
		return cmp.Or[error](err, stale)
	}
	g := generation{serial: next.state.Serial}
	for ; ; g.try++ {
		err := create(dir, g.name(), next.data)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		data, err := l.readFile(l.pathOf(g))
		if err != nil {
			return err
		}
		other, err := decode(l.pathOf(g), data)
		if data == nil { // pruned meanwhile
			other, err = l.newer(old)
		}
		if err == nil && !safety.Off(safety.LocalClaim) {
			stale.Found = other.version
			return stale
		}
	}
	return l.inLine(dir, g, next)
}

// errUnclear says that a write cannot know whether others built on it: it slept while it was made, and all that could tell is
// pruned.
var errUnclear = fmt.Errorf("other processes wrote many times meanwhile, and may have built on what was written; plan again: %w", state.ErrUnclear)

// inLine makes sure that the generation just written continues the newest one, also where its writer slept while it took the name;
// what follows tells, because each names what it replaced.
func (l *Store) inLine(dir *durable.Dir, mine generation, next document) error {
	newest, err := l.wholeGeneration(func(s uint64) bool { return s > mine.serial })
	if err != nil || newest.isZero() || safety.Off(safety.LocalInLine) {
		return err
	}
	follower, err := l.wholeGeneration(func(s uint64) bool { return s == mine.serial+1 })
	switch {
	case err != nil:
		return err
	case follower.state.Previous == next.version.Digest:
		return nil // somebody built on it already
	case follower.isZero():
		return errUnclear
	}
	stale := &state.StaleError{Expected: state.Version{Lineage: next.version.Lineage, Serial: mine.serial - 1, Digest: next.state.Previous}, Found: newest.version}
	return errors.Join(stale, dir.Remove(mine.name()))
}

// overtake copies a generation that is newer than what was just put into the state file: this writer
// slept, and another was faster.
func (l *Store) overtake(parent *durable.Dir, written document) error {
	for {
		newest, err := l.newer(written)
		if err != nil || newest.isZero() {
			return err
		}
		if err := parent.WriteFile(l.name(), newest.data, fileMode); err != nil {
			return err
		}
		written = newest
	}
}

// create writes a file under a name that must be free. Where files cannot have two names, the lock alone keeps
// others away from it.
func create(dir *durable.Dir, name string, data []byte) error {
	p, err := dir.Create(name, fileMode)
	if err != nil {
		return err
	}
	defer p.Abort()
	if _, err := p.Write(data); err != nil {
		return err
	}
	if err = p.CommitNew(); !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if _, err := dir.Root().Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fs.ErrExist, err)
	}
	return dir.WriteFile(name, data, fileMode)
}

// holdOwn makes sure that a file exists and takes its lock.
func holdOwn(dir *durable.Dir, name string) (*durable.File, error) {
	for {
		f, err := dir.CreateNew(name, fileMode)
		if err == nil {
			err = f.Close()
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		held, err := dir.Hold(name, os.O_RDWR)
		if !errors.Is(err, fs.ErrNotExist) {
			return held, err
		}
	}
}
