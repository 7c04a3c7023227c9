package envelope

import (
	"errors"
	"fmt"
	"strings"
)

// Protocols of a KMS stanza: which call unwraps the blob.
const (
	// ProtocolOpenAPI is Decrypt of the public or dedicated gateway's OpenAPI;
	// the context is its EncryptionContext.
	ProtocolOpenAPI = "openapi"
	// ProtocolAdvance is AdvanceDecrypt of the instance gateway.
	ProtocolAdvance = "instance-advance"
	// ProtocolInstance is plain Decrypt of the instance gateway, which takes
	// parameters beside the blob (iv, algorithm).
	ProtocolInstance = "instance"
)

const kmsType = "alikms"

// KMSStanza is a data key wrapped by an Alibaba Cloud KMS key.
type KMSStanza struct {
	KeyARN       string            // acs:kms:<region>:<account>:key/<id>, or the key id where the gateway tells no more
	KeyVersionID string            // version that wrapped; "-" where the gateway does not tell
	Protocol     string            // one of the Protocol constants
	Params       map[string]string // what the protocol needs beside the blob; public
	Blob         []byte            // KMS: CiphertextBlob, decoded
}

// Stanza writes k for a header.
func (k KMSStanza) Stanza() (*Stanza, error) {
	params, err := encodePairs(k.Params)
	if err != nil {
		return nil, fmt.Errorf("%s stanza for %s: %w", kmsType, k.KeyARN, err)
	}
	s := &Stanza{Type: kmsType, Args: append([]string{k.KeyARN, k.KeyVersionID, k.Protocol}, params...), Body: k.Blob}
	if _, err := ParseKMSStanza(s); err != nil {
		return nil, err
	}
	return s, nil
}

// ParseKMSStanza reads an alikms stanza; any other gives [ErrIncorrectIdentity].
func ParseKMSStanza(s *Stanza) (KMSStanza, error) {
	if s.Type != kmsType {
		return KMSStanza{}, ErrIncorrectIdentity
	}
	if len(s.Args) < 3 || len(s.Body) == 0 {
		return KMSStanza{}, errors.New("an alikms stanza needs a key, a key version, a protocol and a blob")
	}
	for _, arg := range s.Args[:3] {
		if !visible(arg) || strings.Contains(arg, "=") {
			return KMSStanza{}, fmt.Errorf("%q names no key, version or protocol in an alikms stanza", arg)
		}
	}
	params, err := decodePairs(s.Args[3:])
	if err != nil {
		return KMSStanza{}, fmt.Errorf("parameters of an alikms stanza: %w", err)
	}
	return KMSStanza{KeyARN: s.Args[0], KeyVersionID: s.Args[1], Protocol: s.Args[2], Params: params, Blob: s.Body}, nil
}

// KMSStanzas are the header's alikms stanzas, in order.
func (h *Header) KMSStanzas() []KMSStanza {
	var all []KMSStanza
	for _, s := range h.Stanzas {
		if k, err := ParseKMSStanza(s); err == nil {
			all = append(all, k)
		}
	}
	return all
}
