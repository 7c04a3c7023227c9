package ops

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// KeyFacts is what the planner's snapshot knows of a key.
type KeyFacts struct {
	ID      string
	Version string // primary version; "" where the key has none
}

// Facts looks a key up in the snapshot by gateway block and id, alias or ARN. It
// reports false for a key that does not exist yet.
type Facts func(gateway, key string) (KeyFacts, bool)

// BlockError is what is wrong with one data block's files.
type BlockError struct {
	Addr string
	Err  error
}

func (e BlockError) Error() string { return e.Addr + ": " + e.Err.Error() }
func (e BlockError) Unwrap() error { return e.Err }

// Status holds every data block against its files and the census: which outputs are
// stale and why. It reads headers and sources, calls nothing and writes nothing.
func Status(root *os.Root, blocks []Block, census []state.File, facts Facts) ([]plan.FileStatus, []error) {
	s := survey{root: root, census: index(census), facts: facts, stale: map[string]bool{}}
	var out []plan.FileStatus
	var errs []error
	for _, b := range InOrder(blocks) {
		got, err := s.block(b)
		if err != nil {
			errs = append(errs, BlockError{b.Addr.String(), err})
			continue
		}
		for _, f := range got {
			s.stale[f.Path] = s.stale[f.Path] || stale(f)
		}
		out = append(out, got...)
	}
	return out, errs
}

// InOrder puts producers before consumers: encrypt, rewrap, decrypt.
func InOrder(blocks []Block) []Block {
	rank := map[string]int{"encrypt": 0, "rewrap": 1, "decrypt": 2}
	out := slices.Clone(blocks)
	slices.SortStableFunc(out, func(a, b Block) int { return rank[a.Addr.Kind] - rank[b.Addr.Kind] })
	return out
}

func stale(f plan.FileStatus) bool {
	return !f.OutputExists || !f.OutputReadable || f.Replaced || f.SourceChanged || f.KeyChanged || f.KeyVersionChanged || f.ContextChanged || f.RecipientsChanged || f.Unknown
}

// survey is one look at a stack's files.
type survey struct {
	root   *os.Root
	census map[string]state.File
	facts  Facts
	stale  map[string]bool // outputs that will be rewritten
}

// index finds census entries by block and path.
func index(census []state.File) map[string]state.File {
	out := make(map[string]state.File, len(census))
	for _, f := range census {
		out[f.Address+"\x00"+f.Path] = f
	}
	return out
}

func (s survey) block(b Block) ([]plan.FileStatus, error) {
	switch {
	case b.Addr.Kind == "rewrap":
		return s.rewrap(b)
	case b.Unknown:
		return []plan.FileStatus{{Addr: b.Addr, Path: b.Output, OutputExists: s.exists(b.Output), Unknown: true}}, nil
	case b.Addr.Kind == "encrypt":
		return s.encrypt(b)
	}
	return s.decrypt(b)
}

func (s survey) exists(name string) bool {
	_, err := s.root.Lstat(slash(name))
	return err == nil
}

// encrypt compares an envelope with what the block would write.
func (s survey) encrypt(b Block) ([]plan.FileStatus, error) {
	f := plan.FileStatus{Addr: b.Addr, Path: b.Output}
	digest, err := s.digest(b.Source)
	if err != nil {
		return nil, err
	}
	h, err := s.header(b.Output)
	if errors.Is(err, fs.ErrNotExist) {
		return []plan.FileStatus{f}, nil
	}
	f.OutputExists, f.OutputReadable = true, err == nil
	if err != nil {
		return []plan.FileStatus{f}, nil
	}
	known, recorded := s.census[b.Addr.String()+"\x00"+b.Output]
	f.Replaced = !recorded || known.Commitment != commitmentText(h.Commitment)
	f.SourceChanged = recorded && !known.SourceDigest.Matches(digest[:])
	f.ContextChanged = !h.Context.Equal(b.Seal.Context) || h.Suite != b.Seal.Suite
	f.RecipientsChanged = recorded && known.Recipients != recipientsDigest(b.Seal.Recipients)
	f.KeyChanged, f.KeyVersionChanged, f.Unknown = s.keyDiffers(h, b.Seal.Gateway, b.Seal.Key)
	return []plan.FileStatus{f}, nil
}

// keyDiffers compares a header's wraps with a key's primary version.
func (s survey) keyDiffers(h *envelope.Header, gateway, key string) (keyChanged, versionChanged, unknown bool) {
	facts, ok := s.facts(gateway, key)
	if !ok {
		return false, false, true
	}
	for _, k := range h.KMSStanzas() {
		if KeyID(k.KeyARN) == facts.ID {
			return false, facts.Version != "" && k.KeyVersionID != "-" && k.KeyVersionID != facts.Version, false
		}
	}
	return true, false, false
}

// decrypt compares a plaintext with the envelope it was made from.
func (s survey) decrypt(b Block) ([]plan.FileStatus, error) {
	f := plan.FileStatus{Addr: b.Addr, Path: b.Output, OutputReadable: true}
	h, err := s.header(b.Source)
	switch {
	case s.stale[b.Source] && (err != nil || s.exists(b.Source)):
		f.OutputExists, f.SourceChanged = s.exists(b.Output), true
		return []plan.FileStatus{f}, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("the envelope %s does not exist; fetch it, or encrypt it first", b.Source)
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", b.Source, err)
	}
	known, recorded := s.census[b.Addr.String()+"\x00"+b.Output]
	digest, err := s.digest(b.Output)
	if errors.Is(err, fs.ErrNotExist) {
		return []plan.FileStatus{f}, nil
	}
	if err != nil {
		return nil, err
	}
	f.OutputExists = true
	f.SourceChanged = recorded && known.Commitment != commitmentText(h.Commitment)
	f.Replaced = !recorded || !f.SourceChanged && !known.SourceDigest.Matches(digest[:])
	f.ContextChanged = b.Unseal.Context != nil && !h.Context.Equal(b.Unseal.Context)
	return []plan.FileStatus{f}, nil
}

// rewrap lists the envelopes a pattern matches that are not under the key's primary version.
func (s survey) rewrap(b Block) ([]plan.FileStatus, error) {
	names, err := Glob(s.root, b.Source)
	if err != nil {
		return nil, err
	}
	var out []plan.FileStatus
	for _, name := range names {
		h, err := s.header(name)
		if errors.Is(err, envelope.ErrNotEnvelope) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		f := plan.FileStatus{Addr: b.Addr, Path: name, OutputExists: true, OutputReadable: true, Unknown: b.Unknown}
		if !b.Unknown {
			f.KeyChanged, f.KeyVersionChanged, f.Unknown = s.keyDiffers(h, b.Target.Gateway, b.Target.Key)
		}
		out = append(out, f)
	}
	return out, nil
}

// header reads an envelope's header; a missing file is fs.ErrNotExist.
func (s survey) header(name string) (*envelope.Header, error) {
	if _, err := s.root.Lstat(slash(name)); err != nil {
		return nil, err
	}
	f, _, err := openRegular(s.root, slash(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return envelope.ReadHeader(f)
}

// digest is the SHA-256 of a file's content.
func (s survey) digest(name string) ([32]byte, error) {
	if _, err := s.root.Lstat(slash(name)); errors.Is(err, fs.ErrNotExist) {
		return [32]byte{}, fmt.Errorf("the file %s does not exist: %w", name, fs.ErrNotExist)
	}
	f, _, err := openRegular(s.root, slash(name))
	if err != nil {
		return [32]byte{}, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return [32]byte{}, fmt.Errorf("read %s: %w", name, err)
	}
	return [32]byte(h.Sum(nil)), nil
}

func commitmentText(c [32]byte) string { return base64.StdEncoding.EncodeToString(c[:]) }

// recipientsDigest tells whether the break-glass recipients changed.
func recipientsDigest(list []string) string {
	if len(list) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(slices.Sorted(slices.Values(list)), "\n")))
	return hex.EncodeToString(sum[:])
}

// contextDigest is the SHA-256 of the canonical context, hex; it says which context a
// file has without repeating it.
func contextDigest(c envelope.Context) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(c)) {
		fmt.Fprintf(h, "%d:%s=%d:%s;", len(name), name, len(c[name]), c[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}
