package ops

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
)

// RunNote remembers which files a run has done, so that one that was interrupted goes on: what was encrypted looks like what
// was not encrypted again yet. It holds commitments and the facts of files, which say nothing of a content.
type RunNote struct {
	root *os.Root
	name string
	file *os.File
	// Began is when the run began that goes on; zero = this one is new.
	Began time.Time

	mu   sync.Mutex
	done map[[32]byte]Pair
}

// Pair is what tells that neither an encrypted file nor its plaintext was touched since one was made of the other.
type Pair struct {
	Sealed durable.Facts `json:"sealed"`
	Plain  durable.Facts `json:"plain"`
}

const (
	noteDir = ".kmsplan"
	// noteFor bounds how long a run may be gone on with: of a file that leaked since, the data key that it has is not the one it
	// should have.
	noteFor = 24 * time.Hour
)

// noteLine is the first line, with Began and For, or that of one file.
type noteLine struct {
	Began      time.Time `json:"began,omitzero"`
	For        string    `json:"for,omitempty"`
	Commitment []byte    `json:"commitment,omitempty"`
	Pair       Pair      `json:"pair,omitzero"`
}

// OpenRunNote opens the note below a directory that a verb has. what says what the run is to do: one that was to do
// something else, or began more than a day ago, is not gone on with; nor is any if anew says so.
func OpenRunNote(dir, verb, what string, anew bool, now time.Time) (*RunNote, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, durable.Reason(err))
	}
	r := &RunNote{root: root, name: path.Join(noteDir, verb+".jsonl"), done: map[[32]byte]Pair{}}
	if !anew {
		r.read(what, now)
	}
	if err := r.open(what, now); err != nil {
		root.Close()
		return nil, fmt.Errorf("note which files are done in %s: %w", path.Join(dir, r.name), durable.Reason(err))
	}
	return r, nil
}

// read takes up what an earlier run noted. A note that somebody else may have written counts as none.
func (r *RunNote) read(what string, now time.Time) {
	f, info, err := openRegular(place{root: r.root, name: r.name}, os.O_RDONLY)
	if err != nil {
		return
	}
	defer f.Close()
	if !ours(info, os.Geteuid()) {
		return
	}
	lines := bufio.NewScanner(f)
	for first := true; lines.Scan(); first = false {
		var line noteLine
		if json.Unmarshal(lines.Bytes(), &line) != nil && !first {
			continue // torn: the file is done again
		}
		switch age := now.Sub(line.Began); {
		case !first && len(line.Commitment) == 32:
			r.done[[32]byte(line.Commitment)] = line.Pair
		case first && (line.For != what || age < 0 || age > noteFor):
			return
		case first:
			r.Began = line.Began
		}
	}
}

// open goes on behind what there is, or begins anew.
func (r *RunNote) open(what string, now time.Time) error {
	if err := r.root.Mkdir(noteDir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	flag := os.O_WRONLY | os.O_APPEND
	if r.Began.IsZero() {
		if err := r.root.Remove(r.name); err != nil && !isMissing(err) {
			return err
		}
		flag |= os.O_CREATE | os.O_EXCL
	}
	f, err := r.root.OpenFile(r.name, flag, PrivateMode)
	if err != nil {
		return err
	}
	r.file = f
	if r.Began.IsZero() {
		return r.append(noteLine{Began: now, For: what})
	}
	_, err = f.WriteString("\n") // behind a line that was torn
	return err
}

func (r *RunNote) append(line noteLine) error {
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = r.file.Write(append(text, '\n'))
	return err
}

// Count is how many files earlier runs did.
func (r *RunNote) Count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.done)
}

// Done says whether an earlier part of the run wrote the file of a commitment.
func (r *RunNote) Done(commitment [32]byte) bool {
	_, done := r.pair(commitment)
	return done
}

func (r *RunNote) pair(commitment [32]byte) (Pair, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, done := r.done[commitment]
	return p, done
}

// Add remembers a file. That it cannot be written down is no error: the file is done again at the worst.
func (r *RunNote) Add(commitment [32]byte) { r.add(noteLine{Commitment: commitment[:]}) }

func (r *RunNote) add(line noteLine) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.append(line)
}

// Close ends the run; finished removes the note, and the directory where nothing else is in it.
func (r *RunNote) Close(finished bool) error {
	err := r.file.Close()
	if finished {
		err = errors.Join(err, r.root.Remove(r.name))
		_ = r.root.Remove(noteDir)
	}
	return errors.Join(err, r.root.Close())
}
