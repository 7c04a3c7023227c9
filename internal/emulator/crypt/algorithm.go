package crypt

import "kmsplan.dev/kmsplan/internal/emulator/undocumented"

// Algorithm names an encryption, signature or MAC algorithm as the service
// spells it.
type Algorithm string

// Encryption algorithms. KMS: key types and specifications, instance API Encrypt.
const (
	AESGCM    Algorithm = "AES_GCM"
	AESCBC    Algorithm = "AES_CBC"
	AESECB    Algorithm = "AES_ECB"
	SM4GCM    Algorithm = "SM4_GCM"
	OAEPSHA1  Algorithm = "RSAES_OAEP_SHA_1"
	OAEPSHA2  Algorithm = "RSAES_OAEP_SHA_256"
	SM2PKE    Algorithm = "SM2PKE"
	ECIESSHA1 Algorithm = "ECIES_DH_SHA_1_XOR_HMAC"
)

// Signature algorithms. Each signs a digest of DigestSize bytes.
const (
	RSAPSS   Algorithm = "RSA_PSS_SHA_256"
	RSAPKCS1 Algorithm = "RSA_PKCS1_SHA_256"
	ECDSA    Algorithm = "ECDSA_SHA_256"
	SM2DSA   Algorithm = "SM2DSA"
)

// MAC algorithms. No operation of the emulated API versions sends them.
const (
	HMACSHA224 Algorithm = undocumented.MACSHA224
	HMACSHA256 Algorithm = undocumented.MACSHA256
	HMACSHA384 Algorithm = undocumented.MACSHA384
	HMACSHA512 Algorithm = undocumented.MACSHA512
	HMACSM3    Algorithm = undocumented.MACSM3
)

// DigestSize is the length in bytes of every digest that is signed: SHA-256 or SM3.
const DigestSize = 32

// Authenticated reports whether the algorithm takes additional authenticated data.
func (a Algorithm) Authenticated() bool { return a == AESGCM || a == SM4GCM }

// IVSize is the initialisation vector's length in bytes; 0 for algorithms without
// one. KMS: 12 for GCM, 16 for CBC.
func (a Algorithm) IVSize() int {
	switch a {
	case AESGCM, SM4GCM:
		return 12
	case AESCBC:
		return 16
	}
	return 0
}

// Padding names a block-cipher padding as the service spells it.
type Padding string

// Paddings of AES_CBC and AES_ECB; PKCS7 is the default.
const (
	PKCS7     Padding = "PKCS7_PADDING"
	NoPadding Padding = "NO_PADDING"
)

// Padded reports whether the algorithm takes a padding mode.
func (a Algorithm) Padded() bool { return a == AESCBC || a == AESECB }
