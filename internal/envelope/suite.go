package envelope

import (
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"strings"

	"github.com/emmansun/gmsm/sm3"

	"kmsplan.dev/kmsplan/internal/envelope/cobblestone"
)

// Suite is the set of algorithms of one envelope.
type Suite uint8

const (
	// AES256 is Cobblestone-256 with HMAC-SHA-256 over the header.
	AES256 Suite = iota
	// SM4 is the SM profile: SM4-GCM, SM3 and HMAC-SM3.
	SM4
)

// suiteNames are the arguments of the body stanza.
var suiteNames = [...]string{
	AES256: "AEAD_AES_256_GCM SHA-512 c2sp.org/chunked-encryption@v1",
	SM4:    "AEAD_SM4_GCM SM3 c2sp.org/chunked-encryption@v1",
}

// String is the suite's name as the header writes it.
func (s Suite) String() string {
	if s.valid() {
		return suiteNames[s]
	}
	return fmt.Sprintf("suite %d", uint8(s))
}

// KeySize is the length of a data key in bytes: 32, or 16 for SM4.
func (s Suite) KeySize() int { return s.body().KeySize() }

// Name is the suite as flags and blocks name it: AES_256_GCM, SM4_GCM.
func (s Suite) Name() string {
	first, _, _ := strings.Cut(s.String(), " ")
	return strings.TrimPrefix(first, "AEAD_")
}

// SuiteNames are the names of all suites.
func SuiteNames() (names []string) {
	for s := range suiteNames {
		names = append(names, Suite(s).Name())
	}
	return names
}

func (s Suite) valid() bool { return int(s) < len(suiteNames) }

func (s Suite) body() cobblestone.Instance {
	if s == SM4 {
		return cobblestone.SM4()
	}
	return cobblestone.AES256()
}

// digest is the hash of key derivation and of the body's context.
func (s Suite) digest() func() hash.Hash {
	if s == SM4 {
		return sm3.New
	}
	return sha512.New
}

// mac is the hash under the header's HMAC.
func (s Suite) mac() func() hash.Hash {
	if s == SM4 {
		return sm3.New
	}
	return sha256.New
}

func parseSuite(args []string) (Suite, error) {
	name := strings.Join(args, " ")
	for i, known := range suiteNames {
		if name == known {
			return Suite(i), nil
		}
	}
	return 0, fmt.Errorf("body suite %q: %w", name, ErrUnsupported)
}
