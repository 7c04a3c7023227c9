package keys

import (
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"hash"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
)

// The wrappings of key material (KMS: GetParametersForImport).
const (
	wrapRSA        = "RSA_2048"
	wrapSM2        = "EC_SM2"
	wrapPKCS1      = "RSAES_PKCS1_V1_5"
	wrapOAEPSHA1   = "RSAES_OAEP_SHA_1"
	wrapOAEPSHA256 = "RSAES_OAEP_SHA_256"
	wrapSM2PKE     = "SM2PKE"
)

func wrapsRSA(algorithm string) bool {
	return algorithm == wrapPKCS1 || algorithm == wrapOAEPSHA1 || algorithm == wrapOAEPSHA256
}

// unwrap decrypts base64 key material with the token's private half. Whatever is
// wrong with it, the answer is InvalidKeyMaterial.
func unwrap(t *core.ImportToken, encoded string) ([]byte, error) {
	wrapped, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, core.ErrInvalidKeyMaterial()
	}
	material, err := open(t, wrapped)
	if err != nil {
		return nil, core.ErrInvalidKeyMaterial()
	}
	return material, nil
}

func open(t *core.ImportToken, wrapped []byte) ([]byte, error) {
	if t.Spec == wrapSM2 {
		key, err := crypt.Parse(wrapSM2, t.PrivateKey)
		if err != nil {
			return nil, err
		}
		return key.Decrypt(crypt.SM2PKE, wrapped, crypt.Params{})
	}
	parsed, err := x509.ParsePKCS8PrivateKey(t.PrivateKey)
	if err != nil {
		return nil, err
	}
	key, isRSA := parsed.(*rsa.PrivateKey)
	if !isRSA {
		return nil, core.ErrInvalidKeyMaterial()
	}
	switch t.WrappingAlgorithm {
	case wrapPKCS1:
		//lint:ignore SA1019 the service offers this padding, so its emulator must
		return rsa.DecryptPKCS1v15(nil, key, wrapped)
	case wrapOAEPSHA1:
		return openOAEP(sha1.New(), key, wrapped)
	default:
		return openOAEP(sha256.New(), key, wrapped)
	}
}

func openOAEP(h hash.Hash, key *rsa.PrivateKey, wrapped []byte) ([]byte, error) {
	return rsa.DecryptOAEP(h, nil, key, wrapped, nil)
}
