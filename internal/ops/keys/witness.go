package keys

import (
	"context"
	"errors"
	"fmt"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/safety"
)

// ErrMisnamed says that a header names another key version than its wrap is under. Whoever has the data key can write such a header.
var ErrMisnamed = errors.New("the header names another key version than the wrap is under")

// Witness opens one envelope through the gateways, and tells which of its wraps KMS opened. It is used by one goroutine.
type Witness struct {
	u     *unwrapper
	keyID string
	// Opened is the wrap that was opened last, of the header that was proved; the zero value = none was.
	Opened envelope.KMSStanza
}

// Witness is for a proof of what headers claim: the wrap of the key of that id is opened where there is one, whatever else would open
// the envelope too, and else the first that opens.
func (k *Keys) Witness(keyID string) *Witness { return &Witness{u: k.unwrap, keyID: keyID} }

// Unwrap implements envelope.Identity, for a header whose suite is not said.
func (w *Witness) Unwrap(ctx context.Context, stanzas []*envelope.Stanza, ec envelope.Context) ([]byte, error) {
	return w.UnwrapForSuite(ctx, envelope.AES256, stanzas, ec)
}

// UnwrapForSuite implements envelope.IdentityForSuite.
func (w *Witness) UnwrapForSuite(ctx context.Context, suite envelope.Suite, stanzas []*envelope.Stanza, ec envelope.Context) (key []byte, err error) {
	w.Opened = envelope.KMSStanza{}
	all := envelope.KMSStanzasOf(stanzas)
	if len(all) == 0 {
		return nil, envelope.ErrIncorrectIdentity
	}
	for _, s := range w.chosen(all) {
		got, failed := w.open(ctx, s, ec, suite.KeySize())
		if failed == nil {
			w.Opened = s
			return got, nil
		}
		err = errors.Join(err, fmt.Errorf("unwrap the data key with %s: %w", s.KeyARN, failed))
	}
	return nil, err
}

// chosen are the wraps of the key that is asked about, or all where it has none.
func (w *Witness) chosen(all []envelope.KMSStanza) (of []envelope.KMSStanza) {
	for _, s := range all {
		if KeyID(s.KeyARN) == w.keyID {
			of = append(of, s)
		}
	}
	if len(of) == 0 {
		return all
	}
	return of
}

func (w *Witness) open(ctx context.Context, s envelope.KMSStanza, ec envelope.Context, size int) ([]byte, error) {
	o, err := w.u.open(ctx, s, ec, size)
	if err != nil {
		return nil, err
	}
	if o.version != "" && s.KeyVersionID != UnknownVersion && o.version != s.KeyVersionID && !safety.Off(safety.WrapWitnessed) {
		return nil, fmt.Errorf("KMS opens it with key version %s, and the header says %s: %w; encrypt it anew, with a batch that does reencrypt", o.version, s.KeyVersionID, ErrMisnamed)
	}
	return o.key, nil
}
