package public

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/wire/acs"
)

func TestDescribeKeyReadsEveryField(t *testing.T) {
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { kmstest.Reply(w, 200, kmstest.DescribedKey) })
	got, err := client(t, g).DescribeKey(context.Background(), "alias/orders")
	if err != nil {
		t.Fatal(err)
	}
	created := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	want := kms.Key{ID: "key-1", ARN: "acs:kms:cn-hangzhou:1:key/key-1", Spec: "Aliyun_AES_256", Usage: "ENCRYPT/DECRYPT",
		Origin: "Aliyun_KMS", State: kms.StateEnabled, ProtectionLevel: "SOFTWARE", InstanceID: "kst-1", Description: "orders",
		Creator: "1", PrimaryVersion: "v1", Created: created, AutomaticRotation: "Enabled",
		RotationInterval: 90 * 24 * time.Hour, LastRotation: created, NextRotation: time.Date(2026, 4, 2, 3, 4, 5, 0, time.UTC),
		DeletionProtection: true, DeletionProtectionDescription: "held"}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// Every parameter of a POST is in the form body, signed with ACS3; the URL has
// none.
func TestRequestIsSignedAndItsURLIsEmpty(t *testing.T) {
	for _, c := range []struct {
		name        string
		credentials kms.Credentials
		token       string
	}{
		{"AccessKey", kmstest.Credentials, ""},
		{"STS", kms.StaticCredentials(kmstest.KeyID, kms.NewSecret(kmstest.CanarySecret), kms.NewSecret(kmstest.CanaryToken)), kmstest.CanaryToken},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { kmstest.Reply(w, 200, kmstest.DescribedKey) })
			p := client(t, g, func(config *Config) { config.Credentials = c.credentials })
			spec := "Aliyun_AES_256"
			if _, err := p.CreateKey(context.Background(), kms.CreateKeyInput{Spec: &spec, Tags: map[string]string{"b": "2 ü*~", "a": "1"}}); err != nil {
				t.Fatal(err)
			}
			r := g.Seen()[0]
			if r.URI != "/" || r.Method != http.MethodPost {
				t.Errorf("%s %s", r.Method, r.URI)
			}
			form, err := url.ParseQuery(string(r.Body))
			if err != nil || form.Get("Tags") != `[{"TagKey":"a","TagValue":"1"},{"TagKey":"b","TagValue":"2 ü*~"}]` || form.Get("KeySpec") != spec {
				t.Errorf("body %s: %v", r.Body, err)
			}
			if r.Header.Get("X-Acs-Security-Token") != c.token {
				t.Errorf("token %q", r.Header.Get("X-Acs-Security-Token"))
			}
			verifyACS3(t, r)
		})
	}
}

func verifyACS3(t *testing.T, r kmstest.Request) {
	t.Helper()
	if acs.HashBody(r.Body) != r.Header.Get(acs.HeaderContentSHA256) {
		t.Error("x-acs-content-sha256 is not the body's")
	}
	auth, err := acs.ParseAuthorization(r.Header.Get("Authorization"))
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.ParseRequestURI(r.URI)
	if err != nil {
		t.Fatal(err)
	}
	signed := acs.Request{Method: r.Method, Path: u.Path, Query: u.Query(), Host: r.Host, Header: r.Header}
	if !auth.Verify(signed, kmstest.CanarySecret) {
		t.Error("the signature does not verify")
	}
	if auth.Verify(signed, kmstest.CanarySecret+"x") {
		t.Error("the signature verifies under any secret")
	}
}

// The three operations that the vendor's SDK sends with GET keep it.
func TestGetOperationsUseTheQuery(t *testing.T) {
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { kmstest.Reply(w, 200, `{"RequestId":"R"}`) })
	if _, err := client(t, g).Raw(context.Background(), "GetClientKey", map[string]any{"ClientKeyId": "KAAP.1"}); err != nil {
		t.Fatal(err)
	}
	r := g.Seen()[0]
	if r.Method != http.MethodGet || r.URI != "/?ClientKeyId=KAAP.1" {
		t.Errorf("%s %s", r.Method, r.URI)
	}
	verifyACS3(t, r)
}

func TestNoOperationPutsASecretIntoAURL(t *testing.T) {
	for _, o := range kms.PublicOperations() {
		for _, p := range o.Params {
			if o.Get && p.Secret {
				t.Errorf("%s sends %s in the query", o.Name, p.Name)
			}
		}
	}
}

func TestRegionIsFilledIn(t *testing.T) {
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { kmstest.Reply(w, 200, `{"RequestId":"R"}`) })
	err := client(t, g).TagResources(context.Background(), kms.KindKey, []string{"k1", "k2"}, map[string]string{"t": "1"})
	if err != nil {
		t.Fatal(err)
	}
	want := "RegionId=cn-hangzhou&ResourceId.1=k1&ResourceId.2=k2&ResourceType=key&Tag.1.Key=t&Tag.1.Value=1"
	if _, body := g.Seen()[0].Form(); body != want {
		t.Errorf("got %s", body)
	}
}

// 120 ids and 25 tags make 3 × 2 calls.
func TestTagsGoInBatches(t *testing.T) {
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { kmstest.Reply(w, 200, `{"RequestId":"R"}`) })
	tags := map[string]string{}
	for i := range 25 {
		tags["k"+string(rune('a'+i))] = "v"
	}
	ids := make([]string, 120)
	for i := range ids {
		ids[i] = "key-" + strings.Repeat("x", i)
	}
	if err := client(t, g).TagResources(context.Background(), kms.KindKey, ids, tags); err != nil {
		t.Fatal(err)
	}
	if n := len(g.Seen()); n != 6 {
		t.Errorf("%d calls", n)
	}
	for _, r := range g.Seen() {
		form, _ := url.ParseQuery(string(r.Body))
		if form.Has("ResourceId.51") || form.Has("Tag.21.Key") {
			t.Errorf("batch too large: %s", r.Body)
		}
	}
}

func TestUnknownParametersAndOperationsAreNamed(t *testing.T) {
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { kmstest.Reply(w, 200, `{}`) })
	p := client(t, g)
	for _, c := range []struct {
		operation string
		params    map[string]any
		want      string
	}{
		{"DescribeKey", map[string]any{"KeyID": "k"}, "did you mean KeyId?"},
		{"DescribeKey", nil, "parameter KeyId is required"},
		{"DescribeKey", map[string]any{"KeyId": ""}, "parameter KeyId is required"},
		{"DescribeKeys", nil, "did you mean DescribeKey?"},
		{"GenerateRandom", nil, "the instance gateway does"},
		{"ListKeys", map[string]any{"PageSize": "many"}, "PageSize must be a whole number"},
		{"CreateKey", map[string]any{"EnableAutomaticRotation": "perhaps"}, "must be true or false"},
		{"Encrypt", map[string]any{"KeyId": "k", "Plaintext": "not base64!"}, "Plaintext must be base64"},
		{"Encrypt", map[string]any{"KeyId": "k", "Plaintext": "aGk=", "EncryptionContext": "[1]"}, "must be a JSON object"},
	} {
		_, err := p.Raw(context.Background(), c.operation, c.params)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %v: %v", c.operation, c.params, err)
		}
		if kms.IsAmbiguous(err) {
			t.Errorf("%s: ambiguous", c.operation)
		}
	}
	if n := len(g.Seen()); n != 0 {
		t.Errorf("%d requests left", n)
	}
}

func TestDedicatedGatewayServesCryptographyOnly(t *testing.T) {
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		kmstest.Reply(w, 200, `{"KeyId":"k","KeyVersionId":"v","CiphertextBlob":"YmxvYg==","RequestId":"R"}`)
	})
	d, err := NewDedicated(DedicatedConfig{Connection: g.Connection(), InstanceID: "kst-1", Credentials: kmstest.Credentials})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Encrypt(context.Background(), "k", []byte("hello"), nil); err != nil {
		t.Error(err)
	}
	_, err = d.ListKeys(context.Background(), kms.KeyFilter{})
	if !kms.HasCode(err, kms.CodeUnsupported) || !strings.Contains(err.Error(), "public gateway does") {
		t.Error(err)
	}
	if n := len(g.Seen()); n != 1 {
		t.Errorf("%d requests", n)
	}
}
