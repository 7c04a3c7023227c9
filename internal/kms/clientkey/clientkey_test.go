package clientkey

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// received decodes a request and checks its headers and signature.
func received(t *testing.T, r kmstest.Request, into proto.Message) {
	t.Helper()
	key := kmstest.ClientKey(t)
	if err := dkms.Verify(&key.Key.PublicKey, r.Method, r.Header); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{
		dkms.HeaderContentSHA256: dkms.HashBody(r.Body), dkms.HeaderContentType: dkms.ContentType, "Accept": dkms.ContentType,
		dkms.HeaderAPIVersion: dkms.APIVersion, dkms.HeaderAccessKeyID: "KAAP.test", dkms.HeaderSignatureMethod: dkms.SignatureMethod,
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") || r.URI != "/" || r.Method != http.MethodPost {
		t.Errorf("%s %s", r.Method, r.URI)
	}
	if err := proto.Unmarshal(r.Body, into); err != nil {
		t.Error(err)
	}
}

func TestClientKeyWrapsWithAdvanceOperations(t *testing.T) {
	stored := kmstest.VersionID + strings.Repeat("x", 12+32+16)
	g := kmstest.Serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		switch r.Header.Get(dkms.HeaderAPIName) {
		case "AdvanceEncrypt":
			kmstest.AnswerProto(w, 200, &dkms.AdvanceEncryptResponse{KeyId: "key-1", KeyVersionId: kmstest.VersionID, CiphertextBlob: []byte("$\x00\x02" + stored)})
		case "AdvanceGenerateDataKey":
			kmstest.AnswerProto(w, 200, &dkms.AdvanceGenerateDataKeyResponse{KeyId: "key-1", KeyVersionId: kmstest.VersionID,
				Plaintext: []byte(strings.Repeat("k", 32)), CiphertextBlob: []byte("$\x00\x02" + stored)})
		case "AdvanceDecrypt":
			kmstest.AnswerProto(w, 200, &dkms.AdvanceDecryptResponse{KeyId: "key-1", KeyVersionId: kmstest.VersionID, Plaintext: []byte(strings.Repeat("k", 32))})
		default:
			kmstest.RefuseProto(w, 400, "InvalidApiName", "no")
		}
	})
	c := client(t, g)
	ctx, encryptionContext := context.Background(), map[string]string{"this": "is", "encryption": "context"}

	w, err := c.Encrypt(ctx, "acs:kms:cn-hangzhou:1:key/key-1", []byte("hello"), encryptionContext)
	if err != nil || string(w.Blob) != stored || w.KeyVersionID != kmstest.VersionID || w.Protocol != kms.ProtocolAdvance || w.Size != 5 || w.Algorithm != "" {
		t.Fatalf("%+v %v", w, err)
	}
	var encrypt dkms.AdvanceEncryptRequest
	received(t, g.Seen()[0], &encrypt)
	if encrypt.KeyId != "key-1" || string(encrypt.Plaintext) != "hello" || len(encrypt.Aad) != 32 {
		t.Errorf("%v", &encrypt)
	}
	k, err := c.GenerateDataKey(ctx, "key-1", 32, encryptionContext)
	if err != nil || k.Plaintext.Len() != 32 || string(k.Blob) != stored || k.Wrapped().Size != 32 {
		t.Fatalf("%+v %v", k, err)
	}
	plaintext, version, err := c.Decrypt(ctx, k.Wrapped(), encryptionContext)
	if err != nil || string(plaintext) != strings.Repeat("k", 32) || version != kmstest.VersionID {
		t.Fatal(version, err)
	}
	var decrypt dkms.AdvanceDecryptRequest
	received(t, g.Seen()[2], &decrypt)
	if string(decrypt.CiphertextBlob) != "$\x00\x02"+stored || decrypt.KeyId != "" {
		t.Errorf("%v", &decrypt)
	}
}

// Ciphertext of the plain operations is opened with its key, algorithm and IV.
func TestClientKeyOpensLooseCiphertext(t *testing.T) {
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		kmstest.AnswerProto(w, 200, &dkms.AdvanceDecryptResponse{KeyId: "key-1", Plaintext: []byte("hello")})
	})
	loose := kms.Wrapped{KeyID: "key-1", Blob: []byte("ciphertext"), Algorithm: "AES_GCM", IV: []byte("0123456789ab"), Protocol: kms.ProtocolPlain}
	plaintext, _, err := client(t, g).Decrypt(context.Background(), loose, nil)
	if err != nil || string(plaintext) != "hello" {
		t.Fatal(err)
	}
	var in dkms.AdvanceDecryptRequest
	received(t, g.Seen()[0], &in)
	if in.KeyId != "key-1" || in.Algorithm != "AES_GCM" || string(in.Iv) != "0123456789ab" || string(in.CiphertextBlob) != "ciphertext" || in.Aad != nil {
		t.Errorf("%v", &in)
	}
}

func TestClientKeyRefusesDamagedBlobBeforeSending(t *testing.T) {
	g := kmstest.Serve(t, nil)
	_, _, err := client(t, g).Decrypt(context.Background(), kms.Wrapped{KeyID: "key-1", Blob: []byte("short")}, nil)
	if !kms.HasCode(err, kms.CodeBadCiphertext) || kms.IsAmbiguous(err) || len(g.Seen()) != 0 {
		t.Error(err)
	}
}

func TestClientKeyErrors(t *testing.T) {
	for name, c := range map[string]struct {
		answer   func(w http.ResponseWriter)
		code     string
		attempts int
		want     string
	}{
		"unknown key": {func(w http.ResponseWriter) { kmstest.RefuseProto(w, 404, "Forbidden.KeyNotFound", "no such key") }, "Forbidden.KeyNotFound", 1, "region"},
		"unknown caller": {func(w http.ResponseWriter) {
			kmstest.RefuseProto(w, 404, "Unauthorized", `The AccessKey ID "x" does not exist in our records.`)
		}, "Unauthorized", 1, "another instance"},
		"signature": {func(w http.ResponseWriter) {
			kmstest.RefuseProto(w, 401, "SignatureNotMatch", "Signature is not matched.")
		}, "SignatureNotMatch", 1, "download the ClientKey"},
		"skew":         {func(w http.ResponseWriter) { kmstest.RefuseProto(w, 400, "RequestTimeTooSkewed", "too far") }, "RequestTimeTooSkewed", 1, "clock"},
		"throttled":    {func(w http.ResponseWriter) { kmstest.RefuseProto(w, 429, "Rejected.Throttling", "QPS Limit Exceeded") }, "Rejected.Throttling", 6, "quota"},
		"busy":         {func(w http.ResponseWriter) { kmstest.RefuseProto(w, 503, "ServiceUnavailableTemporary", "busy") }, "ServiceUnavailableTemporary", 3, ""},
		"too large":    {func(w http.ResponseWriter) { w.WriteHeader(413); fmt.Fprint(w, "None") }, "RequestEntityTooLarge", 1, "3 MiB"},
		"proxy's page": {func(w http.ResponseWriter) { w.Header().Set("Content-Type", "text/html"); fmt.Fprint(w, "<html>") }, kms.CodeBadAnswer, 3, "text/html"},
		"echo": {func(w http.ResponseWriter) {
			kmstest.RefuseProto(w, 400, "InvalidParameter", "bad "+kmstest.CanaryPlain)
		}, "InvalidParameter", 1, kms.Redacted},
	} {
		t.Run(name, func(t *testing.T) {
			g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { c.answer(w) })
			k := client(t, g, func(config *Config) { config.Retry.MaxAttempts = 3 })
			_, err := k.Encrypt(context.Background(), "key-1", []byte(kmstest.CanaryPlain), nil)
			e := kmstest.KMSError(t, err)
			if e.Code != c.code || e.Attempts != c.attempts || len(g.Seen()) != c.attempts || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%d requests: %+v\n%v", len(g.Seen()), e, err)
			}
			if kms.IsNotFound(err) != (c.code == "Forbidden.KeyNotFound") {
				t.Error("IsNotFound")
			}
		})
	}
}

// Raw drives all 15 operations with JSON; bytes are base64 in both directions.
func TestClientKeyRaw(t *testing.T) {
	g := kmstest.Serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		_, out := kmstest.ProtoMessages(r.Header.Get(dkms.HeaderAPIName))
		if v, ok := out.(*dkms.GenerateRandomResponse); ok {
			v.Random, v.RequestId = []byte{0, 1, 255}, "R"
		}
		w.Header().Set(dkms.HeaderMigrationKeyVersionID, kmstest.VersionID)
		kmstest.AnswerProto(w, 200, out)
	})
	c := client(t, g)
	values := map[kms.ParamType]any{kms.TypeString: "s", kms.TypeBytes: "aGVsbG8=", kms.TypeInt: 3, kms.TypeBool: true}
	for i, o := range c.Operations() {
		params := map[string]any{}
		for _, p := range o.Params {
			if params[p.Name] = values[p.Type]; p.Name == "KeyVersionId" {
				params[p.Name] = kmstest.VersionID
			}
		}
		answer, err := c.Raw(context.Background(), o.Name, params)
		if err != nil {
			t.Errorf("%s: %v", o.Name, err)
			continue
		}
		var fields map[string]any
		if err := json.Unmarshal(answer, &fields); err != nil || fields["RequestId"] == nil {
			t.Errorf("%s: %s %v", o.Name, answer, err)
		}
		in, _ := kmstest.ProtoMessages(o.Name)
		received(t, g.Seen()[i], in)
		if _, has := o.Param("KeyVersionId"); has && g.Seen()[i].Header.Get(dkms.HeaderMigrationKeyVersionID) != kmstest.VersionID {
			t.Errorf("%s: no migration header", o.Name)
		}
		if o.Name == "GenerateRandom" && fields["Random"] != "AAH/" {
			t.Errorf("%s", answer)
		}
		if o.Name == "Verify" && fields["Value"] != false {
			t.Errorf("%s", answer)
		}
	}
	if _, err := c.Raw(context.Background(), "ListKeys", nil); !kms.HasCode(err, kms.CodeUnsupported) {
		t.Error(err)
	}
	_, err := c.Raw(context.Background(), "Encrypt", map[string]any{"KeyId": "k", "Plaintext": kmstest.CanaryPlain + "!"})
	if !kms.HasCode(err, kms.CodeBadParameter) {
		t.Error(err)
	}
	kmstest.KMSError(t, err)
}

func TestClientKeyLoadErrors(t *testing.T) {
	key, err := testClientKeyFile(t, "Str0ng-password", time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	expired, err := testClientKeyFile(t, "Str0ng-password", time.Now().Add(-time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	good, old := write(t, dir, "good.json", key), write(t, dir, "old.json", expired)
	garbage := write(t, dir, "garbage.json", []byte("hello"))
	password := kms.NewSecret("Str0ng-password")
	for name, c := range map[string]struct {
		source Source
		want   string
	}{
		"nothing":          {Source{}, "set client_key"},
		"missing file":     {Source{File: dir + "/none", Password: password}, "does not exist"},
		"garbage":          {Source{File: garbage, Password: password}, "not a ClientKey"},
		"wrong password":   {Source{File: good, Password: kms.NewSecret("canary-wrong-password")}, "_Password.txt"},
		"no password":      {Source{File: good}, "password is empty"},
		"no password file": {Source{File: good, PasswordFile: dir + "/none"}, "reading the ClientKey's password"},
		"expired":          {Source{File: old, Password: password}, "expired on"},
	} {
		_, _, err := Load(c.source, time.Now())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		kmstest.Without(t, name, err.Error(), "canary-wrong-password", "Str0ng-password")
	}
	for _, end := range []string{"", "\n", "\r\n"} {
		loaded, notes, err := Load(Source{File: good, PasswordFile: write(t, dir, "pw", []byte("Str0ng-password"+end))}, time.Now())
		if err != nil || loaded.KeyID != "KAAP.file" || (len(notes) > 0) != (end != "") {
			t.Errorf("%q: %v %v", end, notes, err)
		}
	}
}
