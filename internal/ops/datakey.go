package ops

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"filippo.io/age"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// dataKey is a data key with its wraps, ready for a header. The stanzas are shared: nobody
// changes them.
type dataKey struct {
	key     []byte
	stanzas []*envelope.Stanza
	shared  bool // several files use it
	files   int
	bytes   atomic.Int64 // plaintext
	born    time.Time
}

// served counts bytes that were not known of when the key was handed out.
func (d *dataKey) served(more int64) { d.bytes.Add(more) }

// release ends one file's use of the key.
func (d *dataKey) release() {
	if !d.shared {
		clear(d.key)
	}
}

// dataKey gets the data key for one file, inside the scope's limits.
func (e *Engine) dataKey(ctx context.Context, s Seal, name string, size int64) (*dataKey, error) {
	identity, err := s.identity()
	if err != nil {
		return nil, err
	}
	return e.scopes.get(ctx, s.Scope, identity, name, size, func(ctx context.Context) (*dataKey, error) {
		return e.freshKey(ctx, s)
	})
}

// identity says which files may share a data key: those of one KMS key, context (the wraps are bound
// to it), suite and set of recipients.
func (s Seal) identity() (string, error) {
	ec := s.Context
	if ec == nil {
		ec = envelope.Context{}
	}
	text, err := json.Marshal([]any{s.Gateway, s.Key, ec, s.Suite, s.Recipients})
	if err != nil {
		return "", fmt.Errorf("name the data key: %w", err)
	}
	return string(text), nil
}

// freshKey asks KMS for a data key and wraps it for the break-glass recipients.
func (e *Engine) freshKey(ctx context.Context, s Seal) (*dataKey, error) {
	recipients, err := ageRecipients(s.Recipients)
	if err != nil {
		return nil, err
	}
	g, err := e.keys.Gateway(ctx, s.Gateway)
	if err != nil {
		return nil, err
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	e.scopes.calls.Add(1)
	made, err := g.Crypt.GenerateDataKey(ctx, s.Key, s.Suite.KeySize(), s.Context)
	if err != nil {
		return nil, fmt.Errorf("get a data key under %s: %w", s.Key, err)
	}
	key := made.Plaintext.Bytes()
	if len(key) != s.Suite.KeySize() {
		return nil, fmt.Errorf("get a data key under %s: KMS gave %d bytes instead of %d", s.Key, len(key), s.Suite.KeySize())
	}
	first, err := g.stanza(made.Wrapped())
	if err != nil {
		return nil, err
	}
	more, err := envelope.Wrap(ctx, key, s.Context, recipients...)
	if err != nil {
		return nil, err
	}
	return &dataKey{key: key, stanzas: append([]*envelope.Stanza{first}, more...)}, nil
}

// ageRecipients parses age public keys. What is no public key may be a private one given by mistake,
// so it is not repeated.
func ageRecipients(list []string) ([]envelope.Recipient, error) {
	var out []envelope.Recipient
	for i, text := range list {
		if strings.HasPrefix(strings.ToUpper(strings.TrimSpace(text)), "AGE-SECRET-KEY-") {
			return nil, fmt.Errorf("recipient %d is a private key; give its public key, which age-keygen -y prints, and consider the private one leaked", i+1)
		}
		parsed, err := age.ParseRecipients(strings.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("recipient %d is no age public key (age1…)", i+1)
		}
		for _, r := range parsed {
			out = append(out, envelope.AgeRecipient(r))
		}
	}
	return out, nil
}
