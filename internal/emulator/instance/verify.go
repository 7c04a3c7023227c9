package instance

import (
	"crypto/rsa"
	"crypto/subtle"
	"crypto/x509"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/exchange"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// readBody takes the body, which is at most dkms.MaxBody long.
func readBody(r *http.Request) ([]byte, *engine.Error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, dkms.MaxBody+1))
	if err != nil {
		return nil, errBody()
	}
	if len(body) > dkms.MaxBody {
		// A client that is still writing sees the answer only if what it writes is taken.
		_, _ = io.CopyN(io.Discard, r.Body, maxDrain)
		return nil, errTooLarge()
	}
	return body, nil
}

// maxDrain bounds what is read of a body that is too large.
const maxDrain = 16 << 20

// checkForm checks what needs no key, in the gateway's order.
func (h *Handler) checkForm(r *http.Request, body []byte, now time.Time) *engine.Error {
	if r.Method != http.MethodPost {
		return errMethod()
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != dkms.ContentType {
		return errContentType(r.Header.Get("Content-Type"))
	}
	if refusal := checkDate(r.Header, now); refusal != nil {
		return refusal
	}
	for _, name := range []string{accessKeyHeader, dkms.HeaderAPIName, dkms.HeaderAPIVersion, dkms.HeaderSignatureMethod, dkms.HeaderContentSHA256, dkms.HeaderAuthorization} {
		if len(r.Header.Values(name)) != 1 || r.Header.Get(name) == "" {
			return errMissing(name)
		}
	}
	if version := r.Header.Get(dkms.HeaderAPIVersion); version != dkms.APIVersion {
		return errAPIVersion(version)
	}
	if name := r.Header.Get(dkms.HeaderAPIName); h.Operations[name].Handle == nil {
		return errAPIName(name)
	}
	if r.Header.Get(dkms.HeaderSignatureMethod) != dkms.SignatureMethod {
		return errParam(dkms.HeaderSignatureMethod)
	}
	if subtle.ConstantTimeCompare([]byte(r.Header.Get(dkms.HeaderContentSHA256)), []byte(dkms.HashBody(body))) != 1 {
		return errParam("Content-SHA256")
	}
	return nil
}

func checkDate(header http.Header, now time.Time) *engine.Error {
	if header.Get(dkms.HeaderDate) == "" {
		return errMissing("Date")
	}
	at, err := time.Parse(http.TimeFormat, header.Get(dkms.HeaderDate))
	if err != nil {
		return errParam("Date")
	}
	if now.Sub(at).Abs() > exchange.Window {
		return errSkewed()
	}
	return nil
}

// authenticate finds the ClientKey and checks the signature over every x-kms-
// header. Without verification the key must still exist.
func (h *Handler) authenticate(r *http.Request) (engine.ClientKey, *engine.Error) {
	id := r.Header.Get(dkms.HeaderAccessKeyID)
	if _, err := dkms.ParseAuthorization(r.Header.Get(dkms.HeaderAuthorization)); h.Verify && err != nil {
		return engine.ClientKey{}, errParam("Authorization")
	}
	key, found := h.ClientKey(id)
	if !found {
		return engine.ClientKey{}, errUnknownClientKey(id)
	}
	if h.Verify {
		public, err := h.publicKey(&key)
		if err != nil {
			h.Logger.Error("client key cannot be used", "key", id, "error", err)
			return engine.ClientKey{}, exchange.ErrInternal()
		}
		if dkms.Verify(public, r.Method, r.Header) != nil {
			return engine.ClientKey{}, errSignature()
		}
	}
	if !key.ValidAt(h.Now()) {
		return engine.ClientKey{}, errExpiredClientKey(id)
	}
	return key, nil
}

// publicKey parses a ClientKey's public key once.
func (h *Handler) publicKey(key *engine.ClientKey) (*rsa.PublicKey, error) {
	if cached, found := h.parsed.Load(string(key.PublicKey)); found {
		return cached.(*rsa.PublicKey), nil
	}
	parsed, err := x509.ParsePKIXPublicKey(key.PublicKey)
	if err != nil {
		return nil, err
	}
	public, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("its public key is not RSA")
	}
	h.parsed.Store(string(key.PublicKey), public)
	return public, nil
}
