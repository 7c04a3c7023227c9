package crypt

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"io"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
)

// ErrWrappingKey says that a public key, its specification and the wrapping
// algorithm do not go together.
var ErrWrappingKey = errors.New("the wrapping key does not suit its specification and algorithm")

// Wrap encrypts a data key under a caller's public key (PKIX DER).
// KMS: ExportDataKey; RSA_2048 with RSAES_OAEP_SHA_256 or _SHA_1, EC_SM2 with SM2PKE.
// Errors: ErrWrappingKey, ErrSize.
func Wrap(r io.Reader, spec string, alg Algorithm, publicDER, dataKey []byte) ([]byte, error) {
	switch {
	case spec == "RSA_2048" && (alg == OAEPSHA1 || alg == OAEPSHA2):
		public, err := x509.ParsePKIXPublicKey(publicDER)
		if key, ok := public.(*rsa.PublicKey); err == nil && ok && key.N.BitLen() == 2048 {
			return encryptOAEP(r, alg, key, dataKey)
		}
	case spec == "EC_SM2" && alg == SM2PKE:
		public, err := smx509.ParsePKIXPublicKey(publicDER)
		if key, ok := public.(*ecdsa.PublicKey); err == nil && ok && sm2.IsSM2PublicKey(key) {
			return encryptSM2(r, key, dataKey)
		}
	}
	return nil, ErrWrappingKey
}
