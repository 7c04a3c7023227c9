package kms_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/public"
	"kmsplan.dev/kmsplan/internal/kms/transport"
)

func TestEmulatorImport(t *testing.T) {
	s, ctx := newStack(t), context.Background()
	in := kms.CreateKeyInput{Origin: ptr("EXTERNAL")}
	k, err := s.public.CreateKey(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.public.GetParametersForImport(ctx, k.ID, "RSA_2048", "RSAES_OAEP_SHA_256")
	if err != nil || p.Expires.IsZero() {
		t.Fatal(p.Expires, err)
	}
	parsed, err := x509.ParsePKIXPublicKey(p.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, parsed.(*rsa.PublicKey), bytes.Repeat([]byte("k"), 32), nil)
	if err != nil {
		t.Fatal(err)
	}
	must(t, "import", s.public.ImportKeyMaterial(ctx, kms.ImportMaterialInput{KeyID: k.ID, Wrapped: wrapped, Token: p.Token}))
	if got, err := s.public.DescribeKey(ctx, k.ID); err != nil || got.State != kms.StateEnabled {
		t.Error(got.State, err)
	}
	must(t, "delete material", s.public.DeleteKeyMaterial(ctx, k.ID))
}

func TestEmulatorPolicies(t *testing.T) {
	s, ctx := newStack(t), context.Background()
	k := s.key(t)
	policy := `{"Version":"1","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"RAM":["acs:ram::` + s.ready.AccountID + `:*"]},"Action":["kms:*"],"Resource":["*"]}]}`
	must(t, "set", s.public.SetKeyPolicy(ctx, k.ID, policy))
	if got, err := s.public.GetKeyPolicy(ctx, k.ID); err != nil || got != policy {
		t.Error(got, err)
	}
}

func TestEmulatorProbe(t *testing.T) {
	s, ctx := newStack(t), context.Background()
	for name, f := range map[string]transport.Facts{"public": s.public.Probe(ctx), "dedicated": s.dedicated.Probe(ctx), "instance": s.clientKey.Probe(ctx)} {
		if !f.Usable || f.Err != nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
	stranger, err := public.New(public.Config{Connection: transport.Connection{Endpoint: s.ready.Public.HTTPS, CA: s.ca},
		Credentials: kms.StaticCredentials(s.ready.AccessKeyID, kms.NewSecret("wrong"), kms.Secret{})})
	if err != nil {
		t.Fatal(err)
	}
	if f := stranger.Probe(ctx); f.Usable || !kms.HasCode(f.Err, "SignatureDoesNotMatch") {
		t.Errorf("%+v", f)
	}
}

// The lost answer: the key exists, the caller is told that it may.
func TestEmulatorLostAnswer(t *testing.T) {
	s, ctx := newStack(t, func(o *emulator.Options) { o.Faults = "CreateKey:drop-after-commit:1,CreateKey:reject:1" }), context.Background()
	_, err := s.public.CreateKey(ctx, kms.CreateKeyInput{Tags: map[string]string{"kmsplan:intent": "lost"}})
	var e *kms.Error
	if !errors.As(err, &e) || e.Outcome != kms.Ambiguous || e.Attempts != 1 {
		t.Fatal(err)
	}
	found, err := s.public.ListTagResources(ctx, kms.KindKey, kms.TagQuery{Tags: map[string]string{"kmsplan:intent": "lost"}})
	if err != nil || len(found) != 1 {
		t.Error(found, err)
	}
}

func decode(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// Every operation of the table reaches a handler under its name and comes back
// as a success or as a refusal of the service.
func TestEmulatorKnowsEveryOperation(t *testing.T) {
	s := newStack(t)
	values := map[kms.ParamType]any{kms.TypeString: "x", kms.TypeBytes: "aGVsbG8=", kms.TypeInt: 10, kms.TypeBool: false, kms.TypeMap: map[string]any{"k": "v"},
		kms.TypeList: []string{"x"}, kms.TypeTags: map[string]string{"k": "v"}, kms.TypeObject: map[string]any{"CustomData": map[string]any{"k": "v"}}}
	for _, caller := range []kms.Caller{s.public, s.clientKey} {
		for _, o := range caller.Operations() {
			if o.Name == "ReleaseKmsInstance" {
				continue // it ends a purchase, which the emulator has none of
			}
			params := map[string]any{}
			for _, p := range o.Params {
				if p.Required {
					params[p.Name] = values[p.Type]
				}
			}
			_, err := caller.Raw(context.Background(), o.Name, params)
			var e *kms.Error
			if err != nil && (!errors.As(err, &e) || e.Outcome == kms.Ambiguous || e.RequestID == "" || strings.HasPrefix(e.Code, "Kmsplan.") || e.Code == "InvalidAction.NotFound") {
				t.Errorf("%s: %v", o.Name, err)
			}
		}
	}
}
