package dkms

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// ClientKey is an application access point's credential for the instance
// gateway. Its private key never appears in a formatted value.
type ClientKey struct {
	KeyID       string // KAAP.…
	Key         *rsa.PrivateKey
	Certificate *x509.Certificate
}

// Errors of ParseClientKey.
var (
	// ErrClientKeyPassword says that the password does not open the file.
	ErrClientKeyPassword = errors.New("the ClientKey password is not right")
	// ErrClientKeyFile says that the file is not a ClientKey.
	ErrClientKeyFile = errors.New("not a ClientKey file")
)

// clientKeyFile is the JSON that the console and CreateClientKey hand out.
type clientKeyFile struct {
	KeyID          string `json:"KeyId"`
	PrivateKeyData string `json:"PrivateKeyData"` // base64 PKCS#12
}

// maxClientKeyFile bounds what is parsed; a real file has some 4 KiB.
const maxClientKeyFile = 1 << 20

// ParseClientKey reads a ClientKey file, {"KeyId":…,"PrivateKeyData":…}. The
// PKCS#12 inside may use the legacy ciphers (RC2, 3DES) or PBES2, with its
// certificates and key in any order, and may carry a CA chain.
func ParseClientKey(file []byte, password string) (*ClientKey, error) {
	return parseClientKey(file, password, maxIterations)
}

func parseClientKey(file []byte, password string, iterations int64) (*ClientKey, error) {
	if len(file) > maxClientKeyFile {
		return nil, fmt.Errorf("%w: %d bytes is more than %d", ErrClientKeyFile, len(file), maxClientKeyFile)
	}
	var f clientKeyFile
	if json.Unmarshal(file, &f) != nil {
		return nil, fmt.Errorf("%w: it is not a JSON object", ErrClientKeyFile)
	}
	if f.KeyID == "" || f.PrivateKeyData == "" {
		return nil, fmt.Errorf("%w: KeyId or PrivateKeyData is missing", ErrClientKeyFile)
	}
	pfx, err := base64.StdEncoding.DecodeString(f.PrivateKeyData)
	if err != nil {
		return nil, fmt.Errorf("%w: PrivateKeyData is not base64", ErrClientKeyFile)
	}
	return openClientKey(f.KeyID, pfx, password, iterations)
}

func openClientKey(keyID string, pfx []byte, password string, iterations int64) (*ClientKey, error) {
	if err := checkDerivation(pfx, iterations); err != nil {
		return nil, fmt.Errorf("ClientKey %s: %w: its PKCS#12 asks for %w", keyID, ErrClientKeyFile, err)
	}
	private, first, chain, err := pkcs12.DecodeChain(pfx, password)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword), errors.Is(err, pkcs12.ErrDecryption):
		return nil, fmt.Errorf("ClientKey %s: %w", keyID, ErrClientKeyPassword)
	case err != nil:
		return nil, fmt.Errorf("ClientKey %s: %w: its PKCS#12 cannot be read: %w", keyID, ErrClientKeyFile, err)
	}
	key, ok := private.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("ClientKey %s: %w: its key is not RSA", keyID, ErrClientKeyFile)
	}
	key.Precompute()
	for _, certificate := range append([]*x509.Certificate{first}, chain...) {
		if key.PublicKey.Equal(certificate.PublicKey) {
			return &ClientKey{KeyID: keyID, Key: key, Certificate: certificate}, nil
		}
	}
	return nil, fmt.Errorf("ClientKey %s: %w: no certificate belongs to its key", keyID, ErrClientKeyFile)
}

// MarshalClientKey writes the file's JSON for an answer of CreateClientKey.
func MarshalClientKey(keyID, privateKeyData string) ([]byte, error) {
	return json.Marshal(clientKeyFile{KeyID: keyID, PrivateKeyData: privateKeyData})
}

// NotAfter is the moment from which the gateway refuses the key.
func (k *ClientKey) NotAfter() time.Time { return k.Certificate.NotAfter }

// String names the key without its private half.
func (k *ClientKey) String() string { return "ClientKey " + k.KeyID }

// Format keeps every fmt verb from reaching the private key.
func (k *ClientKey) Format(s fmt.State, _ rune) { fmt.Fprint(s, k.String()) }

// MarshalJSON refuses: a ClientKey is written by MarshalClientKey only.
func (k *ClientKey) MarshalJSON() ([]byte, error) {
	return nil, errors.New("a ClientKey is not marshalled")
}
