package transfer

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/wire/ciphertext"
	"kmsplan.dev/kmsplan/internal/safety"
)

// Gateways finds who serves an operation: via is "public", "instance", or "" for the instance where it has it.
type Gateways func(ctx context.Context, operation, via string) (kms.Caller, kms.Operation, error)

// service makes the calls and counts them.
type service struct {
	gateways Gateways
	calls    atomic.Int64
}

// ask calls an operation and reads its answer.
func (s *service) ask(ctx context.Context, operation, via string, params map[string]any, into any) error {
	caller, _, err := s.gateways(ctx, operation, via)
	if err != nil {
		return err
	}
	s.calls.Add(1)
	answer, err := caller.Raw(ctx, operation, params)
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, into)
}

func (s *service) serves(ctx context.Context, operation, via string) bool {
	_, _, err := s.gateways(ctx, operation, via)
	return err == nil
}

// Digest is how an encryption context was bound to a ciphertext.
const (
	DigestAuto = ""    // raw, then hex
	DigestRaw  = "raw" // the shared gateway, and the vendor's Go and Java clients
	DigestHex  = "hex" // the vendor's Python and PHP clients
)

// opened is what a ciphertext holds. The text is that of OpenAPI's Plaintext.
type opened struct {
	text   string
	digest string
}

// open decrypts through the shared gateway or, where that does not, the instance. A digest in hexadecimal only the
// instance takes.
func (s *service) open(ctx context.Context, raw []byte, bound map[string]string, digest string) (opened, error) {
	var failed []error
	if digest != DigestHex {
		text, err := s.openRaw(ctx, raw, bound)
		if err == nil {
			return opened{text, DigestRaw}, nil
		}
		failed = append(failed, err)
	}
	if len(bound) > 0 && digest != DigestRaw && s.serves(ctx, "AdvanceDecrypt", kms.GatewayInstance) {
		text, err := s.openInstance(ctx, raw, ciphertext.AAD(bound, ciphertext.AADHex))
		if err == nil {
			return opened{text, DigestHex}, nil
		}
		failed = append(failed, err)
	}
	if len(failed) == 0 {
		return opened{}, errors.New("a context whose digest is in hexadecimal is opened through an instance with a client key, and the gateway has none")
	}
	return opened{}, errors.Join(failed...)
}

func (s *service) openRaw(ctx context.Context, raw []byte, bound map[string]string) (string, error) {
	if !s.serves(ctx, "Decrypt", kms.GatewayPublic) {
		return s.openInstance(ctx, raw, ciphertext.AAD(bound, ciphertext.AADRaw))
	}
	var out struct{ Plaintext string }
	params := map[string]any{"CiphertextBlob": base64.StdEncoding.EncodeToString(raw)}
	withContext(params, "EncryptionContext", bound)
	err := s.ask(ctx, "Decrypt", kms.GatewayPublic, params, &out)
	return out.Plaintext, err
}

// openInstance opens through the instance, where the vendor's clients keep OpenAPI's text as it is.
func (s *service) openInstance(ctx context.Context, raw, aad []byte) (string, error) {
	blob, err := ciphertext.Advance(raw)
	if err != nil {
		return "", err
	}
	var out struct{ Plaintext []byte }
	params := map[string]any{"CiphertextBlob": base64.StdEncoding.EncodeToString(blob)}
	if len(aad) > 0 {
		params["Aad"] = base64.StdEncoding.EncodeToString(aad)
	}
	if err := s.ask(ctx, "AdvanceDecrypt", kms.GatewayInstance, params, &out); err != nil {
		return "", err
	}
	return string(out.Plaintext), nil
}

// The ways of a ciphertext to its new key.
const (
	WayReEncrypt = "reencrypt" // one call on the shared gateway
	WayInstance  = "instance"  // Decrypt on the shared gateway, AdvanceEncrypt on the instance
)

// move encrypts anew what was opened. The digest of the new ciphertext's context is raw: every gateway opens it.
func (s *service) move(ctx context.Context, raw []byte, o opened, bound map[string]string, key, way string) ([]byte, error) {
	var out struct{ CiphertextBlob string }
	var err error
	switch {
	case way == WayReEncrypt && o.digest == DigestRaw:
		params := map[string]any{"CiphertextBlob": base64.StdEncoding.EncodeToString(raw), "DestinationKeyId": key}
		withContext(params, "SourceEncryptionContext", bound)
		withContext(params, "DestinationEncryptionContext", bound)
		err = s.ask(ctx, "ReEncrypt", kms.GatewayPublic, params, &out)
	case s.serves(ctx, "AdvanceEncrypt", kms.GatewayInstance):
		params := map[string]any{"KeyId": key, "Plaintext": base64.StdEncoding.EncodeToString([]byte(o.text))}
		if aad := ciphertext.AAD(bound, ciphertext.AADRaw); len(aad) > 0 {
			params["Aad"] = base64.StdEncoding.EncodeToString(aad)
		}
		err = s.ask(ctx, "AdvanceEncrypt", kms.GatewayInstance, params, &out)
	default:
		params := map[string]any{"KeyId": key, "Plaintext": o.text}
		withContext(params, "EncryptionContext", bound)
		err = s.ask(ctx, "Encrypt", "", params, &out)
	}
	if err != nil {
		return nil, err
	}
	blob, err := base64.StdEncoding.DecodeString(out.CiphertextBlob)
	if err != nil {
		return nil, errors.New("KMS answered with a ciphertext that is not base64")
	}
	return ciphertext.OpenAPI(blob), nil
}

// prove opens a new ciphertext under one of the new key's versions and compares it with what the old one held.
func (s *service) prove(ctx context.Context, raw []byte, o opened, bound map[string]string, versions []string) error {
	version, err := ciphertext.VersionID(raw)
	if err != nil {
		return err
	}
	if !slices.Contains(versions, version) {
		return fmt.Errorf("the new ciphertext is under key version %s, which is not of the new key", version)
	}
	text, err := s.openNew(ctx, raw, bound)
	switch {
	case err != nil && !safety.Off(safety.TransferOpened):
		return fmt.Errorf("open the new ciphertext: %w", err)
	case err == nil && !sameText(text, o.text) && !safety.Off(safety.TransferSame):
		return errors.New("the new ciphertext holds something else than the old one, which stays")
	}
	return nil
}

// openNew opens where applications will: through the instance, where there is one.
func (s *service) openNew(ctx context.Context, raw []byte, bound map[string]string) (string, error) {
	if s.serves(ctx, "AdvanceDecrypt", kms.GatewayInstance) {
		return s.openInstance(ctx, raw, ciphertext.AAD(bound, ciphertext.AADRaw))
	}
	return s.openRaw(ctx, raw, bound)
}

// sameText compares what two gateways say of a plaintext: OpenAPI says bytes in base64 where the instance says bytes.
func sameText(a, b string) bool {
	return a == b || base64.StdEncoding.EncodeToString([]byte(a)) == b || a == base64.StdEncoding.EncodeToString([]byte(b))
}

func withContext(params map[string]any, name string, bound map[string]string) {
	if len(bound) > 0 {
		params[name] = bound
	}
}
