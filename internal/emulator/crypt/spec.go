package crypt

import (
	"slices"
	"sync"

	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

// Key usages as the service spells them.
const (
	UsageEncrypt = "ENCRYPT/DECRYPT"
	UsageSign    = "SIGN/VERIFY"
	UsageMAC     = undocumented.UsageMAC
)

// Class tells how a specification's key is used.
type Class int

// The classes of keys.
const (
	Symmetric  Class = iota // one secret key that encrypts
	Asymmetric              // a key pair that encrypts or signs
	MAC                     // one secret key that authenticates
)

// Home is where a key lives; it decides which specifications exist.
type Home int

// The homes of keys.
const (
	DefaultKey       Home = iota // no instance
	LegacyDefaultKey             // no instance, by the rules before 2022
	SoftwareInstance             // a software KMS instance
	HardwareInstance             // a hardware KMS instance
)

// Spec says what a key specification is and can do.
// KMS: "Key management types and key specifications".
type Spec struct {
	Name           string
	Class          Class
	Bits           int         // key size; modulus for RSA
	Usages         []string    // allowed KeyUsage values, the default first
	Homes          []Home      // where keys of this spec can be created
	NationalCrypto bool        // in a software instance: only with the national cryptography module
	MinImage       string      // in a software instance: least image version; "" = any
	Rotates        bool        // may rotate automatically (software instance or default key, material not imported)
	Encryption     []Algorithm // allowed encryption algorithms, the default first
	Signature      []Algorithm // allowed signature or MAC algorithms, the default first
}

// SpecOf finds a specification by its name, for example Aliyun_AES_256. Its slices
// are shared and must not be changed.
func SpecOf(name string) (Spec, bool) {
	s, found := byName()[name]
	return s, found
}

// byName is the table by name, built once.
var byName = sync.OnceValue(func() map[string]Spec {
	table := map[string]Spec{}
	for _, s := range specs() {
		table[s.Name] = s
	}
	return table
})

// SpecNames lists every specification's name in the order of the documentation.
func SpecNames() []string {
	var names []string
	for _, s := range specs() {
		names = append(names, s.Name)
	}
	return names
}

// DefaultUsage is the KeyUsage of a key created without one: SIGN/VERIFY when the
// specification can sign. KMS: CreateKey.
func (s Spec) DefaultUsage() string { return s.Usages[0] }

// Allows reports whether a key of this specification may have the usage.
func (s Spec) Allows(usage string) bool { return slices.Contains(s.Usages, usage) }

// In reports whether keys of this specification can be created in the home.
func (s Spec) In(home Home) bool { return slices.Contains(s.Homes, home) }

// GCM is the authenticated mode that blobs of this specification use; "" for
// specifications that are not symmetric.
func (s Spec) GCM() Algorithm {
	if s.Class != Symmetric {
		return ""
	}
	return s.Encryption[0]
}

// EncryptionFor resolves the algorithm a caller named ("" = the default) for
// encryption in a home. Software instances encrypt with GCM only; CBC and ECB
// are the hardware instances'.
func (s Spec) EncryptionFor(name string, home Home) (Algorithm, bool) {
	offered := s.Encryption
	if s.Class == Symmetric && home != HardwareInstance {
		offered = offered[:1]
	}
	return choose(offered, name)
}

// SignatureFor resolves the algorithm a caller named ("" = the default) for signing.
func (s Spec) SignatureFor(name string) (Algorithm, bool) { return choose(s.Signature, name) }

func choose(offered []Algorithm, name string) (Algorithm, bool) {
	if len(offered) == 0 {
		return "", false
	}
	if name == "" {
		return offered[0], true
	}
	return Algorithm(name), slices.Contains(offered, Algorithm(name))
}

// ImageForMAC is the least image version of an instance for HMAC keys.
const ImageForMAC = "4.1.0"

// specs is the table in the order of the documentation.
func specs() []Spec {
	everywhere := []Home{DefaultKey, LegacyDefaultKey, SoftwareInstance, HardwareInstance}
	legacyToo := []Home{LegacyDefaultKey, SoftwareInstance, HardwareInstance}
	instances := []Home{SoftwareInstance, HardwareInstance}
	encrypt := []string{UsageEncrypt}
	either := []string{UsageSign, UsageEncrypt}
	aes := []Algorithm{AESGCM, AESCBC, AESECB}
	oaep := []Algorithm{OAEPSHA2, OAEPSHA1}
	rsa := []Algorithm{RSAPSS, RSAPKCS1}
	mac := func(name string, bits int, alg Algorithm, national bool) Spec {
		return Spec{
			Name: name, Class: MAC, Bits: bits, Usages: []string{UsageMAC}, Homes: instances,
			NationalCrypto: national, MinImage: ImageForMAC, Signature: []Algorithm{alg},
		}
	}
	return []Spec{
		{Name: "Aliyun_AES_256", Bits: 256, Usages: encrypt, Homes: everywhere, Rotates: true, Encryption: aes},
		{Name: "Aliyun_AES_192", Bits: 192, Usages: encrypt, Homes: []Home{HardwareInstance}, Encryption: aes},
		{Name: "Aliyun_AES_128", Bits: 128, Usages: encrypt, Homes: []Home{HardwareInstance}, Encryption: aes},
		{Name: "Aliyun_SM4", Bits: 128, Usages: encrypt, Homes: legacyToo, NationalCrypto: true, Rotates: true, Encryption: []Algorithm{SM4GCM}},
		{Name: "RSA_2048", Class: Asymmetric, Bits: 2048, Usages: either, Homes: legacyToo, Encryption: oaep, Signature: rsa},
		{Name: "RSA_3072", Class: Asymmetric, Bits: 3072, Usages: either, Homes: legacyToo, Encryption: oaep, Signature: rsa},
		{Name: "RSA_4096", Class: Asymmetric, Bits: 4096, Usages: either, Homes: instances, Encryption: oaep, Signature: rsa},
		{Name: "EC_P256", Class: Asymmetric, Bits: 256, Usages: either, Homes: legacyToo, Encryption: []Algorithm{ECIESSHA1}, Signature: []Algorithm{ECDSA}},
		{Name: "EC_P256K", Class: Asymmetric, Bits: 256, Usages: either, Homes: legacyToo, Encryption: []Algorithm{ECIESSHA1}, Signature: []Algorithm{ECDSA}},
		{Name: "EC_SM2", Class: Asymmetric, Bits: 256, Usages: either, Homes: legacyToo, NationalCrypto: true, Encryption: []Algorithm{SM2PKE}, Signature: []Algorithm{SM2DSA}},
		mac("HMAC_SHA224", 224, HMACSHA224, false),
		mac("HMAC_SHA256", 256, HMACSHA256, false),
		mac("HMAC_SHA384", 384, HMACSHA384, false),
		mac("HMAC_SHA512", 512, HMACSHA512, false),
		mac("HMAC_SM3", 256, HMACSM3, true),
	}
}
