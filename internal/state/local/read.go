package local

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// document is a stored state with its bytes; zero = there is none.
type document struct {
	state   state.State
	version state.Version
	data    []byte
	path    string
}

func (d document) isZero() bool { return len(d.data) == 0 }

func decode(path string, data []byte) (document, error) {
	st, err := state.Decode(path, data)
	if err != nil {
		return document{}, err
	}
	return newDocument(path, st, data), nil
}

func newDocument(path string, st state.State, data []byte) document {
	v := state.Version{Lineage: st.Lineage, Serial: st.Serial, Digest: digest(data)}
	return document{state: st, version: v, data: data, path: path}
}

// digest is Version.Digest of a stored state.
func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// lastRead is the document that was read last, without its bytes: a command reads the state several times, and decoding a large
// one takes longer than digesting it. What it gives away is not changed by anybody.
type lastRead struct {
	mu sync.Mutex
	document
}

func (r *lastRead) decode(path string, data []byte) (document, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	d := r.document
	if d.path != path || d.version.Digest != digest(data) {
		var err error
		if d, err = decode(path, data); err != nil {
			return document{}, err
		}
		r.document = d
		r.data = nil
	}
	d.data = data
	return d, nil
}

// doubtPatience is how long a state file that does not fit what is kept beside it has to stay the same before it counts as
// somebody else's: a writer that was overtaken puts the right one there at once.
const doubtPatience = 200 * time.Millisecond

// read returns the state as it is. A reader that slept while ten others wrote holds what was pruned since, so that in doubt it
// looks again.
func (l *Store) read() (document, error) {
	var before []byte
	for since := time.Now(); ; time.Sleep(swapRetry) {
		data, err := l.stateFile()
		if err != nil {
			return document{}, err
		}
		d, doubt, err := l.over(data)
		if err != nil || doubt == nil {
			return d, err
		}
		switch {
		case !bytes.Equal(before, data):
			before, since = data, time.Now()
		case time.Since(since) > doubtPatience:
			return d, doubt
		}
	}
}

// over returns the state file's document, or the newest generation that follows it, which a writer that died or was overtaken
// did not copy there. The doubt is that the state file did not lead to that generation.
func (l *Store) over(data []byte) (d document, doubt, err error) {
	if len(data) == 0 {
		d, err = l.readMissing()
		return d, nil, err
	}
	file, err := l.last.decode(l.path, data)
	if err != nil {
		return document{}, nil, l.withGeneration(err)
	}
	l.opts.Fail.Hit("state.read")
	newest, err := l.newer(file)
	if err != nil || newest.isZero() {
		return file, nil, err
	}
	l.opts.Fail.Hit("state.followed")
	if followed, err := l.keeps(file); err != nil || followed || safety.Off(safety.LocalOlder) {
		return newest, nil, err
	}
	return newest, &state.CorruptError{Path: l.path, Generation: newest.path, Serial: newest.state.Serial, Reason: fmt.Sprintf(
		"it has serial %d, was put there by somebody else, and is older than a generation that is kept beside it; to go on from it all the same, move %s away",
		file.state.Serial, l.generations())}, nil
}

// readMissing decides between a stack that has no state yet and one that lost it.
func (l *Store) readMissing() (document, error) {
	kept, err := l.kept()
	if err != nil {
		return document{}, err
	}
	if len(kept) > 0 && !safety.Off(safety.LocalMissing) { // the first state is put in place before its generation: if it was written just now, it is there
		data, err := l.stateFile()
		if err != nil {
			return document{}, err
		}
		if len(data) > 0 {
			return l.read()
		}
		return document{}, l.withGeneration(&state.CorruptError{
			Path: l.path, Reason: "it is missing or empty, though generations of it are kept in " + l.generations(),
		})
	}
	return document{state: state.New()}, nil
}

// withGeneration names the newest whole generation in an error about the state file.
func (l *Store) withGeneration(err error) error {
	var corrupt *state.CorruptError
	if errors.As(err, &corrupt) {
		if g, gerr := l.wholeGeneration(func(uint64) bool { return true }); gerr == nil {
			corrupt.Generation, corrupt.Serial = g.path, g.state.Serial
		}
	}
	return err
}

// stateFile reads the state file; none when it is missing.
func (l *Store) stateFile() ([]byte, error) { return l.readFile(l.path) }

// readFile reads a file of the store; nothing when it, or its directory, is missing.
func (l *Store) readFile(path string) ([]byte, error) {
	at := *l
	at.path = path
	dir, err := at.dir()
	if err == nil {
		defer dir.Close()
		var data []byte
		if data, err = dir.ReadFile(filepath.Base(path), maxState); err == nil {
			return data, nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return nil, fmt.Errorf("reading the state: %w", err)
}

// keeps reports whether the document is among the generations of its serial.
func (l *Store) keeps(d document) (bool, error) {
	kept, err := l.kept()
	if err != nil {
		return false, err
	}
	for _, g := range kept {
		if g.serial != d.state.Serial {
			continue
		}
		if data, err := l.readFile(l.pathOf(g)); err == nil && bytes.Equal(data, d.data) {
			return true, nil
		}
	}
	return false, nil
}
