package kms

import (
	"context"
	"encoding/json"
)

// Cryptographer is the key-operation half of KMS. It is served by the instance
// gateway with a ClientKey (package clientkey), by the dedicated gateway with RAM
// credentials, and by the public gateway (package public).
//
// A key id may be an id, an ARN or an alias. The encryption context is bound to
// the ciphertext and must be given again to decrypt; nil and empty are equal.
// Blobs of all three gateways have one form ([Wrapped.Blob]) and can be opened
// through any of them.
type Cryptographer interface {
	// GenerateDataKey makes a data key of n bytes, 1–1024, under the key's
	// primary version.
	GenerateDataKey(ctx context.Context, keyID string, n int, encryptionContext map[string]string) (DataKey, error)
	// Encrypt wraps at most 6144 bytes under the key's primary version.
	Encrypt(ctx context.Context, keyID string, plaintext []byte, encryptionContext map[string]string) (Wrapped, error)
	// Decrypt returns the plaintext and the key version that had encrypted it,
	// "" where the gateway does not say.
	Decrypt(ctx context.Context, w Wrapped, encryptionContext map[string]string) (plaintext []byte, keyVersionID string, err error)

	// Sign a message or a digest with an asymmetric key.
	Sign(ctx context.Context, in SignInput) (Signature, error)
	// Verify returns false, and no error, for a signature that does not match.
	Verify(ctx context.Context, in SignInput, signature []byte) (bool, error)
	// GetPublicKey of an asymmetric key; versionID may be "" on the instance gateway.
	GetPublicKey(ctx context.Context, keyID, versionID string) (PublicKey, error)
	// GenerateRandom returns n random bytes; instance gateway only.
	GenerateRandom(ctx context.Context, n int) (Secret, error)
	GetSecretValue(ctx context.Context, query SecretValueQuery) (SecretValue, error)
	// GenerateDataKeyPair makes an asymmetric data key; instance gateway only.
	GenerateDataKeyPair(ctx context.Context, in DataKeyPairInput) (DataKeyPair, error)
}

// Protocols of a Wrapped: which operation made it.
const (
	ProtocolOpenAPI = "openapi" // public or dedicated gateway
	ProtocolAdvance = "advance" // instance gateway, Advance operations
	ProtocolPlain   = "plain"   // instance gateway, initial key version, loose fields
)

// Wrapped is a ciphertext of KMS.
type Wrapped struct {
	KeyID        string // real id even if an alias was given
	KeyVersionID string
	// Blob is key version id (36 bytes) ‖ IV (12) ‖ ciphertext ‖ tag (16): the
	// OpenAPI's blob, decoded from base64. Loose fields (Algorithm set) carry
	// ciphertext ‖ tag only.
	Blob     []byte
	Protocol string

	// Algorithm, IV and PaddingMode are set only for ciphertext of the
	// non-Advance operations that carries no key version id; KeyID is then needed.
	Algorithm   string
	IV          []byte
	PaddingMode string

	// Size is the length of the plaintext in bytes if the caller knows it, else
	// 0. The OpenAPI's plaintext is base64 text and some gateways encrypt that
	// text itself; with Size, Decrypt returns the bytes in either case.
	Size int
}

// DataKey is a data key and its wrapped form.
type DataKey struct {
	KeyID        string
	KeyVersionID string
	Plaintext    Secret
	Blob         []byte // as in Wrapped
	Protocol     string

	Algorithm string // as in Wrapped
	IV        []byte // as in Wrapped
}

// Wrapped returns the data key's ciphertext, ready to decrypt.
func (d DataKey) Wrapped() Wrapped {
	return Wrapped{KeyID: d.KeyID, KeyVersionID: d.KeyVersionID, Blob: d.Blob, Protocol: d.Protocol,
		Algorithm: d.Algorithm, IV: d.IV, Size: d.Plaintext.Len()}
}

// SignInput is what Sign signs and Verify verifies.
type SignInput struct {
	KeyID     string
	VersionID string // needed on the public and dedicated gateway
	Algorithm string // RSA_PSS_SHA_256, RSA_PKCS1_SHA_256, ECDSA_SHA_256, SM2DSA
	Message   []byte // a message or, with Digest, its 32-byte digest
	Digest    bool   // must be true on the public and dedicated gateway
}

// Signature is a signature and the key that made it.
type Signature struct {
	KeyID, KeyVersionID string
	Value               []byte
}

// DataKeyPairInput holds the parameters of the data-key-pair operations.
type DataKeyPairInput struct {
	KeyID   string
	Spec    string // RSA_2048, RSA_3072, RSA_4096, EC_P256, EC_P256K
	Format  string // PEM or DER: PKCS#8 and PKIX
	Context map[string]string
	// WithoutPlaintext leaves the private key at the gateway.
	WithoutPlaintext bool
}

// DataKeyPair is an asymmetric data key.
type DataKeyPair struct {
	KeyID, KeyVersionID string
	Spec                string
	PublicKey           []byte
	PrivateKey          Secret // empty WithoutPlaintext
	Wrapped             Wrapped
}

// Caller makes generic calls: any operation of the gateway by its API name,
// parameters by their API names.
type Caller interface {
	// Raw calls the operation and returns its answer as JSON. Bytes are base64
	// text in both directions.
	Raw(ctx context.Context, operation string, params map[string]any) (json.RawMessage, error)
	// Operations lists what the gateway offers, sorted by name.
	Operations() []Operation
}
