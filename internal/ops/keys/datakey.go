package keys

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"filippo.io/age"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/safety"
)

// DataKey is a data key with its wraps, ready for a header. The stanzas are shared: nobody
// changes them.
type DataKey struct {
	Key     []byte
	Stanzas []*envelope.Stanza
	shared  bool // several files use it
	files   int
	bytes   atomic.Int64 // plaintext
	born    time.Time
}

// Served counts bytes that were not known of when the key was handed out.
func (d *DataKey) Served(more int64) { d.bytes.Add(more) }

// Release ends one file's use of the key.
func (d *DataKey) Release() {
	if !d.shared {
		clear(d.Key)
	}
}

// Use says what a data key is for: files of equal uses may share one.
type Use struct {
	Gateway    string // gateway block; "" = the default
	Key        string // id, alias or ARN
	Context    envelope.Context
	Suite      envelope.Suite
	Recipients []string // age1…, for break-glass
}

// DataKey gets the data key for one file, inside the scope's limits.
func (k *Keys) DataKey(ctx context.Context, u Use, scope Scope, name string, size int64) (*DataKey, error) {
	identity, err := u.identity()
	if err != nil {
		return nil, err
	}
	return k.scopes.get(ctx, scope, identity, name, size, func(ctx context.Context) (*DataKey, error) {
		return k.fresh(ctx, u)
	})
}

// identity says which files may share a data key: those of one KMS key, context (the wraps are bound
// to it), suite and set of recipients.
func (u Use) identity() (string, error) {
	if u.Context == nil {
		u.Context = envelope.Context{}
	}
	text, err := json.Marshal([]any{u.Gateway, u.Key, u.Context, u.Suite, u.Recipients})
	if err != nil {
		return "", fmt.Errorf("name the data key: %w", err)
	}
	return string(text), nil
}

// fresh gets a data key that is proved, and wraps it for the break-glass recipients. They cannot be proved:
// nobody here has what opens them.
func (k *Keys) fresh(ctx context.Context, u Use) (*DataKey, error) {
	recipients, err := ageRecipients(u.Recipients)
	if err != nil {
		return nil, err
	}
	g, err := k.ring.Gateway(ctx, u.Gateway)
	if err != nil {
		return nil, err
	}
	made, err := undamaged(func() (*DataKey, error) { return k.generate(ctx, g, u) })
	if err != nil {
		return nil, fmt.Errorf("get a data key under %s: %w", u.Key, err)
	}
	more, err := envelope.Wrap(ctx, made.Key, u.Context, recipients...)
	if err != nil {
		return nil, err
	}
	made.Stanzas = append(made.Stanzas, more...)
	return made, nil
}

// generate asks KMS for a data key.
func (k *Keys) generate(ctx context.Context, g Gateway, u Use) (*DataKey, error) {
	ctx, cancel := k.bounded(ctx)
	defer cancel()
	counted(ctx, &k.scopes.calls)
	made, err := g.Crypt.GenerateDataKey(ctx, u.Key, u.Suite.KeySize(), u.Context)
	if err != nil {
		return nil, err
	}
	key := made.Plaintext.Bytes()
	stanza, err := k.accept(ctx, g, u, key, made.Wrapped())
	if err != nil {
		clear(key)
		return nil, err
	}
	return &DataKey{Key: key, Stanzas: []*envelope.Stanza{stanza}}, nil
}

// accept writes a data key's wrap for a header, if both are what was asked for.
func (k *Keys) accept(ctx context.Context, g Gateway, u Use, key []byte, w kms.Wrapped) (*envelope.Stanza, error) {
	if len(key) != u.Suite.KeySize() {
		return nil, damaged{what: fmt.Sprintf("KMS gave %d bytes instead of %d", len(key), u.Suite.KeySize())}
	}
	if err := named(u.Key, w.KeyID); err != nil {
		return nil, err
	}
	stanza, err := g.kmsStanza(w)
	if err != nil {
		return nil, err
	}
	if !k.unproved && !safety.Off(safety.DataKeyProved) {
		if err := k.prove(ctx, g, stanza, key, u.Context); err != nil {
			return nil, err
		}
	}
	return stanza.Stanza()
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
