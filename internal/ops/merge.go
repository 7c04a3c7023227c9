package ops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/merge"
)

// Side is whose part of a conflict is taken.
type Side = merge.Side

// The sides of a merge. Without one a conflict stays one.
const (
	Neither = merge.Undecided
	Ours    = merge.SideOurs
	Theirs  = merge.SideTheirs
)

// Versions are three versions of a file that git merges, opened where they are encrypted. Base is nil where both sides
// made the file.
type Versions struct {
	Base, Ours, Theirs *Sealed
}

// OpenVersions opens three versions. Those that are not encrypted are plaintext.
func OpenVersions(ctx context.Context, base, ours, theirs []byte, identities ...envelope.Identity) (v Versions, err error) {
	open := func(what string, content []byte) *Sealed {
		if !IsSealed(content) {
			return &Sealed{Plain: content}
		}
		s, failed := OpenSealed(ctx, content, identities...)
		if failed != nil && err == nil {
			err = fmt.Errorf("open %s: %w", what, failed)
		}
		return s
	}
	if len(base) > 0 {
		v.Base = open("the version both sides come from", base)
	}
	v.Ours, v.Theirs = open("our version", ours), open("their version", theirs)
	return v, err
}

// ConflictError says in what both sides of a merge cannot be brought together. It names no value.
type ConflictError struct{ About []string }

func (e *ConflictError) Error() string {
	text := "both sides changed "
	for i, about := range e.About {
		if i > 0 {
			text += ", "
		}
		text += about
	}
	return text
}

func conflict(about ...string) error { return &ConflictError{about} }

// Merge merges the plaintexts and seals the outcome as the versions are sealed: no KMS call, and values that did not
// change keep their ciphertext. A conflict is decided by side; without one it gives a *ConflictError.
func (v Versions) Merge(side Side) ([]byte, error) {
	plain, err := v.Plain(side)
	if err != nil {
		return nil, err
	}
	return v.Seal(plain, side)
}

// Plain is the merged plaintext.
func (v Versions) Plain(side Side) ([]byte, error) {
	r, about := v.chunks()
	switch {
	case len(about) == 0:
		return []byte(r.Take(nil)), nil
	case side == Neither:
		return nil, conflict(about...)
	case r == nil && side == Theirs:
		return v.Theirs.Plain, nil
	case r == nil:
		return v.Ours.Plain, nil
	case side == Theirs:
		return []byte(r.Take(merge.Theirs)), nil
	}
	return []byte(r.Take(merge.Ours)), nil
}

// Decide is the merged plaintext in which each contested value of a document is the side's that is decided for it.
func (v Versions) Decide(d merge.Decisions) ([]byte, error) {
	if len(d.At) == 0 {
		return v.Plain(d.Rest)
	}
	doc := v.document()
	if doc == nil {
		return nil, errors.New("values of an envelope cannot be told apart: take one side of all its conflicts, or write what it shall say")
	}
	base := ""
	if v.Base != nil {
		base = string(v.Base.Plain)
	}
	plain, err := merge.Decide(doc.Format(), base, string(v.Ours.Plain), string(v.Theirs.Plain), d)
	return []byte(plain), err
}

// chunks merges the plaintexts: by values where the lines conflict. about says what is contested; nil chunks are no
// text.
func (v Versions) chunks() (r merge.Result, about []string) {
	base := ""
	if v.Base != nil {
		base = string(v.Base.Plain)
	}
	ours, theirs := string(v.Ours.Plain), string(v.Theirs.Plain)
	for _, text := range []string{base, ours, theirs} {
		if !utf8.ValidString(text) || bytes.IndexByte([]byte(text), 0) >= 0 {
			return nil, []string{"the file, which is no text"}
		}
	}
	lines := merge.Lines(base, ours, theirs)
	d := v.document()
	if d != nil && v.Base != nil {
		f := d.Format()
		if _, err := f.Parse([]byte(lines.Take(merge.Ours))); lines.Clean() && err == nil {
			return lines, nil
		}
		values, err := merge.Values(f, base, ours, theirs)
		switch {
		case err == nil && values.Clean():
			return values, nil
		case err == nil:
			return values, contested(merge.Contested(f, base, ours, theirs), values)
		}
	}
	if !lines.Clean() || d != nil && v.Base != nil {
		return lines, contested(nil, lines)
	}
	return lines, nil
}

func contested(places []string, r merge.Result) []string {
	if len(places) > 0 {
		return places
	}
	return []string{fmt.Sprintf("the same lines in %d places", max(1, r.Conflicts()))}
}

// Conflicts are the contested parts of the plaintexts, for eyes.
func (v Versions) Conflicts() []string {
	r, about := v.chunks()
	if len(about) == 0 {
		return nil
	}
	var out []string
	for _, c := range r {
		if c.Conflict {
			out = append(out, merge.Marked(c))
		}
	}
	return out
}

// document is the one whose format the file has, or nil.
func (v Versions) document() *document.Document {
	if v.Ours.doc != nil {
		return v.Ours.doc
	}
	return v.Theirs.doc
}

// Seal encrypts a merged plaintext as the versions are encrypted.
func (v Versions) Seal(plain []byte, side Side) ([]byte, error) {
	first, second, err := v.carrier(side)
	if err != nil {
		return nil, err
	}
	stanzas, err := three(v.Base.recipients(first), first.stanzas(), second.stanzas(), !first.sameFile(second), document.EqualStanzas, "who can open the file", side, first == v.Theirs)
	if err != nil {
		return nil, err
	}
	if first.doc == nil {
		return sealEnvelope(plain, first, stanzas)
	}
	other := second.doc
	if other == nil {
		other = first.doc
	}
	var base *document.Rules
	if v.Base != nil && v.Base.doc != nil {
		base = &v.Base.doc.Header.Rules
	}
	rules, err := three(base, first.doc.Header.Rules, other.Header.Rules, false, document.Rules.Equal, "which values are sealed", side, first == v.Theirs)
	if err != nil {
		return nil, err
	}
	out, _, err := first.doc.Join(other, plain, rules, stanzas)
	return out, err
}

// three is the three-way merge of a fact that first and second state, and base where there is one; alone leaves second out, swapped says that
// first is theirs.
func three[T any](base *T, first, second T, alone bool, equal func(T, T) bool, what string, side Side, swapped bool) (T, error) {
	switch {
	case alone, equal(first, second), base != nil && equal(*base, second):
		return first, nil
	case base != nil && equal(*base, first):
		return second, nil
	case side == Neither:
		return first, conflict(what)
	case (side == Theirs) != swapped:
		return second, nil
	}
	return first, nil
}

// carrier says whose data key, file id and context go on: the side's that changed them, else ours.
func (v Versions) carrier(side Side) (first, second *Sealed, err error) {
	ours, theirs := v.Ours, v.Theirs
	switch {
	case !ours.sealed() && !theirs.sealed():
		return nil, nil, errors.New("neither side is encrypted")
	case !ours.sealed():
		return theirs, ours, nil
	case !theirs.sealed(), ours.sameFile(theirs):
		return ours, theirs, nil
	case v.Base != nil && v.Base.sealed() && ours.sameFile(v.Base):
		return theirs, ours, nil
	case v.Base != nil && v.Base.sealed() && theirs.sameFile(v.Base), side == Ours:
		return ours, theirs, nil
	case side == Theirs:
		return theirs, ours, nil
	case !ours.context().Equal(theirs.context()) || (ours.doc == nil) != (theirs.doc == nil):
		return nil, nil, conflict("how the file is encrypted")
	}
	return ours, theirs, nil
}

func (s *Sealed) sealed() bool { return s != nil && (s.doc != nil || s.header != nil) }

// sameFile reports whether both have one data key and, as documents, one file id.
func (s *Sealed) sameFile(t *Sealed) bool {
	switch {
	case !s.sealed() || !t.sealed() || (s.doc == nil) != (t.doc == nil):
		return false
	case s.doc != nil:
		return s.doc.SameFile(t.doc)
	}
	return bytes.Equal(s.key, t.key) && s.header.Suite == t.header.Suite && s.header.Context.Equal(t.header.Context)
}

func (s *Sealed) context() envelope.Context {
	if s.doc != nil {
		return s.doc.Header.Context
	}
	return s.header.Context
}

func (s *Sealed) stanzas() []*envelope.Stanza {
	switch {
	case s == nil, !s.sealed():
		return nil
	case s.doc != nil:
		return s.doc.Header.Stanzas
	}
	return s.header.Stanzas
}

// recipients are the stanzas of a base that has the same data key as t.
func (s *Sealed) recipients(t *Sealed) *[]*envelope.Stanza {
	if s == nil || !s.sameFile(t) {
		return nil
	}
	list := s.stanzas()
	return &list
}

// sealEnvelope seals a merged text under the data key of an envelope; its body has keys of its own.
func sealEnvelope(plain []byte, s *Sealed, stanzas []*envelope.Stanza) ([]byte, error) {
	var out bytes.Buffer
	w, err := envelope.Seal(context.Background(), &out, envelope.Options{
		Suite: s.header.Suite, Context: s.header.Context, DataKey: s.key, Stanzas: stanzas, Size: int64(len(plain)),
	})
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
