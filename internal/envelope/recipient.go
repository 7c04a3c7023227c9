package envelope

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Recipient wraps data keys, for example with a KMS key.
type Recipient interface {
	// Wrap encrypts dataKey for the recipient, bound to ec, in one stanza or several. It must not keep
	// dataKey, nor put it into an error.
	Wrap(ctx context.Context, dataKey []byte, ec Context) ([]*Stanza, error)
}

// RecipientWithLabels is a Recipient that mixes only with recipients of equal labels, as age's
// post-quantum recipients do: else the weakest would decide who can open the file. Recipients
// without this interface mix with all.
type RecipientWithLabels interface {
	Recipient
	// WrapWithLabels is Wrap, and the labels in any order.
	WrapWithLabels(ctx context.Context, dataKey []byte, ec Context) (s []*Stanza, labels []string, err error)
}

// Identity unwraps data keys.
type Identity interface {
	// Unwrap decrypts the data key from one of stanzas, which was bound to ec.
	// It returns an error wrapping [ErrIncorrectIdentity] if none of them is
	// for this identity, and the next one is tried; any other error is fatal for this header.
	// The result is the identity's: callers do not change it.
	Unwrap(ctx context.Context, stanzas []*Stanza, ec Context) ([]byte, error)
}

// IdentityForSuite is an Identity that wants to know which suite the header names, and so the length of
// the data key: UnwrapForSuite is called in place of Unwrap.
type IdentityForSuite interface {
	Identity
	UnwrapForSuite(ctx context.Context, suite Suite, stanzas []*Stanza, ec Context) ([]byte, error)
}

// Wrap wraps dataKey for each recipient, in order.
func Wrap(ctx context.Context, dataKey []byte, ec Context, recipients ...Recipient) ([]*Stanza, error) {
	var stanzas []*Stanza
	var first *string
	for i, r := range recipients {
		s, labels, err := wrapOne(ctx, r, dataKey, ec)
		if err != nil {
			return nil, fmt.Errorf("wrapping the data key for recipient %d: %w", i+1, err)
		}
		if labels != nil && first != nil && *labels != *first {
			return nil, fmt.Errorf("recipient %d: age recipients of different kinds (post-quantum, classic, passphrase) do not mix: the weakest would decide; use one kind", i+1)
		}
		if first == nil {
			first = labels
		}
		stanzas = append(stanzas, s...)
	}
	return stanzas, nil
}

// wrapOne gives the labels in one string, or nil for a recipient that has none to give.
func wrapOne(ctx context.Context, r Recipient, dataKey []byte, ec Context) ([]*Stanza, *string, error) {
	if l, ok := r.(RecipientWithLabels); ok {
		s, labels, err := l.WrapWithLabels(ctx, dataKey, ec)
		all := strings.Join(slices.Sorted(slices.Values(labels)), " ")
		return s, &all, err
	}
	s, err := r.Wrap(ctx, dataKey, ec)
	return s, nil, err
}

// unwrap asks the identities in order for the header's data key.
func (h *Header) unwrap(ctx context.Context, identities []Identity) ([]byte, error) {
	noMatch := &NoIdentityMatchError{}
	for _, s := range h.Stanzas {
		noMatch.StanzaTypes = append(noMatch.StanzaTypes, s.Type)
	}
	for _, id := range identities {
		key, err := h.unwrapWith(ctx, id)
		if err == nil {
			return key, nil
		}
		if !errors.Is(err, ErrIncorrectIdentity) {
			return nil, fmt.Errorf("unwrapping the data key: %w", err)
		}
		noMatch.Errors = append(noMatch.Errors, err)
	}
	return nil, noMatch
}

func (h *Header) unwrapWith(ctx context.Context, id Identity) ([]byte, error) {
	if s, ok := id.(IdentityForSuite); ok {
		return s.UnwrapForSuite(ctx, h.Suite, h.Stanzas, h.Context)
	}
	return id.Unwrap(ctx, h.Stanzas, h.Context)
}
