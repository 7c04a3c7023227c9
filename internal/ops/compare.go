package ops

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/plan"
)

// encrypt compares an envelope with what the block would write.
func (s *survey) encrypt(b Block) ([]plan.FileStatus, error) {
	f := plan.FileStatus{Addr: b.Addr, Path: b.Output}
	known, recorded := s.recorded(b, b.Output)
	same, err := s.seen.match(slash(b.Source), known)
	if err != nil {
		return nil, err
	}
	h, size, err := s.header(b.Output)
	if isMissing(err) {
		return []plan.FileStatus{f}, nil
	}
	f.OutputExists, f.OutputReadable = true, err == nil
	if err != nil {
		return []plan.FileStatus{f}, nil
	}
	f.Replaced = !recorded || known.Commitment != commitmentText(h.Commitment)
	f.OutputReadable = f.Replaced || size == h.SealedSize(known.Size)
	f.SourceChanged = recorded && !same
	f.ContextChanged = !h.Context.Equal(b.Seal.Context) || h.Suite != b.Seal.Suite
	f.RecipientsChanged = recorded && known.Recipients != recipientsDigest(b.Seal.Recipients)
	f.KeyChanged, f.KeyVersionChanged, f.Unknown = s.keyDiffers(h, b.Seal.Gateway, b.Seal.Key)
	return []plan.FileStatus{f}, nil
}

// keyDiffers compares a header's wraps with a key's primary version.
func (s *survey) keyDiffers(h *envelope.Header, gateway, key string) (keyChanged, versionChanged, unknown bool) {
	facts, ok := s.ask(gateway, key)
	if !ok {
		return false, false, true
	}
	for _, k := range h.KMSStanzas() {
		if KeyID(k.KeyARN) == facts.ID {
			return false, facts.Version != "" && k.KeyVersionID != unknownVersion && k.KeyVersionID != facts.Version, false
		}
	}
	return true, false, false
}

// decrypt compares a plaintext with the envelope it was made from.
func (s *survey) decrypt(b Block) ([]plan.FileStatus, error) {
	f := plan.FileStatus{Addr: b.Addr, Path: b.Output, OutputReadable: true}
	if s.fresh[slash(b.Source)] {
		f.OutputExists, f.SourceChanged = s.exists(b.Output), true
		return []plan.FileStatus{f}, nil
	}
	h, _, err := s.header(b.Source)
	switch {
	case isMissing(err):
		return nil, fmt.Errorf("the envelope %s does not exist; fetch it, or encrypt it first", b.Source)
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", b.Source, err)
	}
	known, recorded := s.recorded(b, b.Output)
	same, err := s.seen.match(slash(b.Output), known)
	if isMissing(err) {
		return []plan.FileStatus{f}, nil
	}
	if err != nil {
		return nil, err
	}
	f.OutputExists = true
	f.SourceChanged = recorded && known.Commitment != commitmentText(h.Commitment)
	f.Replaced = !recorded || !f.SourceChanged && !same
	f.ContextChanged = b.Unseal.Context != nil && !h.Context.Equal(b.Unseal.Context)
	return []plan.FileStatus{f}, nil
}

// rewrap lists the envelopes a pattern matches and holds them against the key's primary version.
func (s *survey) rewrap(b Block) ([]plan.FileStatus, error) {
	names, err := Glob(s.root, b.Source)
	if err != nil {
		return nil, err
	}
	var out []plan.FileStatus
	for _, name := range names {
		h, _, err := s.header(name)
		if errors.Is(err, envelope.ErrNotEnvelope) || isMissing(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		f := plan.FileStatus{Addr: b.Addr, Path: name, OutputExists: true, OutputReadable: true, Unknown: b.Unknown}
		if !b.Unknown {
			f.KeyChanged, f.KeyVersionChanged, f.Unknown = s.keyDiffers(h, b.Target.Gateway, b.Target.Key)
			f.KeyVersionChanged = f.KeyVersionChanged || h.Interrupted
		}
		out = append(out, f)
	}
	return out, nil
}

// header reads an envelope's header and size; a missing file is fs.ErrNotExist.
func (s *survey) header(name string) (*envelope.Header, int64, error) {
	f, info, err := openRegular(place{s.root, slash(name)}, os.O_RDONLY)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	h, err := envelope.ReadHeader(f)
	if err == nil {
		return h, info.Size(), nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("the file went away")
	}
	return nil, 0, err
}
