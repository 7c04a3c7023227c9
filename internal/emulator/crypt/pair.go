package crypt

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Formats of data key pairs. KMS: GenerateDataKeyPair, KeyFormat.
const (
	FormatPEM = "PEM"
	FormatDER = "DER"
)

// ErrPair says that a key pair's specification or format does not exist.
var ErrPair = errors.New("no such key pair specification or format")

// pairSpecs are the specifications of data key pairs. KMS: KeyPairSpec.
func pairSpecs() []string {
	return []string{"RSA_2048", "RSA_3072", "RSA_4096", "EC_P256", "EC_P256K"}
}

// GeneratePair makes a data key pair: the private key as PKCS#8 and the public key
// as PKIX, both in DER or both in PEM. Error: ErrPair.
func GeneratePair(r io.Reader, spec, format string) (private, public []byte, err error) {
	if !slices.Contains(pairSpecs(), spec) || format != FormatPEM && format != FormatDER {
		return nil, nil, ErrPair
	}
	private, err = Generate(r, spec)
	if err != nil {
		return nil, nil, err
	}
	key, err := Parse(spec, private)
	if err != nil {
		return nil, nil, err
	}
	public, err = key.Public()
	if err != nil {
		return nil, nil, fmt.Errorf("encode the public half of a %s pair: %w", spec, err)
	}
	if format == FormatPEM {
		private = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
		public = PublicPEM(public)
	}
	return private, public, nil
}

// PublicPEM encodes a PKIX public key as PEM, as GetPublicKey answers it.
func PublicPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}
