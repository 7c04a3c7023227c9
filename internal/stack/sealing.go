package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state/remote"
)

// What the encryption context of a sealed state says beside what the encryption block adds.
const (
	contextPlace   = "kmsplan:place"
	purposeOfState = "state"
)

// sealEngine makes the engine that seals a state, when it is first needed.
type sealEngine interface{ sealEngine() *ops.Engine }

// sealer is how a remote backend is encrypted: as the encryption block says, and not at all only where it says so in words.
func (with opening) sealer(b backend) (remote.Sealer, error) {
	e := with.cfg.Settings.Encryption
	switch {
	case e == nil && !safety.Off(safety.SealInWords):
		return nil, hint(fmt.Errorf("the backend %s keeps the state on a server, and the configuration does not say how it is encrypted", b.name()),
			"Name the KMS key in the kmsplan block, one that this stack does not manage:\n\n  encryption {\n    key = \"alias/…\"\n  }\n\nOr say there that it is not encrypted:\n\n  encryption {\n    enabled = false\n  }")
	case !e.Enabled:
		return unsealed{}, nil
	}
	return &sealing{e: e, place: b.name(), from: with.engine}, nil
}

// sealing keeps states and journals in envelopes. One data key serves a run; lineage, place and purpose are bound to it,
// what exactly is sealed stands at the beginning of the body.
type sealing struct {
	e     *hcl.Encryption
	place string
	from  sealEngine

	mu     sync.Mutex
	serial uint64 // of the newest state that was opened
	under  string // the key that it is sealed under
}

// context says what is sealed, beside what the encryption block adds.
func (s *sealing) context(purpose, lineage string) map[string]string {
	ec := map[string]string{}
	maps.Copy(ec, s.e.Context)
	ec[contextLineage], ec[contextPurpose], ec[contextPlace] = lineage, purpose, s.place
	return ec
}

// seal puts a body into an envelope that says what it is, and whose.
func (s *sealing) seal(ctx context.Context, purpose, lineage string, body []byte) ([]byte, error) {
	if s.e.Key == "" {
		return nil, errors.New("the key of encryption is not known: give the variable that it is taken from")
	}
	var sealed bytes.Buffer
	_, err := s.from.sealEngine().EncryptStream(ctx, &sealed, bytes.NewReader(body), int64(len(body)), purpose, ops.Seal{
		Gateway: gatewayOf(s.e), Key: s.e.Key, Context: s.context(purpose, lineage), Recipients: s.e.Recipients, Scope: ops.ScopeRun,
	}, nil)
	return sealed.Bytes(), err
}

// unseal opens what was sealed as this, and as nothing else.
func (s *sealing) unseal(ctx context.Context, purpose, lineage string, sealed []byte) ([]byte, error) {
	says, err := s.claims(purpose, lineage, sealed)
	if err != nil {
		return nil, err
	}
	return s.decrypt(ctx, says, sealed)
}

// claims is the context of what says that it was sealed as this. Nobody is asked yet.
func (s *sealing) claims(purpose, lineage string, sealed []byte) (envelope.Context, error) {
	h, err := envelope.ReadHeader(bytes.NewReader(sealed))
	if err != nil {
		return nil, err
	}
	for _, is := range []struct{ name, want string }{{contextPurpose, purpose}, {contextLineage, lineage}, {contextPlace, s.place}} {
		if got := h.Context[is.name]; got != is.want && !safety.Off(safety.SealContext) {
			return nil, fmt.Errorf("it was sealed as something else: its %s is %q, not %q", is.name, got, is.want)
		}
	}
	return h.Context, nil
}

func (s *sealing) decrypt(ctx context.Context, says envelope.Context, sealed []byte) ([]byte, error) {
	var body bytes.Buffer
	_, err := s.from.sealEngine().DecryptVerified(ctx, &body, bytes.NewReader(sealed), int64(len(sealed)), ops.Unseal{Context: says}, nil)
	if err != nil && len(s.e.Recipients) > 0 {
		err = hint(err, "If that key is gone for good, the age identity of one of the encryption block's recipients opens it without: kmsplan state pull -identity FILE reads the state, and kmsplan init -migrate-state -identity FILE seals it under another key.")
	}
	return body.Bytes(), err
}

// Seal implements remote.Sealer.
func (s *sealing) Seal(ctx context.Context, about remote.About, plain []byte) ([]byte, error) {
	first, err := json.Marshal(about)
	if err != nil {
		return nil, err
	}
	sealed, err := s.seal(ctx, purposeOfState, about.Lineage, append(append(first, '\n'), plain...))
	if err == nil {
		err = s.asBefore(sealedUnder(sealed))
	}
	return sealed, err
}

// opened notes the key that the newest state is sealed under.
func (s *sealing) opened(about remote.About, sealed []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if about.Purpose == remote.PurposeState && about.Serial >= s.serial {
		s.serial, s.under = about.Serial, sealedUnder(sealed)
	}
}

// asBefore refuses another key than the state's: the key changes when somebody says so, never because a block was edited or
// an alias was pointed elsewhere.
func (s *sealing) asBefore(key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.under == "" || ops.KeyID(s.under) == ops.KeyID(key) || safety.Off(safety.SealKey) {
		return nil
	}
	return otherKey(underOther(s.under, s.e.Key, key))
}

// otherKey says how a state comes under the key that the configuration names.
func otherKey(said string) error {
	return hint(errors.New(said), "Run kmsplan init -migrate-state, which seals it under the new key, or name the key in the encryption block that it is sealed under. Nothing was changed.")
}

func underOther(under, name, key string) string {
	if name != key {
		name += " (" + key + ")"
	}
	return fmt.Sprintf("the state is sealed under %s, and the encryption block names %s", under, name)
}

// Open implements remote.Sealer.
func (s *sealing) Open(ctx context.Context, about remote.About, sealed []byte) ([]byte, error) {
	if !envelope.Recognize(sealed) {
		return nil, hint(errors.New("it is not encrypted, and the configuration says that it is"),
			"If it was stored before encryption was configured, run kmsplan init -migrate-state, which seals it. Otherwise somebody put it there.")
	}
	body, err := s.unseal(ctx, purposeOfState, about.Lineage, sealed)
	if err != nil {
		return nil, err
	}
	first, plain, ok := bytes.Cut(body, []byte("\n"))
	var is remote.About
	if !ok || json.Unmarshal(first, &is) != nil || is != about && !safety.Off(safety.SealAbout) {
		return nil, fmt.Errorf("it was sealed as something else: %s", first)
	}
	s.opened(about, sealed)
	return plain, nil
}

// Under implements remote.Teller.
func (s *sealing) Under(sealed []byte) string { return sealedUnder(sealed) }

// sealedUnder is the KMS key that an envelope names; "" = it is none, or names none.
func sealedUnder(sealed []byte) string {
	if !envelope.Recognize(sealed) {
		return ""
	}
	h, err := envelope.ReadHeader(bytes.NewReader(sealed))
	if err != nil {
		return ""
	}
	for _, k := range h.KMSStanzas() {
		return k.KeyARN
	}
	return ""
}

// unsealed is the Sealer of a module that says in words that its state is not encrypted.
type unsealed struct{ remote.Clear }

// Under implements remote.Teller: past states may be sealed.
func (unsealed) Under(sealed []byte) string { return sealedUnder(sealed) }

// Open implements remote.Sealer.
func (unsealed) Open(ctx context.Context, about remote.About, sealed []byte) ([]byte, error) {
	if envelope.Recognize(sealed) {
		return nil, hint(errors.New("it is encrypted, and the configuration says that it is not"), "Run kmsplan init -migrate-state with the encryption block as it was, or write the block again.")
	}
	return sealed, nil
}
