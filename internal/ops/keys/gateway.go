package keys

import (
	"context"
	"fmt"
	"strings"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/kms"
)

// Gateway is one gateway block as data keys need it.
type Gateway struct {
	Name    string
	Region  string
	Account string // "" where the gateway does not tell
	Crypt   kms.Cryptographer
}

// Ring finds gateways. The stack implements it over its gateway blocks.
type Ring interface {
	// Gateway is the block of that name; "" is the default.
	Gateway(ctx context.Context, name string) (Gateway, error)
	// ForKey lists the gateways that may hold the key of an envelope, likeliest first. key is
	// an ARN, or a key id where the writer knew no more.
	ForKey(ctx context.Context, key string) ([]Gateway, error)
}

// protocols maps what a gateway client says to what a header says, and back.
var protocols = map[string]string{
	kms.ProtocolOpenAPI: envelope.ProtocolOpenAPI,
	kms.ProtocolAdvance: envelope.ProtocolAdvance,
	kms.ProtocolPlain:   envelope.ProtocolInstance,
}

// arn names the key for a header: its ARN, or its id where the account is not known.
func (g Gateway) arn(keyID string) string {
	if g.Account == "" || g.Region == "" || strings.HasPrefix(keyID, "acs:") {
		return keyID
	}
	return fmt.Sprintf("acs:kms:%s:%s:key/%s", g.Region, g.Account, keyID)
}

// KeyID is the last part of a key's ARN, or the id itself.
func KeyID(arn string) string {
	if _, id, ok := strings.Cut(arn, ":key/"); ok {
		return id
	}
	return arn
}

func isAlias(key string) bool {
	return strings.HasPrefix(key, "alias/") || strings.Contains(key, ":alias/")
}

// UnknownVersion stands in a header for a key version that KMS did not name.
const UnknownVersion = "-"

// kmsStanza describes a wrapped data key for a header.
func (g Gateway) kmsStanza(w kms.Wrapped) (envelope.KMSStanza, error) {
	version := w.KeyVersionID
	if version == "" {
		version = UnknownVersion
	}
	protocol := protocols[w.Protocol]
	if protocol == "" {
		return envelope.KMSStanza{}, fmt.Errorf("gateway %q wrapped a data key by %q, which envelopes have no name for", g.Name, w.Protocol)
	}
	return envelope.KMSStanza{
		KeyARN: g.arn(w.KeyID), KeyVersionID: version, Protocol: protocol, Params: looseParams(w), Blob: w.Blob,
	}, nil
}

// wrapped reads a header's stanza back.
func wrapped(s envelope.KMSStanza, size int) (kms.Wrapped, error) {
	w := kms.Wrapped{KeyID: KeyID(s.KeyARN), Blob: s.Blob, Size: size}
	if s.KeyVersionID != UnknownVersion {
		w.KeyVersionID = s.KeyVersionID
	}
	for ours, theirs := range protocols {
		if theirs == s.Protocol {
			w.Protocol = ours
		}
	}
	if w.Protocol == "" {
		return w, fmt.Errorf("the envelope's data key is wrapped by protocol %q, which this version of kmsplan does not speak; upgrade kmsplan", s.Protocol)
	}
	return w, parseLooseParams(s.Params, &w)
}
