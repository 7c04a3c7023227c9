package ops

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/state"
)

// sightings remember which file was seen to match which fingerprint, so that a plan need not
// read and digest again what did not change: argon2id takes some 10 ms for each file. It is a note between runs
// on one machine and nothing depends on it being there. It holds no digest of a plaintext.
//
// It must never say of a changed file that it is the same. So a file is remembered by everything that tells
// one content from another, the ctime included, which no program can set; only on file systems that stamp every write;
// and only if it had been at rest for settled when it was read, so that no later write can carry the same stamp, nor hide in a
// page of a memory mapping that was not written back.
type sightings struct {
	root   *os.Root
	prints *state.Fingerprints
	now    func() time.Time

	mu      sync.Mutex
	known   map[string]sighting // by path
	changed bool
}

// sighting is one file that matched.
type sighting struct {
	Facts   durable.Facts `json:"facts"`
	Matched string        `json:"matched"` // SHA-256 of the state's fingerprint, hex
}

const (
	sightingsFile   = ".kmsplan/files.json"
	sightingsFormat = 1
	maxSightings    = 16 << 20 // bytes read

	// settled is longer than Linux keeps a dirty page before it writes it back (30 s and a scan every 5 s),
	// and than any file system's clock is coarse.
	settled = time.Minute
)

// sightingsDocument is the file.
type sightingsDocument struct {
	Version int                 `json:"version"`
	Files   map[string]sighting `json:"files"`
}

// openSightings reads the note. One that is missing, damaged, of another version, or that someone else
// may have written counts as empty.
func openSightings(root *os.Root, prints *state.Fingerprints, now func() time.Time) *sightings {
	s := &sightings{root: root, prints: prints, now: now, known: map[string]sighting{}}
	f, info, err := openRegular(place{root: root, name: sightingsFile}, os.O_RDONLY)
	if err != nil {
		return s
	}
	defer f.Close()
	if !ours(info, os.Geteuid()) {
		return s
	}
	var d sightingsDocument
	if json.NewDecoder(io.LimitReader(f, maxSightings)).Decode(&d) == nil && d.Version == sightingsFormat && d.Files != nil {
		s.known = d.Files
	}
	return s
}

// ours reports whether only the user could have written a file.
func ours(info fs.FileInfo, user int) bool {
	owner, _ := durable.OwnerOf(info)
	return owner >= 0 && owner == user && info.Mode().Perm()&0o077 == 0
}

// match holds a file against the plaintext that the census knows; no entry matches nothing. A missing
// file is fs.ErrNotExist.
func (s *sightings) match(name string, known state.File) (state.Match, error) {
	want := known.SourceDigest
	f, info, err := openRegular(place{root: s.root, name: name}, os.O_RDONLY)
	if err != nil {
		return state.Different, err
	}
	defer f.Close()
	if want.IsZero() || info.Size() != known.Size {
		return state.Different, nil
	}
	this := sighting{durable.FactsOf(info), matchedID(want)}
	if s.has(name, this) {
		return state.Same, nil
	}
	began := s.now()
	digest, err := digestOf(f)
	if err != nil {
		return state.Different, fmt.Errorf("%s cannot be read: %w", name, durable.Reason(err))
	}
	match := s.prints.Compare(want, digest[:])
	if match != state.Same {
		return match, nil
	}
	if after, err := f.Stat(); err == nil && durable.FactsOf(after) == this.Facts && restedAt(this.Facts, began) && stamps(f.Fd()) {
		s.remember(name, this)
	}
	return match, nil
}

// restedAt reports whether nothing had touched the file for a while at t.
func restedAt(f durable.Facts, t time.Time) bool {
	return f.Ctime != 0 && t.Sub(time.Unix(0, max(f.Ctime, f.Mtime))) > settled
}

func (s *sightings) has(name string, this sighting) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known[name] == this
}

func (s *sightings) remember(name string, this sighting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[name], s.changed = this, true
}

// save writes the note if something was learned. That it cannot be written is no error: the next plan takes
// longer.
func (s *sightings) save() {
	if !s.changed {
		return
	}
	for name := range s.known {
		if _, err := s.root.Lstat(name); err != nil {
			delete(s.known, name)
		}
	}
	text, err := json.Marshal(sightingsDocument{sightingsFormat, s.known})
	if err != nil {
		return
	}
	_ = s.write(append(text, '\n'))
}

func (s *sightings) write(text []byte) error {
	out, err := newOutput(place{root: s.root, name: sightingsFile}, func(fs.FileInfo) durable.Attributes { return durable.NewFile(PrivateMode) })
	if err != nil {
		return err
	}
	defer out.Abort()
	if _, err := io.Copy(out, bytes.NewReader(text)); err != nil {
		return err
	}
	return out.Commit()
}

// matchedID stands for a fingerprint of the state.
func matchedID(f state.Fingerprint) string {
	sum := sha256.Sum256([]byte(f.Params + "\x00" + f.Salt + "\x00" + f.Digest))
	return hex.EncodeToString(sum[:])
}

// digestOf is the SHA-256 of a file's content.
func digestOf(f *os.File) (d [32]byte, err error) { return digestOfReader(f) }

func digestOfReader(r io.Reader) (d [32]byte, err error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return d, err
	}
	h.Sum(d[:0])
	return d, nil
}
