package ops

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/kms"
)

// damages are the ways in which a fresh data key, or a fresh wrap of one, can be wrong when it arrives.
var damages = map[string]struct {
	do    func(*kms.DataKey)
	again bool // another data key is asked for
	say   string
}{
	"corrupt plaintext":   {func(k *kms.DataKey) { k.Plaintext.Bytes()[7] ^= 1 }, true, "to another data key"},
	"zeroed plaintext":    {func(k *kms.DataKey) { clear(k.Plaintext.Bytes()) }, true, "to another data key"},
	"corrupt blob":        {func(k *kms.DataKey) { k.Blob[len(k.Blob)-20] ^= 1 }, true, "does not open the wrap that it made"},
	"corrupt tag":         {func(k *kms.DataKey) { k.Blob[len(k.Blob)-1] ^= 1 }, true, "does not open the wrap that it made"},
	"cut blob":            {func(k *kms.DataKey) { k.Blob = k.Blob[:20] }, true, "does not open the wrap that it made"},
	"no blob":             {func(k *kms.DataKey) { k.Blob = nil }, true, "does not open the wrap that it made"},
	"another key's id":    {func(k *kms.DataKey) { k.KeyID = "key-hzz0000000000000000" }, true, "KMS answered for key key-hzz0000000000000000 and was asked for"},
	"no key id":           {func(k *kms.DataKey) { k.KeyID = "" }, true, "KMS does not say which key it used"},
	"short":               {func(k *kms.DataKey) { k.Plaintext = kms.SecretBytes(k.Plaintext.Bytes()[:16]) }, true, "KMS gave 16 bytes instead of 32"},
	"long":                {func(k *kms.DataKey) { k.Plaintext = kms.SecretBytes(make([]byte, 64)) }, true, "KMS gave 64 bytes instead of 32"},
	"empty":               {func(k *kms.DataKey) { k.Plaintext = kms.Secret{} }, true, "KMS gave 0 bytes instead of 32"},
	"another key version": {func(k *kms.DataKey) { k.KeyVersionID = "00000000-0000-4000-8000-000000000000" }, true, "KMS said that it wrapped under key version 00000000-0000-4000-8000-000000000000 and opens it with"},
	"an IV of its own":    {func(k *kms.DataKey) { k.Protocol, k.Algorithm, k.IV = kms.ProtocolPlain, "AES_GCM", make([]byte, 12) }, true, "does not open the wrap that it made"},
	"another protocol":    {func(k *kms.DataKey) { k.Protocol = "carrier pigeon" }, false, "envelopes have no name for"},
}

// TestADataKeyIsProvedBeforeItSealsAnything: a data key that arrives damaged, in whatever way, seals no file under any
// scope; the old files stay as they were. Where it arrives damaged once, the next is taken. Case P2.
func TestADataKeyIsProvedBeforeItSealsAnything(t *testing.T) {
	r := newRig(t)
	key, id := r.aesKey(), ageIdentity(t)
	names := []string{"d/a", "d/b", "e/c"}
	for _, name := range names {
		r.encrypted(r.engine(), name, []byte("old "+name), Seal{Key: key})
	}
	for name, tt := range damages {
		for _, scope := range []Scope{ScopeFile, ScopeDirectory, ScopeRun} {
			t.Run(fmt.Sprintf("%s, %s", name, scope), func(t *testing.T) {
				seal := Seal{Key: key, Scope: scope, Recipients: []string{id.Recipient().String()}}
				before := map[string][]byte{}
				for _, n := range names {
					before[n] = r.read(n + ".enc")
				}
				s := spied(r)
				s.damage = tt.do
				e := r.engine(func(o *Options) { o.Keyring = s.ring })
				made := r.calls("AdvanceGenerateDataKey")
				err := second(e.EncryptFile(t.Context(), r.path("d/a"), r.path("d/a.enc"), seal, nil))
				wants(t, err, tt.say)
				if n := r.calls("AdvanceGenerateDataKey") - made; tt.again != (n == 3) {
					t.Errorf("%d data keys were asked for", n)
				}
				if errs := Each(t.Context(), names, func(ctx context.Context, n string) error {
					return second(e.EncryptFile(ctx, r.path(n), r.path(n+".enc"), seal, nil))
				}); len(errs) != len(names) {
					t.Errorf("errors %v", errs)
				}
				for i, key := range s.live {
					if !zeros(key) {
						t.Errorf("data key %d is not overwritten", i)
					}
				}
				for _, n := range names {
					if !bytes.Equal(r.read(n+".enc"), before[n]) {
						t.Errorf("%s was written", n)
					}
				}
				r.tree()
				if !tt.again {
					return
				}
				once := tt.do
				s.damage = func(k *kms.DataKey) { once(k); once = func(*kms.DataKey) {} }
				r.must(second(e.EncryptFile(t.Context(), r.path("d/a"), r.path("d/a.enc"), seal, nil)))
				r.opens(r.path("d/a.enc"), []byte("old d/a"))
			})
		}
	}
}

// TestAProofThatCannotBeMadeIsSaid: the right to open is missing, or the gateway is gone; no other data key is asked
// for, and nothing is written. Unproved does without. Case P2.
func TestAProofThatCannotBeMadeIsSaid(t *testing.T) {
	r := newRig(t)
	key := r.aesKey()
	for fault, say := range map[string]string{
		"instance/AdvanceDecrypt:reject=Forbidden.NoPermission:*": "open the new wrap once before it is relied on",
		"instance/AdvanceDecrypt:throttle:*":                      "open the new wrap once before it is relied on",
		"instance/AdvanceDecrypt:drop-after-commit:*":             "open the new wrap once before it is relied on",
	} {
		r.server.Faults().Remove()
		r.fault(fault)
		r.write("a", []byte("x"), 0o600)
		made := r.calls("AdvanceGenerateDataKey")
		wants(t, second(r.engine().EncryptFile(t.Context(), r.path("a"), r.path("a.enc"), Seal{Key: key}, nil)), say)
		if n := r.calls("AdvanceGenerateDataKey") - made; n != 1 || len(r.tree()) != 1 {
			t.Errorf("%s: %d data keys were asked for, there is %v", fault, n, r.tree())
		}
	}
	r.server.Faults().Remove()
	r.fault("instance/AdvanceDecrypt:reject=Forbidden.NoPermission:*")
	e := r.engine(func(o *Options) { o.Unproved = true })
	path := r.encrypted(e, "a", []byte("x"), Seal{Key: key})
	if e.Calls() != 1 {
		t.Errorf("%d calls", e.Calls())
	}
	r.server.Faults().Remove()
	r.opens(path, []byte("x"))
}

// TestTheGatewaysOwnFaultsAreCaught, as they pass over the wire. Case P2.
func TestTheGatewaysOwnFaultsAreCaught(t *testing.T) {
	r := newRig(t)
	key := r.aesKey()
	for _, tt := range []struct {
		gateway, operation string
		faults             []string
	}{
		{"instance", "AdvanceGenerateDataKey", []string{"corrupt"}}, // it names no version beside the blob
		{"public", "GenerateDataKey", []string{"corrupt", "wrong-key-version"}},
	} {
		gateway, operation := tt.gateway, tt.operation
		for _, fault := range tt.faults {
			for _, suite := range []envelope.Suite{envelope.AES256, envelope.SM4} {
				name := gateway + fault + suite.String()[5:8]
				seal := Seal{Gateway: gateway, Key: key, Suite: suite}
				path := r.encrypted(r.engine(), name, []byte("old"), seal)
				r.fault(gateway + "/" + operation + ":" + fault + ":*")
				if err := second(r.engine().EncryptFile(t.Context(), r.path(name), path, seal, nil)); err == nil {
					t.Errorf("%s: %s: no error", gateway, fault)
				}
				r.server.Faults().Remove()
				r.opens(path, []byte("old"))
				r.fault(gateway + "/" + operation + ":" + fault)
				r.must(second(r.engine().EncryptFile(t.Context(), r.path(name), path, seal, nil)))
				r.server.Faults().Remove()
				r.opens(path, []byte("old"))
			}
		}
	}
}

// TestANewWrapIsProvedBeforeTheOldOneGoes, whatever is wrong with it. Case P2.
func TestANewWrapIsProvedBeforeTheOldOneGoes(t *testing.T) {
	r := newRig(t)
	key := r.aesKey()
	path := r.encrypted(r.engine(), "a", pattern(100000, 2), Seal{Key: key})
	version := r.rotate(key)
	before := r.read("a.enc")
	for name, damage := range map[string]func(*kms.Wrapped){
		"corrupt blob":        func(w *kms.Wrapped) { w.Blob[len(w.Blob)-1] ^= 1 },
		"another key's id":    func(w *kms.Wrapped) { w.KeyID = "key-hzz0000000000000000" },
		"another key version": func(w *kms.Wrapped) { w.KeyVersionID = "00000000-0000-4000-8000-000000000000" },
		"the old version":     func(w *kms.Wrapped) { w.KeyVersionID = string(w.Blob[:36]) + "x" },
	} {
		s := spied(r)
		s.wrap = damage
		e := r.engine(func(o *Options) { o.Keyring, o.Unproved = s.ring, true })
		if _, _, err := e.Rewrap(t.Context(), path, Target{Key: key, Version: version}); err == nil || !bytes.Equal(r.read("a.enc"), before) {
			t.Errorf("%s: error %v", name, err)
		}
		once := damage
		s.wrap = func(w *kms.Wrapped) { once(w); once = func(*kms.Wrapped) {} }
		e = r.engine(func(o *Options) { o.Keyring = s.ring })
		r.must(third(e.Rewrap(t.Context(), path, Target{Key: key, Version: version})))
		r.opens(path, pattern(100000, 2))
		r.write("a.enc", before, 0o600)
	}
}
