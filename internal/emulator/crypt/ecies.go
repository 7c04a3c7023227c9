package crypt

import (
	"crypto"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"

	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

// ECIES by SEC 1 version 2.0, section 5.1, in the variant the service names
// ECIES_DH_SHA_1_XOR_HMAC: ECDH, ANSI X9.63 KDF with SHA-1, XOR encryption,
// HMAC-SHA-1-160. The layout is SEC 1's R ‖ EM ‖ D with R uncompressed and both
// SharedInfo strings empty; the vendor documents the scheme but not its bytes.

const (
	pointSize = 65                    // uncompressed point of a 256-bit curve
	macSize   = sha1.Size             // HMAC-SHA-1-160
	maxECIES  = undocumented.ECIESMax // plaintext bytes
)

// digestOpts names the digest that is signed.
const digestOpts = crypto.SHA256

// sealECIES encrypts under a shared secret; point is the ephemeral public key.
func sealECIES(point, shared, plaintext []byte) ([]byte, error) {
	if len(plaintext) == 0 || len(plaintext) > maxECIES {
		return nil, ErrSize
	}
	stream, macKey := deriveECIES(shared, len(plaintext))
	out := make([]byte, 0, pointSize+len(plaintext)+macSize)
	out = append(out, point...)
	out = append(out, plaintext...)
	body := out[pointSize:]
	subtle.XORBytes(body, body, stream)
	return append(out, tagECIES(macKey, body)...), nil
}

// splitECIES separates the ephemeral point from the rest. Error: ErrDecrypt.
func splitECIES(ciphertext []byte) (point, sealed []byte, err error) {
	if len(ciphertext) <= pointSize+macSize || ciphertext[0] != 4 {
		return nil, nil, ErrDecrypt
	}
	return ciphertext[:pointSize], ciphertext[pointSize:], nil
}

// openECIES decrypts EM ‖ D under a shared secret. Error: ErrDecrypt.
func openECIES(shared, sealed []byte) ([]byte, error) {
	body, tag := sealed[:len(sealed)-macSize], sealed[len(sealed)-macSize:]
	stream, macKey := deriveECIES(shared, len(body))
	if !hmac.Equal(tag, tagECIES(macKey, body)) {
		return nil, ErrDecrypt
	}
	plaintext := make([]byte, len(body))
	subtle.XORBytes(plaintext, body, stream)
	return plaintext, nil
}

// deriveECIES makes the XOR stream and the MAC key, in SEC 1's order.
func deriveECIES(shared []byte, n int) (stream, macKey []byte) {
	var out []byte
	for counter := uint32(1); len(out) < n+macSize; counter++ {
		h := sha1.New()
		h.Write(shared)
		h.Write(binary.BigEndian.AppendUint32(nil, counter))
		out = h.Sum(out)
	}
	return out[:n], out[n : n+macSize]
}

func tagECIES(key, body []byte) []byte {
	mac := hmac.New(sha1.New, key)
	mac.Write(body)
	return mac.Sum(nil)
}
