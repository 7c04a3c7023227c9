package ops

import (
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// KeyFacts is what the planner's snapshot knows of a key.
type KeyFacts struct {
	ID       string
	Version  string // primary version; "" where the key has none
	Instance string // that the key is in; "" = none, or nothing tells
	State    string // Enabled, Disabled, PendingDeletion, PendingImport; "" where nothing tells
}

// Facts looks a key up in the snapshot by gateway block and id, alias or ARN. It
// reports false for a key that does not exist yet. Status asks one question at a time.
type Facts func(gateway, key string) (KeyFacts, bool)

// Standing is what data blocks are held against.
type Standing struct {
	Root         *os.Root // the module's directory
	Census       []state.File
	Facts        Facts
	Fingerprints *state.Fingerprints      // nil = argon2id
	Owned        func(name string) string // as Options.Owned
	Beside       []Block                  // the module's blocks that are not surveyed, which may work on the same files
}

// Survey holds every data block against its files and the census: which outputs are
// stale and why, and which cannot be worked on (Problem). A bad file hides no other. It reads headers and
// sources and calls nothing. What it writes is a note for itself, .kmsplan/files.json, which spares the next
// call the reading of sources that did not change.
func Survey(blocks []Block, in Standing) []plan.FileStatus {
	if in.Owned == nil {
		in.Owned = func(string) string { return "" }
	}
	s := &survey{
		root: in.Root, census: index(in.Census), facts: in.Facts, owned: in.Owned, fresh: map[string]bool{},
		seen:   openSightings(in.Root, in.Fingerprints, time.Now),
		others: newContenders(slices.Concat(blocks, in.Beside)),
	}
	out := s.blocks(blocks)
	s.seen.save()
	return out
}

// Ranks puts producers before consumers: encrypt, rewrap, decrypt. The blocks of one rank do not need
// each other.
func Ranks(blocks []Block) [][]Block {
	var out [][]Block
	ordered := slices.Clone(blocks)
	slices.SortStableFunc(ordered, func(a, b Block) int { return rank(a) - rank(b) })
	for i, b := range ordered {
		if i == 0 || rank(b) != rank(ordered[i-1]) {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], b)
	}
	return out
}

func rank(b Block) int { return slices.Index([]string{"encrypt", "rewrap", "decrypt"}, b.Addr.Kind) }

// survey is one look at a stack's files.
type survey struct {
	root   *os.Root
	census map[string]state.File
	facts  Facts
	owned  func(name string) string
	asking sync.Mutex      // held during facts
	fresh  map[string]bool // envelopes whose body will be written anew; changes between ranks only
	seen   *sightings
	others contenders
}

// index finds census entries by block and path.
func index(census []state.File) map[string]state.File {
	out := make(map[string]state.File, len(census))
	for _, f := range census {
		out[f.Address+"\x00"+f.Path] = f
	}
	return out
}

// recorded is the census entry of a block's file.
func (s *survey) recorded(b Block, path string) (state.File, bool) {
	f, ok := s.census[b.Addr.String()+"\x00"+path]
	return f, ok
}

// blocks looks at all of them, rank by rank: whether a decrypt is stale depends on the encrypts.
func (s *survey) blocks(blocks []Block) (out []plan.FileStatus) {
	for _, same := range Ranks(blocks) {
		for i, files := range s.together(same) {
			out = append(out, files...)
			s.note(same[i], files)
		}
	}
	return out
}

// together looks at several blocks of one rank at once: hashes and fingerprints take time.
func (s *survey) together(blocks []Block) [][]plan.FileStatus {
	out := make([][]plan.FileStatus, len(blocks))
	var g errgroup.Group
	g.SetLimit(filesAtOnce)
	for i, b := range blocks {
		g.Go(func() error {
			out[i] = s.block(b)
			return nil
		})
	}
	_ = g.Wait()
	return out
}

// note remembers whose plaintext will change. A rewrap changes no plaintext.
func (s *survey) note(b Block, files []plan.FileStatus) {
	if b.Addr.Kind != "encrypt" {
		return
	}
	for _, f := range files {
		for _, c := range plan.FileChanges([]plan.FileStatus{f}) {
			s.fresh[slash(f.Path)] = s.fresh[slash(f.Path)] || c.Action != plan.NoOp
		}
	}
}

func (s *survey) block(b Block) []plan.FileStatus {
	switch b.Addr.Kind {
	case "rewrap":
		return s.rewrap(b)
	case "encrypt":
		return []plan.FileStatus{s.encrypt(b)}
	}
	return []plan.FileStatus{s.decrypt(b)}
}

// ask is facts, one question at a time.
func (s *survey) ask(gateway, key string) (KeyFacts, bool) {
	s.asking.Lock()
	defer s.asking.Unlock()
	return s.facts(gateway, key)
}
