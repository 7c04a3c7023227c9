package ciphertext

import (
	"encoding/base64"
	"errors"
)

var ErrSize = errors.New("the plaintext has another length than expected")

// Sized returns the bytes that a plaintext stands for. The OpenAPI's plaintext
// parameter is base64 text, and the vendor's migration clients encrypt that
// text as it is; read through another gateway, such a plaintext arrives as text
// one layer deeper. With a known size both forms are told apart; without one,
// the plaintext is returned as it came.
func Sized(plaintext []byte, size int) ([]byte, error) {
	if size == 0 || len(plaintext) == size {
		return plaintext, nil
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(string(plaintext))
	if err != nil || len(decoded) != size {
		return nil, ErrSize
	}
	clear(plaintext)
	return decoded, nil
}

// Opened returns the bytes that Decrypt's Plaintext stands for. It is base64 of
// what OpenAPI encrypted, but what an instance operation sealed comes as it is
// when it happens to be text.
func Opened(text string, size int) ([]byte, error) {
	if size > 0 && len(text) == size {
		return []byte(text), nil
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		decoded = []byte(text)
	}
	return Sized(decoded, size)
}
