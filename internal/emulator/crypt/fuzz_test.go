package crypt

import (
	"crypto/rand"
	"testing"
)

// FuzzParse feeds foreign bytes to every specification's parser. What parses must
// be usable.
func FuzzParse(f *testing.F) {
	for i, name := range SpecNames() {
		if name == "RSA_3072" || name == "RSA_4096" {
			continue // slow to make, and parsed like RSA_2048
		}
		material, err := Generate(rand.Reader, name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(i, material)
		f.Add(i, material[:len(material)/2])
	}
	f.Fuzz(func(t *testing.T, i int, material []byte) {
		names := SpecNames()
		spec, _ := SpecOf(names[uint(i)%uint(len(names))])
		key, err := Parse(spec.Name, material)
		if err != nil {
			return
		}
		for _, alg := range spec.Signature {
			digest, err := key.Digest(alg, []byte("message"))
			if err != nil {
				t.Fatal(err)
			}
			sig, err := key.Sign(rand.Reader, alg, digest)
			if err != nil {
				t.Fatal(err)
			}
			if ok, err := key.Verify(alg, digest, sig); !ok || err != nil {
				t.Errorf("%s does not verify its own signature: %v", spec.Name, err)
			}
		}
	})
}

// FuzzDecrypt feeds foreign ciphertext to every key: refused, never a panic, and
// never plaintext from an authenticated algorithm.
func FuzzDecrypt(f *testing.F) {
	f.Add(0, []byte("short"), []byte("0123456789ab"))
	f.Add(7, append([]byte{4}, make([]byte, 100)...), []byte{})
	f.Add(9, append([]byte{0x30}, make([]byte, 120)...), []byte{})
	keysOnce() // not within an execution: on a busy machine the fuzzer would take it for hung
	f.Fuzz(func(t *testing.T, i int, ciphertext, iv []byte) {
		names := SpecNames()
		name := names[uint(i)%uint(len(names))]
		spec, _ := SpecOf(name)
		for _, alg := range spec.Encryption {
			_, err := keysOnce()[name].Decrypt(alg, ciphertext, Params{IV: iv})
			if err == nil && !alg.Padded() {
				t.Errorf("%s %s opens %x", name, alg, ciphertext)
			}
		}
		for _, alg := range spec.Signature {
			if ok, _ := keysOnce()[name].Verify(alg, make([]byte, DigestSize), ciphertext); ok {
				t.Errorf("%s %s accepts %x", name, alg, ciphertext)
			}
		}
	})
}
