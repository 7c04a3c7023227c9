package envelope

import (
	"context"
	"errors"
	"fmt"
)

// Recipient wraps data keys, for example with a KMS key.
type Recipient interface {
	// Wrap encrypts dataKey for the recipient, bound to ec. It must not keep
	// dataKey, nor put it into an error.
	Wrap(ctx context.Context, dataKey []byte, ec Context) (*Stanza, error)
}

// Identity unwraps data keys.
type Identity interface {
	// Unwrap decrypts the data key from one of stanzas, which was bound to ec.
	// It returns an error wrapping [ErrIncorrectIdentity] if none of them is
	// for this identity, and the next one is tried; any other error is fatal.
	// The result is the identity's: callers do not change it.
	Unwrap(ctx context.Context, stanzas []*Stanza, ec Context) ([]byte, error)
}

// labelled is a Recipient that mixes only with others of equal labels, as
// age's post-quantum recipients do.
type labelled interface {
	wrapWithLabels(dataKey []byte, ec Context) (s *Stanza, labels string, err error)
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
		stanzas = append(stanzas, s)
	}
	return stanzas, nil
}

func wrapOne(ctx context.Context, r Recipient, dataKey []byte, ec Context) (*Stanza, *string, error) {
	if l, ok := r.(labelled); ok {
		s, labels, err := l.wrapWithLabels(dataKey, ec)
		return s, &labels, err
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
		key, err := id.Unwrap(ctx, h.Stanzas, h.Context)
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
