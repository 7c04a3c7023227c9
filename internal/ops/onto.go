package ops

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/safety"
)

// ErrEdited says that a document would be written over another that somebody changed, and would lose values of it.
var ErrEdited = errors.New("restore it from version control, or bring what it has into the source; to give it up, remove it, and encrypt again")

// onto looks at what stands where a document will be written.
//
//	what is there                                    what becomes of it
//	nothing, or no document                          replaced, as by whole files
//	a document of the same format, suite, context    gone on with: d, unless who could open it may not any more (fewer)
//	a whole document of another                      replaced: the block or the flags say so
//	one that no key opens any more                   replaced, and said: anew
//	one that was changed after it was sealed         replaced and said if src has all of its values, else ErrEdited
//	one of which none of this can be told            an error
func (e *Engine) onto(ctx context.Context, old []byte, f document.Format, src []byte, s Seal) (d *document.Document, anew string, err error) {
	if !document.Is(old) {
		return nil, "", nil
	}
	h, err := document.Read(old)
	if errors.Is(err, envelope.ErrUnsupported) {
		return nil, "", err
	}
	if err != nil {
		return nil, "", fmt.Errorf("the document that is there is damaged, and may hold values that the source has not (%w): %w", err, ErrEdited)
	}
	key, err := envelope.Unwrap(ctx, h.Suite, h.Stanzas, h.Context, e.identities()...)
	if err != nil && !lost(ctx, err) {
		return nil, "", fmt.Errorf("open the document that is there, so that what did not change stays as it is: %w", err)
	}
	if err != nil {
		return nil, fmt.Sprintf("what was there cannot be opened any more (%v)", err), nil
	}
	d, err = document.Open(ctx, old, envelope.OpenOptions{DataKey: key})
	if err != nil {
		return nil, "it was changed after it was sealed, and held nothing that the source has not", e.loses(old, src, key)
	}
	if h.Format != f.Name() || h.Suite != s.Suite || !h.Context.Equal(s.Context) {
		return nil, "", nil
	}
	return d, "", nil
}

// loses refuses to write src over a document that was changed and holds what src has not.
func (e *Engine) loses(old, src, key []byte) error {
	missing, err := document.Missing(old, src, key)
	if err != nil {
		return fmt.Errorf("the document that is there was changed after it was sealed, and may hold values that the source has not (%w): %w", err, ErrEdited)
	}
	if len(missing) == 0 || safety.Off(safety.DocumentEdited) {
		return nil
	}
	places := make([]string, 0, 3)
	for _, p := range missing[:min(len(missing), cap(places))] {
		places = append(places, p.String())
	}
	more := ""
	if n := len(missing) - len(places); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return fmt.Errorf("the document that is there was changed after it was sealed, and holds what the source has not (%s%s): %w", strings.Join(places, ", "), more, ErrEdited)
}

// lost reports whether a data key cannot be had now and will not be had by asking again.
func lost(ctx context.Context, err error) bool {
	var failed *kms.Error
	switch {
	case ctx.Err() != nil:
		return false
	case errors.As(err, &failed):
		ours := strings.HasPrefix(failed.Code, "Kmsplan.") && failed.Code != kms.CodeBadCiphertext
		return failed.Outcome == kms.Definite && !kms.IsThrottled(err) && !ours
	}
	return true
}

// fewer reports whether somebody who could open a document is not among its recipients any more: then what is sealed
// from now on needs another data key, since the old one is known. Of an age recipient a header tells only that it is
// one.
func fewer(old, now []*envelope.Stanza) bool {
	age, keyIDs := 0, map[string]bool{}
	for _, s := range now {
		if s.Type == "age" {
			age++
		}
	}
	for _, k := range envelope.KMSStanzasOf(now) {
		keyIDs[KeyID(k.KeyARN)] = true
	}
	for _, s := range old {
		if s.Type == "age" {
			age--
		}
	}
	for _, k := range envelope.KMSStanzasOf(old) {
		if !keyIDs[KeyID(k.KeyARN)] {
			return true
		}
	}
	return age < 0
}
