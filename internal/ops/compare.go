package ops

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/ops/keys"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// encrypt compares an envelope with what the block would write.
func (s *survey) encrypt(b Block) plan.FileStatus {
	if b.Output == "" && b.Unknown != "" {
		return plan.FileStatus{Addr: b.Addr, Source: b.Source, Unknown: "output"}
	}
	f := plan.FileStatus{Addr: b.Addr, Path: b.Output, Source: b.Source, Unknown: b.Unknown}
	h, info, headerErr := s.envelope(b.Output)
	f.OutputExists, f.OutputReadable = !isMissing(headerErr), headerErr == nil
	known, recorded := s.recorded(b, b.Output)
	match, err := s.source(b, known)
	if f.Problem = problems(err, role("output", unusable(headerErr))); f.Problem != "" || f.Unknown != "" || headerErr != nil {
		return f
	}
	f.Replaced = !recorded || !h.RecordedAs(known.Commitment)
	f.OutputReadable = f.Replaced || h.fits(info.Size(), known.Size)
	f.SourceChanged = recorded && match == state.Different
	f.NotCompared = recorded && match == state.NotCompared
	f.ContextChanged = !h.Context.Equal(b.Seal.Context) || h.Suite != b.Seal.Suite || !h.sealedAs(b.Seal.Values)
	f.RecipientsChanged = recorded && known.Recipients != recipientsDigest(b.Seal.Recipients)
	f.KeyChanged, f.KeyVersionChanged, f.KeyMissing = s.keyDiffers(h, b.Seal.Gateway, b.Seal.Key)
	return f
}

// source holds the source of an encrypt block against what the census knows, or says why it cannot be read.
// Of a block with an unknown argument only the latter is found out, and only if the source is known.
func (s *survey) source(b Block, known state.File) (match state.Match, err error) {
	if b.Source == "" && b.Unknown != "" {
		return state.Different, nil
	}
	if b.Unknown != "" {
		known = state.File{}
	}
	match, err = s.seen.match(slash(b.Source), known)
	if isMissing(err) && strings.ContainsAny(b.Source, "*?[{") {
		err = fmt.Errorf("%w; it is a pattern, and one block encrypts one file: add for_each = fileset(…)", err)
	}
	return match, role("source", err)
}

// keyDiffers compares a header's wraps with a key's primary version. Where nothing tells which key an alias stands
// for, it is taken for the same one.
func (s *survey) keyDiffers(h keys.Wrapped, gateway, key string) (keyChanged, versionChanged, missing bool) {
	facts, ok := s.ask(gateway, key)
	if !ok {
		return false, false, true
	}
	if facts.ID == "" && !strings.Contains(key, "alias/") {
		facts.ID = KeyID(key)
	}
	if facts.ID == "" {
		return false, false, false
	}
	for _, k := range h.KMSStanzas() {
		if KeyID(k.KeyARN) == facts.ID {
			return false, facts.Version != "" && k.KeyVersionID != keys.UnknownVersion && k.KeyVersionID != facts.Version, false
		}
	}
	return true, false, false
}

// decrypt compares a plaintext with the envelope it was made from.
func (s *survey) decrypt(b Block) plan.FileStatus {
	if b.Output == "" && b.Unknown != "" {
		return plan.FileStatus{Addr: b.Addr, Source: b.Source, Unknown: "output"}
	}
	f := plan.FileStatus{Addr: b.Addr, Path: b.Output, Source: b.Source, OutputReadable: true, Unknown: b.Unknown}
	h, err := s.toDecrypt(b)
	known, recorded := s.recorded(b, b.Output)
	if h.Header == nil {
		known = state.File{} // whether it is the same does not matter
	}
	match, plainErr := s.seen.match(slash(b.Output), known)
	f.OutputExists = !isMissing(plainErr)
	if f.Problem = problems(err, role("output", unusable(plainErr))); f.Problem != "" || f.Unknown != "" || !f.OutputExists {
		return f
	}
	if h.Header == nil {
		f.SourceChanged = true
		return f
	}
	f.SourceChanged = recorded && !h.RecordedAs(known.Commitment)
	f.Replaced = !recorded || !f.SourceChanged && match == state.Different
	f.NotCompared = recorded && !f.SourceChanged && match == state.NotCompared
	f.ContextChanged = b.Unseal.Context != nil && !h.Context.Equal(b.Unseal.Context)
	f.Exposed = s.exposed(slash(b.Output), b.Unseal.Mode)
	return f
}

// exposed reports whether a plaintext is open to more people than asked for.
func (s *survey) exposed(name string, mode fs.FileMode) bool {
	info, err := s.root.Lstat(name)
	return err == nil && exposed(info, mode, os.Geteuid())
}

// exposed is so for a file of this user's: by its mode, or because another owns it. Root may have given it to
// somebody.
func exposed(info fs.FileInfo, mode fs.FileMode, user int) bool {
	const kept = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid
	owner, _ := durable.OwnerOf(info)
	return info.Mode()&kept&^mode != 0 || user != 0 && owner >= 0 && owner != user
}

// toDecrypt is the head of a decrypt block's envelope; empty if it is not known which, or if it will be
// written anew.
func (s *survey) toDecrypt(b Block) (Head, error) {
	if b.Source == "" && b.Unknown != "" || s.fresh[slash(b.Source)] {
		return Head{}, nil
	}
	h, _, err := s.envelope(b.Source)
	if isMissing(err) {
		err = fmt.Errorf("%w; fetch it, or encrypt it first", err)
	}
	return h, role("envelope", err)
}

// rewrap lists the envelopes a pattern matches and holds them against the key's primary version. What matches
// and is no envelope is named: the block says that it is one.
func (s *survey) rewrap(b Block) []plan.FileStatus {
	if b.Source == "" && b.Unknown != "" {
		return nil
	}
	found, err := glob(s.root, b.Source)
	if err != nil {
		return []plan.FileStatus{{Addr: b.Addr, Path: b.Source, Problem: err.Error()}}
	}
	var out []plan.FileStatus
	for _, name := range found.files {
		if s.owned(name) == "" {
			out = append(out, s.toRewrap(b, name))
		}
	}
	for _, name := range s.others.written(b) { // what is not there yet will be at the next run
		if _, there := slices.BinarySearch(found.files, name); !there {
			if problem := s.contended(b, name, nil); problem != "" {
				out = append(out, plan.FileStatus{Addr: b.Addr, Path: name, Source: name, Problem: problem})
			}
		}
	}
	for _, m := range found.bad {
		out = append(out, plan.FileStatus{Addr: b.Addr, Path: m.name, Source: m.name, Problem: m.problem})
	}
	if len(out) == 0 {
		out = append(out, plan.FileStatus{Addr: b.Addr, Path: b.Source, Notice: "no file matches " + b.Source})
	}
	return out
}

func (s *survey) toRewrap(b Block, name string) plan.FileStatus {
	f := plan.FileStatus{Addr: b.Addr, Path: name, Source: name, OutputExists: true, OutputReadable: true, Unknown: b.Unknown}
	h, info, err := s.envelope(name)
	if f.Problem = problems(role("envelope", err)); f.Problem != "" || b.Unknown != "" {
		return f
	}
	if f.Problem = s.contended(b, name, h.Header); f.Problem != "" {
		return f
	}
	f.KeyChanged, f.KeyVersionChanged, f.KeyMissing = s.keyDiffers(h, b.Target.Gateway, b.Target.Key)
	f.KeyVersionChanged = f.KeyVersionChanged || h.Interrupted
	if n := durable.Links(info); n > 1 && (f.KeyChanged || f.KeyVersionChanged) {
		f.Problem = fmt.Sprintf("the envelope %s needs a new header and is one file under %d names (hard links), of which a rewrap would leave some behind; "+
			"give this name a file of its own: cp -p %[1]s %[1]s.own && mv %[1]s.own %[1]s", shown(name), n)
	}
	return f
}

// envelope reads an envelope's header and the file's facts; a missing file is fs.ErrNotExist, one that is there and
// holds no whole header is unwhole.
func (s *survey) envelope(name string) (Head, fs.FileInfo, error) {
	f, info, err := openRegular(place{root: s.root, name: slash(name)}, os.O_RDONLY)
	if err != nil {
		return Head{}, nil, err
	}
	defer f.Close()
	h, err := ReadHead(f, info.Size())
	if err != nil {
		return Head{}, nil, unwhole{shown(slash(name)), err}
	}
	return h, info, nil
}
