package ops

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"testing"

	"filippo.io/age"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// TestRoundTrip: every suite, through both gateways, compact and slotted, comes back byte for byte; the
// plaintext is private and the envelope has its source's mode.
func TestRoundTrip(t *testing.T) {
	r := newRig(t)
	keys := map[envelope.Suite]string{envelope.AES256: r.aesKey(), envelope.SM4: r.key("Aliyun_SM4")}
	for suite, key := range keys {
		for _, gateway := range []string{"instance", "public"} {
			for _, size := range []int{0, 1, 16384, 65535, 65536, 3<<20 + 5} {
				name := fmt.Sprintf("%d-%s-%d", suite, gateway, size)
				t.Run(name, func(t *testing.T) {
					want := pattern(size, byte(suite))
					r.write(name, want, 0o640)
					seal := Seal{Gateway: gateway, Key: key, Suite: suite, Context: envelope.Context{"app": "a b", "env": "é"}, Digest: true}
					sealed, err := r.engine().EncryptFile(t.Context(), r.path(name), r.path("out/"+name+".enc"), seal, nil)
					r.must(err)
					opened, err := r.engine().DecryptFile(t.Context(), r.path("out/"+name+".enc"), r.path("out/"+name), Unseal{Context: seal.Context, Digest: true}, nil)
					r.must(err)
					if !bytes.Equal(r.read("out/"+name), want) {
						t.Error("the plaintext is another one")
					}
					modes(t, r, map[string]os.FileMode{"out/" + name: 0o600, "out/" + name + ".enc": 0o640})
					sum := sha256.Sum256(want)
					if sealed.Source != sum || opened.Source != sum || sealed.Commitment != opened.Commitment || opened.Plaintext != int64(size) {
						t.Errorf("sealed %+v, opened %+v", sealed, opened)
					}
					if KeyID(sealed.KeyARN) != key || sealed.KeyARN == key || sealed.KeyVersion == "" {
						t.Errorf("the census has key %q, version %q", sealed.KeyARN, sealed.KeyVersion)
					}
				})
			}
		}
	}
	r.tree()
}

func modes(t *testing.T, r *rig, want map[string]os.FileMode) {
	t.Helper()
	for name, mode := range want {
		info, err := os.Stat(r.path(name))
		r.must(err)
		if info.Mode() != mode {
			t.Errorf("%s has mode %v, want %v", name, info.Mode(), mode)
		}
	}
}

// TestDataKeysHaveTheSuitesLength: an SM4 envelope asks KMS for 16 bytes, not for 32 of which half is thrown
// away.
func TestDataKeysHaveTheSuitesLength(t *testing.T) {
	r := newRig(t)
	spy := spied(r)
	e := r.engine(func(o *Options) { o.Keyring = spy.ring })
	r.encrypted(e, "a", []byte("x"), Seal{Key: r.key("Aliyun_SM4"), Suite: envelope.SM4})
	r.encrypted(e, "b", []byte("x"), Seal{Key: r.aesKey()})
	var lengths []int
	for _, key := range spy.keys {
		lengths = append(lengths, len(key))
	}
	if !slices.Equal(lengths, []int{16, 16, 32, 32}) { // each made, and proved
		t.Errorf("KMS made and opened data keys of %v bytes", lengths)
	}
}

// TestStreams: standard input and output, of unknown length, in both directions.
func TestStreams(t *testing.T) {
	r := newRig(t)
	e, key := r.engine(), r.aesKey()
	for _, size := range []int{0, 100, 1 << 20} {
		want := pattern(size, 7)
		var sealed, opened bytes.Buffer
		_, err := e.EncryptStream(t.Context(), &sealed, bytes.NewReader(want), envelope.UnknownSize, "-", Seal{Key: key}, nil)
		r.must(err)
		got, err := e.DecryptStream(t.Context(), &opened, &sealed, Unseal{}, nil)
		r.must(err)
		if !bytes.Equal(opened.Bytes(), want) || got.Plaintext != int64(size) {
			t.Errorf("%d bytes came back as %d", size, opened.Len())
		}
	}
}

// TestProgress ends at the whole size in both directions.
func TestProgress(t *testing.T) {
	r := newRig(t)
	e, size := r.engine(), int64(5<<20)
	var done, total int64
	see := func(d, n int64) {
		if d < done {
			t.Errorf("progress went back from %d to %d", done, d)
		}
		done, total = d, n
	}
	r.write("a", pattern(int(size), 1), 0o600)
	_, err := e.EncryptFile(t.Context(), r.path("a"), r.path("a.enc"), Seal{Key: r.aesKey()}, see)
	r.must(err)
	if done != size || total != size {
		t.Errorf("encrypting ended at %d of %d", done, total)
	}
	done = 0
	_, err = e.Verify(t.Context(), r.path("a.enc"), Unseal{}, see)
	r.must(err)
	if done != size || total != size {
		t.Errorf("verifying ended at %d of %d", done, total)
	}
}

// TestBreakGlassNeedsNoKMS: with an age identity a file opens when the key is gone, and KMS is not asked;
// with another identity KMS still opens it.
func TestBreakGlassNeedsNoKMS(t *testing.T) {
	r := newRig(t)
	id, other := ageIdentity(t), ageIdentity(t)
	path := r.encrypted(r.engine(), "a", []byte("break the glass"), Seal{Key: r.aesKey(), Recipients: []string{id.Recipient().String()}})
	with := func(id *age.X25519Identity, keys Keyring) *Engine {
		return r.engine(func(o *Options) { o.Identities, o.Keyring = []envelope.Identity{envelope.AgeIdentity(id)}, keys })
	}
	before := r.calls("AdvanceDecrypt", "Decrypt")
	if _, err := with(id, ring{}).DecryptFile(t.Context(), path, r.path("out"), Unseal{}, nil); err != nil {
		t.Errorf("without any gateway: %v", err)
	}
	if _, err := with(id, r.ring).Verify(t.Context(), path, Unseal{}, nil); err != nil || r.calls("AdvanceDecrypt", "Decrypt") != before {
		t.Errorf("with the identity: error %v, %d calls", err, r.calls("AdvanceDecrypt", "Decrypt")-before)
	}
	if _, err := with(other, r.ring).Verify(t.Context(), path, Unseal{}, nil); err != nil {
		t.Errorf("with another identity: %v", err)
	}
	if string(r.read("out")) != "break the glass" {
		t.Error("another plaintext")
	}
}

func ageIdentity(t testing.TB) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestInspectProvesNothingAndCallsNothing.
func TestInspectCallsNothing(t *testing.T) {
	r := newRig(t)
	path := r.encrypted(r.engine(), "a", []byte("x"), Seal{Key: r.aesKey(), Context: envelope.Context{"app": "orders"}})
	before, _ := r.server.Calls().Total()
	h, size, err := Inspect(path)
	r.must(err)
	after, _ := r.server.Calls().Total()
	if h.Context["app"] != "orders" || len(h.KMSStanzas()) != 1 || size != int64(len(r.read("a.enc"))) || after != before {
		t.Errorf("header %+v, %d bytes, %d calls", h, size, after-before)
	}
}
