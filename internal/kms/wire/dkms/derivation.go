package dkms

import (
	"encoding/asn1"
	"fmt"
	"math/big"
)

// maxIterations bounds the key derivations that a file may ask for, all together; OpenSSL
// writes 2048, careful tools some 600,000, for each of three. Without a bound, one changed byte
// makes a file hang its reader for hours.
const maxIterations = 6_000_000

// checkDerivation refuses a PKCS#12 whose key derivations take more than limit rounds.
func checkDerivation(der []byte, limit int64) error {
	total := new(big.Int)
	if addDerivations(der, 0, total); total.Cmp(big.NewInt(limit)) > 0 {
		return fmt.Errorf("key derivations of more than %d rounds", limit)
	}
	return nil
}

// addDerivations walks a PKCS#12's DER and adds up its iteration counts: an INTEGER that
// follows a salt (an OCTET STRING) is one, in the MAC and in every password-based encryption.
func addDerivations(der []byte, depth int, total *big.Int) {
	const maxDepth = 24
	salted := false
	for len(der) > 0 && depth < maxDepth {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(der, &v)
		if err != nil {
			return // not DER: the decoder says so, or it is ciphertext
		}
		der = rest
		universal := v.Class == asn1.ClassUniversal
		if salted && universal && v.Tag == asn1.TagInteger {
			total.Add(total, new(big.Int).SetBytes(v.Bytes))
		}
		salted = universal && v.Tag == asn1.TagOctetString
		if v.IsCompound || salted {
			addDerivations(v.Bytes, depth+1, total)
		}
	}
}
