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
)

// Redone remembers which files a run encrypted anew, so that one that was interrupted goes on: a file that is encrypted
// anew looks like any other. It holds commitments, which say nothing of a content.
type Redone struct {
	root *os.Root
	file *os.File
	// Began is when the run began that goes on; zero = this one is new.
	Began time.Time

	mu   sync.Mutex
	done map[[32]byte]bool
}

const (
	redoneFile = ".kmsplan/reencrypt.jsonl"
	// redoneFor bounds how long a run may be gone on with: a file that leaked since is not the one that was done.
	redoneFor = 24 * time.Hour
)

// redoneLine is the first line, with Began and For, or that of one file.
type redoneLine struct {
	Began      time.Time `json:"began,omitzero"`
	For        string    `json:"for,omitempty"`
	Commitment []byte    `json:"commitment,omitempty"`
}

// OpenRedone opens the note below a directory. what says what the run is to do: one that was to do something else, or
// began more than a day ago, is not gone on with; nor is any if anew says so.
func OpenRedone(dir, what string, anew bool, now time.Time) (*Redone, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, reason(err))
	}
	r := &Redone{root: root, done: map[[32]byte]bool{}}
	if !anew {
		r.read(what, now)
	}
	if err := r.open(what, now); err != nil {
		root.Close()
		return nil, fmt.Errorf("note which files are done in %s: %w", path.Join(dir, redoneFile), reason(err))
	}
	return r, nil
}

// read takes up what an earlier run noted. A note that somebody else may have written counts as none.
func (r *Redone) read(what string, now time.Time) {
	f, info, err := openRegular(place{root: r.root, name: redoneFile}, os.O_RDONLY)
	if err != nil {
		return
	}
	defer f.Close()
	if !ours(info, os.Geteuid()) {
		return
	}
	lines := bufio.NewScanner(f)
	for first := true; lines.Scan(); first = false {
		var line redoneLine
		if json.Unmarshal(lines.Bytes(), &line) != nil && !first {
			continue // torn: the file is done again
		}
		switch age := now.Sub(line.Began); {
		case !first && len(line.Commitment) == 32:
			r.done[[32]byte(line.Commitment)] = true
		case first && (line.For != what || age < 0 || age > redoneFor):
			return
		case first:
			r.Began = line.Began
		}
	}
}

// open goes on behind what there is, or begins anew.
func (r *Redone) open(what string, now time.Time) error {
	if err := r.root.Mkdir(path.Dir(redoneFile), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	flag := os.O_WRONLY | os.O_APPEND
	if r.Began.IsZero() {
		if err := r.root.Remove(redoneFile); err != nil && !isMissing(err) {
			return err
		}
		flag |= os.O_CREATE | os.O_EXCL
	}
	f, err := r.root.OpenFile(redoneFile, flag, PrivateMode)
	if err != nil {
		return err
	}
	r.file = f
	if r.Began.IsZero() {
		return r.append(redoneLine{Began: now, For: what})
	}
	_, err = f.WriteString("\n") // behind a line that was torn
	return err
}

func (r *Redone) append(line redoneLine) error {
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = r.file.Write(append(text, '\n'))
	return err
}

// Count is how many files earlier runs did.
func (r *Redone) Count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.done)
}

// Done says whether an earlier part of the run encrypted a file anew.
func (r *Redone) Done(commitment [32]byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.done[commitment]
}

// Note remembers a file. That it cannot be written down is no error: the file is done again at the worst.
func (r *Redone) Note(commitment [32]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.append(redoneLine{Commitment: commitment[:]})
}

// Close ends the run; finished removes the note.
func (r *Redone) Close(finished bool) error {
	err := r.file.Close()
	if finished {
		err = errors.Join(err, r.root.Remove(redoneFile))
	}
	return errors.Join(err, r.root.Close())
}
