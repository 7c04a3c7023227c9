package public_test

import (
	"errors"
	"testing"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	kms "github.com/alibabacloud-go/kms-20160120/v3/client"
	"github.com/alibabacloud-go/tea/tea"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/public"
)

// sdk makes the vendor's client, which nobody here wrote.
func sdk(t *testing.T, endpoint, kind string, c engine.Credential) *kms.Client {
	t.Helper()
	config := &openapi.Config{
		AccessKeyId: &c.AccessKeyID, AccessKeySecret: &c.Secret, Endpoint: &endpoint, NoProxy: &endpoint, Protocol: tea.String("http"),
	}
	if c.SecurityToken != "" {
		config.SecurityToken = &c.SecurityToken
	}
	switch kind {
	case "ACS4":
		config.SignatureVersion = tea.String("v4")
	case "RPC":
		config.SignatureAlgorithm = tea.String("v2")
	}
	client, err := kms.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// TestVendorSDK lets kms-20160120/v3 sign in its three ways with an AccessKey and
// a session, and checks that a wrong secret is refused in the words its error type
// understands.
func TestVendorSDK(t *testing.T) {
	for kind := range kinds {
		for _, c := range []engine.Credential{plainKey, session} {
			t.Run(kind+" "+c.AccessKeyID, func(t *testing.T) {
				g := newGate(t, public.Strict)
				now := time.Now()
				g.now.Store(&now)
				endpoint := g.start(t)
				client := sdk(t, endpoint, kind, c)
				const id = "key-with all*of~it/+中&=%"
				for range 2 {
					out, err := client.DescribeKey(&kms.DescribeKeyRequest{KeyId: tea.String(id)})
					if err != nil {
						t.Fatal(err)
					}
					if got := out.Body.KeyMetadata; *got.KeyId != id || *got.Creator != c.Account || *got.Description != "cn-hangzhou" || *out.Body.RequestId == "" {
						t.Fatalf("%+v", out.Body)
					}
				}
				if _, err := client.Encrypt(&kms.EncryptRequest{KeyId: tea.String("k"), Plaintext: tea.String("YQ=="), EncryptionContext: map[string]any{"a": "<1>", "b": "2"}}); err != nil {
					t.Fatal(err)
				}
				if got := g.last.Load().EncryptionContext; got["a"] != "<1>" || got["b"] != "2" || len(got) != 2 {
					t.Fatalf("context %v", got)
				}
				var refusal *tea.SDKError
				if _, err := client.EnableKey(&kms.EnableKeyRequest{KeyId: tea.String("k")}); !errors.As(err, &refusal) || *refusal.Code != "Rejected.StateModifiedFailed" {
					t.Fatalf("%v", err)
				}
				c.Secret = "wrong"
				if _, err := sdk(t, endpoint, kind, c).DescribeKey(&kms.DescribeKeyRequest{}); !errors.As(err, &refusal) || *refusal.Code != "SignatureDoesNotMatch" {
					t.Fatalf("%v", err)
				}
			})
		}
	}
}
