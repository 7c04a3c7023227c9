package dkms

import (
	"encoding/asn1"
	"fmt"
	"math/big"
)

// maxIterations bounds the key derivation that a file may ask for; OpenSSL
// writes 2048, careful tools some 600,000. Without a bound, one changed byte
// makes a file hang its reader for hours.
const maxIterations = 2_000_000

// checkDerivation walks a PKCS#12's DER and refuses iteration counts that are
// out of bounds: an INTEGER that follows a salt (an OCTET STRING) is one, in
// the MAC and in every password-based encryption.
func checkDerivation(der []byte, depth int) error {
	const maxDepth = 24
	salted := false
	for len(der) > 0 && depth < maxDepth {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(der, &v)
		if err != nil {
			return nil // not DER: the decoder says so, or it is ciphertext
		}
		der = rest
		universal := v.Class == asn1.ClassUniversal
		if salted && universal && v.Tag == asn1.TagInteger {
			if n := new(big.Int).SetBytes(v.Bytes); n.Cmp(big.NewInt(maxIterations)) > 0 {
				return fmt.Errorf("a key derivation of more than %d rounds", maxIterations)
			}
		}
		salted = universal && v.Tag == asn1.TagOctetString
		if v.IsCompound || salted {
			if err := checkDerivation(v.Bytes, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}
