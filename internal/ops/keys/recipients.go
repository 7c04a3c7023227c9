package keys

import (
	"context"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// Recipients are the stanzas under which a data key goes on: of the key's primary version, and of the age
// recipients that u names. A wrap that is right stays as it is.
func (k *Keys) Recipients(ctx context.Context, key []byte, old Wrapped, u Use) ([]*envelope.Stanza, error) {
	t := Target{Gateway: u.Gateway, Key: u.Key}
	for _, w := range old.KMSStanzas() {
		if k.Reached(one{w}, t) {
			return k.besides(ctx, key, w, u)
		}
	}
	fresh, err := k.Rewrap(ctx, key, u.Context, t)
	if err != nil {
		return nil, err
	}
	for _, w := range old.KMSStanzas() {
		if Under(one{w}, KeyID(fresh.KeyARN), fresh.KeyVersionID) {
			fresh = w
		}
	}
	return k.besides(ctx, key, fresh, u)
}

// besides are the stanza of a KMS key and those of the age recipients.
func (k *Keys) besides(ctx context.Context, key []byte, w envelope.KMSStanza, u Use) ([]*envelope.Stanza, error) {
	first, err := w.Stanza()
	if err != nil {
		return nil, err
	}
	recipients, err := ageRecipients(u.Recipients)
	if err != nil {
		return nil, err
	}
	more, err := envelope.Wrap(ctx, key, u.Context, recipients...)
	return append([]*envelope.Stanza{first}, more...), err
}

// one is a wrap alone.
type one struct{ wrap envelope.KMSStanza }

func (o one) KMSStanzas() []envelope.KMSStanza { return []envelope.KMSStanza{o.wrap} }
