package kms_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/clientkey"
	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/public"
	"kmsplan.dev/kmsplan/internal/kms/transport"
)

// stack is an emulator with a client of each gateway.
type stack struct {
	ready     emulator.Ready
	public    *public.Client
	dedicated *public.Client
	clientKey *clientkey.Client
	ca        *transport.CA
}

func newStack(t testing.TB, change ...func(*emulator.Options)) stack {
	t.Helper()
	s := stack{ready: emulatortest.New(t, change...).Ready()}
	ca, err := transport.ReadCA(s.ready.CAFile, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.ca = ca
	credentials := kms.StaticCredentials(s.ready.AccessKeyID, kms.NewSecret(s.ready.AccessKeySecret), kms.Secret{})
	retry := transport.RetryConfig{Clock: &kmstest.InstantClock{}}
	s.public, err = public.New(public.Config{Connection: transport.Connection{Endpoint: s.ready.Public.HTTPS, CA: ca},
		Region: s.ready.Region, Credentials: credentials, Retry: retry})
	if err != nil {
		t.Fatal(err)
	}
	s.dedicated, err = public.NewDedicated(public.DedicatedConfig{Connection: transport.Connection{Endpoint: s.ready.Instance.Endpoint, CA: ca},
		Region: s.ready.Region, Credentials: credentials, Retry: retry})
	if err != nil {
		t.Fatal(err)
	}
	key, _, err := clientkey.Load(clientkey.Source{File: s.ready.Instance.ClientKeyFile, Password: kms.NewSecret(s.ready.Instance.ClientKeyPassword)}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.clientKey, err = clientkey.New(clientkey.Config{Connection: transport.Connection{Endpoint: s.ready.Instance.Endpoint, CA: ca}, Key: key, Retry: retry})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.public.Close(); s.dedicated.Close(); s.clientKey.Close() })
	return s
}

func ptr[T any](v T) *T { return &v }

// key creates a key in the emulator's instance.
func (s stack) key(t testing.TB, change ...func(*kms.CreateKeyInput)) kms.Key {
	t.Helper()
	in := kms.CreateKeyInput{InstanceID: &s.ready.Instance.ID}
	for _, c := range change {
		c(&in)
	}
	k, err := s.public.CreateKey(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestEmulatorKeyLifeCycle(t *testing.T) {
	s, ctx := newStack(t), context.Background()
	m := kms.Manager(s.public)
	k := s.key(t, func(in *kms.CreateKeyInput) {
		in.Description, in.Rotate, in.RotateEvery = ptr("orders <&> ü"), ptr(true), ptr(90*24*time.Hour)
		in.Tags = map[string]string{"team": "orders", "kmsplan:intent": "i-1"}
	})
	if k.State != kms.StateEnabled || k.Description != "orders <&> ü" || k.RotationInterval != 90*24*time.Hour || k.AutomaticRotation != "Enabled" || k.InstanceID != s.ready.Instance.ID {
		t.Errorf("%+v", k)
	}
	found, err := m.ListTagResources(ctx, kms.KindKey, kms.TagQuery{Tags: map[string]string{"kmsplan:intent": "i-1"}})
	if err != nil || len(found) != 1 || found[k.ID] == nil {
		t.Errorf("search by tag: %v %v", found, err)
	}
	must(t, "describe", m.UpdateKeyDescription(ctx, k.ID, ""))
	must(t, "disable", m.DisableKey(ctx, k.ID))
	must(t, "enable", m.EnableKey(ctx, k.ID))
	must(t, "tag", m.TagResources(ctx, kms.KindKey, []string{k.ID}, map[string]string{"env": "prod"}))
	must(t, "untag", m.UntagResources(ctx, kms.KindKey, []string{k.ID}, []string{"team", "absent"}))
	if tags, err := m.ListResourceTags(ctx, k.ID); err != nil || tags["env"] != "prod" || tags["team"] != "" {
		t.Error(tags, err)
	}
	must(t, "alias", m.CreateAlias(ctx, "alias/orders", k.ID))
	if err := m.CreateAlias(ctx, "alias/orders", k.ID); !kms.HasCode(err, "AliasAlreadyExists") {
		t.Error(err)
	}
	if got, err := m.DescribeKey(ctx, "alias/orders"); err != nil || got.ID != k.ID || got.Description != "" {
		t.Errorf("%+v %v", got, err)
	}
	if aliases, err := m.ListAliasesByKeyID(ctx, k.ID); err != nil || len(aliases) != 1 || aliases[0].Name != "alias/orders" {
		t.Error(aliases, err)
	}
	must(t, "rotation", m.UpdateRotationPolicy(ctx, kms.RotationPolicyInput{KeyID: k.ID, Rotate: true, RotateEvery: ptr(365 * 24 * time.Hour)}))
	version, err := m.CreateKeyVersion(ctx, k.ID)
	if err != nil {
		t.Fatal(err)
	}
	if versions, err := m.ListKeyVersions(ctx, k.ID); err != nil || len(versions) != 2 {
		t.Error(versions, err)
	}
	if v, err := m.DescribeKeyVersion(ctx, k.ID, version.ID); err != nil || v.ID != version.ID || v.Created.IsZero() {
		t.Error(v, err)
	}
	must(t, "protect", m.SetDeletionProtection(ctx, k.ARN, true, ptr("held")))
	if err := m.ScheduleKeyDeletion(ctx, k.ID, 7); err == nil || kms.IsAmbiguous(err) {
		t.Errorf("a protected key was scheduled: %v", err)
	}
	must(t, "unprotect", m.SetDeletionProtection(ctx, k.ARN, false, nil))
	must(t, "schedule", m.ScheduleKeyDeletion(ctx, k.ID, 7))
	if got, err := m.DescribeKey(ctx, k.ID); err != nil || got.State != kms.StatePendingDeletion || got.DeleteAt.IsZero() || got.PrimaryVersion != version.ID {
		t.Errorf("%+v %v", got, err)
	}
	if err := m.UpdateKeyDescription(ctx, k.ID, "x"); !kms.HasCode(err, "Rejected.PendingDeletion") {
		t.Error(err)
	}
	must(t, "cancel", m.CancelKeyDeletion(ctx, k.ID))
	must(t, "delete alias", m.DeleteAlias(ctx, "alias/orders"))
	if _, err := m.DescribeKey(ctx, "alias/orders"); !kms.IsNotFound(err) {
		t.Error(err)
	}
	if _, err := m.DescribeKey(ctx, "key-none"); !kms.IsNotFound(err) {
		t.Error(err)
	}
}

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// 230 keys, 30 filtered away: paging, filters and batches of tags.
func TestEmulatorLists(t *testing.T) {
	s, ctx := newStack(t), context.Background()
	var ids []string
	for i := range 230 {
		k := s.key(t, func(in *kms.CreateKeyInput) { in.Tags = map[string]string{"n": fmt.Sprint(i)} })
		ids = append(ids, k.ID)
		if i < 30 {
			must(t, "disable", s.public.DisableKey(ctx, k.ID))
		}
		must(t, "alias", s.public.CreateAlias(ctx, fmt.Sprintf("alias/n%d", i), k.ID))
	}
	keys, err := s.public.ListKeys(ctx, kms.KeyFilter{})
	if err != nil || len(keys) < 230 {
		t.Fatal(len(keys), err)
	}
	enabled, err := s.public.ListKeys(ctx, kms.KeyFilter{States: []string{kms.StateEnabled}, CreatorTypes: []string{"User"}})
	if err != nil || len(enabled) != 200 {
		t.Error(len(enabled), err)
	}
	aliases, err := s.public.ListAliases(ctx)
	if err != nil || len(slices.DeleteFunc(aliases, func(a kms.Alias) bool { return a.ARN == "" })) < 230 {
		t.Error(len(aliases), err)
	}
	tags, err := s.public.ListTagResources(ctx, kms.KindKey, kms.TagQuery{IDs: ids})
	if err != nil || len(tags) != 230 || tags[ids[229]]["n"] != "229" {
		t.Error(len(tags), err)
	}
}

func TestEmulatorSecrets(t *testing.T) {
	s, ctx := newStack(t), context.Background()
	m := kms.Manager(s.public)
	k := s.key(t)
	in := kms.CreateSecretInput{Name: "orders/db/password", Value: kms.NewSecret("pässword & more=+/"), VersionID: "v1",
		EncryptionKeyID: &k.ID, InstanceID: &s.ready.Instance.ID, Description: ptr("db"), Tags: map[string]string{"team": "orders"}}
	if _, err := m.CreateSecret(ctx, in); err != nil {
		t.Fatal(err)
	}
	if _, err := m.CreateSecret(ctx, in); !kms.HasCode(err, "Rejected.ResourceExist") {
		t.Error(err)
	}
	info, err := m.DescribeSecret(ctx, in.Name)
	if err != nil || info.EncryptionKeyID != k.ID || info.Description != "db" || info.Tags["team"] != "orders" || info.Type != "Generic" {
		t.Errorf("%+v %v", info, err)
	}
	must(t, "update", m.UpdateSecret(ctx, kms.UpdateSecretInput{Name: in.Name, Description: ptr("db 2")}))
	put := kms.PutSecretValueInput{Name: in.Name, Value: kms.NewSecret("second"), VersionID: "v2"}
	must(t, "put", m.PutSecretValue(ctx, put))
	must(t, "put again", m.PutSecretValue(ctx, put))
	for name, c := range map[string]kms.Cryptographer{"public": s.public, "dedicated": s.dedicated, "instance": s.clientKey} {
		v, err := c.GetSecretValue(ctx, kms.SecretValueQuery{Name: in.Name})
		if err != nil || v.Data.Reveal() != "second" || v.VersionID != "v2" || !slices.Contains(v.Stages, "ACSCurrent") {
			t.Errorf("%s: %+v %v", name, v, err)
		}
		v, err = c.GetSecretValue(ctx, kms.SecretValueQuery{Name: in.Name, Stage: ptr("ACSPrevious")})
		if err != nil || v.Data.Reveal() != in.Value.Reveal() {
			t.Errorf("%s: %+v %v", name, v, err)
		}
		if _, err := c.GetSecretValue(ctx, kms.SecretValueQuery{Name: "none"}); !kms.IsNotFound(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, "stage", m.UpdateSecretVersionStage(ctx, kms.MoveStageInput{Name: in.Name, Stage: "ACSCurrent", MoveTo: ptr("v1")}))
	versions, err := m.ListSecretVersionIDs(ctx, in.Name, true)
	if err != nil || len(versions) != 2 {
		t.Error(versions, err)
	}
	refs, err := m.ListSecrets(ctx, true)
	if err != nil || len(refs) != 1 || refs[0].Tags["team"] != "orders" {
		t.Error(refs, err)
	}
	at, err := m.DeleteSecret(ctx, kms.DeleteSecretInput{Name: in.Name, RecoveryWindow: ptr(7)})
	if err != nil || at.IsZero() {
		t.Error(at, err)
	}
	if _, err := m.CreateSecret(ctx, in); !kms.HasCode(err, "Rejected.ResourceInDeleteWindow") {
		t.Error(err)
	}
	must(t, "restore", m.RestoreSecret(ctx, in.Name))
	if at, err := m.DeleteSecret(ctx, kms.DeleteSecretInput{Name: in.Name, Force: true}); err != nil || !at.IsZero() {
		t.Error(at, err)
	}
	if _, err := m.DescribeSecret(ctx, in.Name); !kms.IsNotFound(err) {
		t.Error(err)
	}
}

// What one gateway wraps, every gateway opens, before and after rotation, and
// only under the same context.
func TestEmulatorInterchange(t *testing.T) {
	s, ctx := newStack(t), context.Background()
	k := s.key(t)
	gateways := map[string]kms.Cryptographer{"public": s.public, "dedicated": s.dedicated, "instance": s.clientKey}
	encryptionContext := map[string]string{"app": "orders", "env": "prod ü"}
	for _, rotated := range []bool{false, true} {
		if rotated {
			if _, err := s.public.CreateKeyVersion(ctx, k.ID); err != nil {
				t.Fatal(err)
			}
		}
		now, err := s.public.DescribeKey(ctx, k.ID)
		if err != nil {
			t.Fatal(err)
		}
		for from, wrap := range gateways {
			data, err := wrap.GenerateDataKey(ctx, k.ARN, 32, encryptionContext)
			if err != nil {
				t.Fatal(from, err)
			}
			wrapped, err := wrap.Encrypt(ctx, k.ID, []byte("hello"), encryptionContext)
			if err != nil {
				t.Fatal(from, err)
			}
			if data.KeyVersionID != now.PrimaryVersion || wrapped.KeyVersionID != now.PrimaryVersion || wrapped.KeyID != k.ID {
				t.Errorf("%s rotated %t: %s, %s; primary %s", from, rotated, data.KeyVersionID, wrapped.KeyVersionID, now.PrimaryVersion)
			}
			for to, open := range gateways {
				got, version, err := open.Decrypt(ctx, data.Wrapped(), encryptionContext)
				if err != nil || !bytes.Equal(got, data.Plaintext.Bytes()) || version != now.PrimaryVersion {
					t.Errorf("%s to %s: %s %v", from, to, version, err)
				}
				if got, _, err := open.Decrypt(ctx, wrapped, encryptionContext); err != nil || string(got) != "hello" {
					t.Errorf("%s to %s: %q %v", from, to, got, err)
				}
				if _, _, err := open.Decrypt(ctx, wrapped, nil); err == nil || kms.IsAmbiguous(err) {
					t.Errorf("%s to %s without context: %v", from, to, err)
				}
				damaged := wrapped
				damaged.Blob = slices.Clone(wrapped.Blob)
				damaged.Blob[len(damaged.Blob)-1] ^= 1
				if _, _, err := open.Decrypt(ctx, damaged, encryptionContext); err == nil {
					t.Errorf("%s to %s: damaged blob was opened", from, to)
				}
			}
		}
	}
}

func TestEmulatorOpensPlainCiphertext(t *testing.T) {
	s, ctx := newStack(t), context.Background()
	k := s.key(t)
	answer, err := s.clientKey.Raw(ctx, "Encrypt", map[string]any{"KeyId": k.ID, "Plaintext": []byte("hello"), "Aad": []byte("a")})
	if err != nil {
		t.Fatal(err)
	}
	var out struct {
		KeyID, Algorithm, PaddingMode string
		CiphertextBlob, Iv            []byte
	}
	decode(t, answer, &out)
	got, _, err := s.clientKey.Decrypt(ctx, kms.Wrapped{KeyID: out.KeyID, Blob: out.CiphertextBlob, IV: out.Iv, Algorithm: out.Algorithm, PaddingMode: out.PaddingMode}, nil)
	if err == nil {
		t.Errorf("opened without its AAD: %q", got)
	}
	loose, err := s.clientKey.Raw(ctx, "Encrypt", map[string]any{"KeyId": k.ID, "Plaintext": []byte("hello")})
	if err != nil {
		t.Fatal(err)
	}
	decode(t, loose, &out)
	got, _, err = s.clientKey.Decrypt(ctx, kms.Wrapped{KeyID: out.KeyID, Blob: out.CiphertextBlob, IV: out.Iv, Algorithm: out.Algorithm, PaddingMode: out.PaddingMode}, nil)
	if err != nil || string(got) != "hello" {
		t.Errorf("%q %v", got, err)
	}
}

func TestEmulatorSignatures(t *testing.T) {
	s, ctx := newStack(t), context.Background()
	k := s.key(t, func(in *kms.CreateKeyInput) { in.Spec, in.Usage = ptr("RSA_2048"), ptr("SIGN/VERIFY") })
	versions, err := s.public.ListKeyVersions(ctx, k.ID)
	if err != nil || len(versions) != 1 {
		t.Fatal(versions, err)
	}
	digest := sha256.Sum256([]byte("message"))
	in := kms.SignInput{KeyID: k.ID, VersionID: versions[0].ID, Algorithm: "RSA_PKCS1_SHA_256", Message: digest[:], Digest: true}
	gateways := map[string]kms.Cryptographer{"public": s.public, "dedicated": s.dedicated, "instance": s.clientKey}
	for from, signer := range gateways {
		signature, err := signer.Sign(ctx, in)
		if err != nil {
			t.Errorf("%s: %v", from, err)
			continue
		}
		public, err := signer.GetPublicKey(ctx, k.ID, versions[0].ID)
		if block, _ := pem.Decode([]byte(public.PEM)); err != nil || block == nil {
			t.Errorf("%s: %v", from, err)
		}
		for to, verifier := range gateways {
			if ok, err := verifier.Verify(ctx, in, signature.Value); err != nil || !ok {
				t.Errorf("%s to %s: %t %v", from, to, ok, err)
			}
			wrong := slices.Clone(signature.Value)
			wrong[0] ^= 1
			if ok, err := verifier.Verify(ctx, in, wrong); err != nil || ok {
				t.Errorf("%s to %s, wrong: %t %v", from, to, ok, err)
			}
		}
	}
	if _, err := s.public.Sign(ctx, kms.SignInput{KeyID: k.ID, Message: []byte("m")}); !kms.HasCode(err, kms.CodeBadParameter) {
		t.Error(err)
	}
}

func TestEmulatorInstanceExtras(t *testing.T) {
	s, ctx := newStack(t), context.Background()
	k := s.key(t)
	random, err := s.clientKey.GenerateRandom(ctx, 32)
	if err != nil || random.Len() != 32 {
		t.Error(random.Len(), err)
	}
	pair, err := s.clientKey.GenerateDataKeyPair(ctx, kms.DataKeyPairInput{KeyID: k.ID, Spec: "EC_P256", Format: "DER", Context: map[string]string{"a": "b"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x509.ParsePKCS8PrivateKey(pair.PrivateKey.Bytes()); err != nil {
		t.Error(err)
	}
	if got, _, err := s.clientKey.Decrypt(ctx, pair.Wrapped, map[string]string{"a": "b"}); err != nil || !bytes.Equal(got, pair.PrivateKey.Bytes()) {
		t.Error(err)
	}
	wrapped, err := s.clientKey.GenerateDataKeyPair(ctx, kms.DataKeyPairInput{KeyID: k.ID, Spec: "EC_P256", Format: "DER", WithoutPlaintext: true})
	if err != nil || !wrapped.PrivateKey.Empty() || len(wrapped.PublicKey) == 0 {
		t.Error(err)
	}
	if instances, err := s.public.ListKmsInstances(ctx); err != nil || len(instances) == 0 {
		t.Error(instances, err)
	}
	if i, err := s.public.GetKmsInstance(ctx, s.ready.Instance.ID); err != nil || i.ID != s.ready.Instance.ID || i.CAChainPEM == "" {
		t.Errorf("%+v %v", i, err)
	}
}
