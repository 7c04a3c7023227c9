package kms

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

const versionID = "3de371e8-682c-55a8-2e34-7be2e84acf85"

// answerProto writes a protobuf answer of the instance gateway.
func answerProto(w http.ResponseWriter, status int, m proto.Message) {
	body, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", dkms.ContentType)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func refuseProto(w http.ResponseWriter, status int, code, message string) {
	answerProto(w, status, &dkms.Error{StatusCode: int32(status), ErrorCode: code, ErrorMessage: message, RequestId: "REQ-2"})
}

// received decodes a request and checks its headers and signature.
func received(t *testing.T, r request, into proto.Message) {
	t.Helper()
	key := testClientKey(t)
	if err := dkms.Verify(&key.Key.PublicKey, r.method, r.header); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{
		dkms.HeaderContentSHA256: dkms.HashBody(r.body), dkms.HeaderContentType: dkms.ContentType, "Accept": dkms.ContentType,
		dkms.HeaderAPIVersion: dkms.APIVersion, dkms.HeaderAccessKeyID: "KAAP.test", dkms.HeaderSignatureMethod: dkms.SignatureMethod,
	} {
		if got := r.header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if !strings.HasPrefix(r.header.Get("Authorization"), "Bearer ") || r.uri != "/" || r.method != http.MethodPost {
		t.Errorf("%s %s", r.method, r.uri)
	}
	if err := proto.Unmarshal(r.body, into); err != nil {
		t.Error(err)
	}
}

func TestClientKeyWrapsWithAdvanceOperations(t *testing.T) {
	stored := versionID + strings.Repeat("x", 12+32+16)
	g := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		switch r.Header.Get(dkms.HeaderAPIName) {
		case "AdvanceEncrypt":
			answerProto(w, 200, &dkms.AdvanceEncryptResponse{KeyId: "key-1", KeyVersionId: versionID, CiphertextBlob: []byte("$\x00\x02" + stored)})
		case "AdvanceGenerateDataKey":
			answerProto(w, 200, &dkms.AdvanceGenerateDataKeyResponse{KeyId: "key-1", KeyVersionId: versionID,
				Plaintext: []byte(strings.Repeat("k", 32)), CiphertextBlob: []byte("$\x00\x02" + stored)})
		case "AdvanceDecrypt":
			answerProto(w, 200, &dkms.AdvanceDecryptResponse{KeyId: "key-1", KeyVersionId: versionID, Plaintext: []byte(strings.Repeat("k", 32))})
		default:
			refuseProto(w, 400, "InvalidApiName", "no")
		}
	})
	c := g.clientKey(t)
	ctx, encryptionContext := context.Background(), map[string]string{"this": "is", "encryption": "context"}

	w, err := c.Encrypt(ctx, "acs:kms:cn-hangzhou:1:key/key-1", []byte("hello"), encryptionContext)
	if err != nil || string(w.Blob) != stored || w.KeyVersionID != versionID || w.Protocol != ProtocolAdvance || w.Size != 5 || w.Algorithm != "" {
		t.Fatalf("%+v %v", w, err)
	}
	var encrypt dkms.AdvanceEncryptRequest
	received(t, g.seen()[0], &encrypt)
	if encrypt.KeyId != "key-1" || string(encrypt.Plaintext) != "hello" || len(encrypt.Aad) != 32 {
		t.Errorf("%v", &encrypt)
	}
	k, err := c.GenerateDataKey(ctx, "key-1", 32, encryptionContext)
	if err != nil || k.Plaintext.Len() != 32 || string(k.Blob) != stored || k.Wrapped().Size != 32 {
		t.Fatalf("%+v %v", k, err)
	}
	plaintext, version, err := c.Decrypt(ctx, k.Wrapped(), encryptionContext)
	if err != nil || string(plaintext) != strings.Repeat("k", 32) || version != versionID {
		t.Fatal(version, err)
	}
	var decrypt dkms.AdvanceDecryptRequest
	received(t, g.seen()[2], &decrypt)
	if string(decrypt.CiphertextBlob) != "$\x00\x02"+stored || decrypt.KeyId != "" {
		t.Errorf("%v", &decrypt)
	}
}

// Ciphertext of the plain operations is opened with its key, algorithm and IV.
func TestClientKeyOpensLooseCiphertext(t *testing.T) {
	g := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		answerProto(w, 200, &dkms.AdvanceDecryptResponse{KeyId: "key-1", Plaintext: []byte("hello")})
	})
	loose := Wrapped{KeyID: "key-1", Blob: []byte("ciphertext"), Algorithm: "AES_GCM", IV: []byte("0123456789ab"), Protocol: ProtocolPlain}
	plaintext, _, err := g.clientKey(t).Decrypt(context.Background(), loose, nil)
	if err != nil || string(plaintext) != "hello" {
		t.Fatal(err)
	}
	var in dkms.AdvanceDecryptRequest
	received(t, g.seen()[0], &in)
	if in.KeyId != "key-1" || in.Algorithm != "AES_GCM" || string(in.Iv) != "0123456789ab" || string(in.CiphertextBlob) != "ciphertext" || in.Aad != nil {
		t.Errorf("%v", &in)
	}
}

func TestClientKeyRefusesDamagedBlobBeforeSending(t *testing.T) {
	g := serve(t, nil)
	_, _, err := g.clientKey(t).Decrypt(context.Background(), Wrapped{KeyID: "key-1", Blob: []byte("short")}, nil)
	if !HasCode(err, CodeBadCiphertext) || IsAmbiguous(err) || len(g.seen()) != 0 {
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
		"unknown key": {func(w http.ResponseWriter) { refuseProto(w, 404, "Forbidden.KeyNotFound", "no such key") }, "Forbidden.KeyNotFound", 1, "region"},
		"unknown caller": {func(w http.ResponseWriter) {
			refuseProto(w, 404, "Unauthorized", `The AccessKey ID "x" does not exist in our records.`)
		}, "Unauthorized", 1, "another instance"},
		"signature":    {func(w http.ResponseWriter) { refuseProto(w, 401, "SignatureNotMatch", "Signature is not matched.") }, "SignatureNotMatch", 1, "download the ClientKey"},
		"skew":         {func(w http.ResponseWriter) { refuseProto(w, 400, "RequestTimeTooSkewed", "too far") }, "RequestTimeTooSkewed", 1, "clock"},
		"throttled":    {func(w http.ResponseWriter) { refuseProto(w, 429, "Rejected.Throttling", "QPS Limit Exceeded") }, "Rejected.Throttling", 6, "quota"},
		"busy":         {func(w http.ResponseWriter) { refuseProto(w, 503, "ServiceUnavailableTemporary", "busy") }, "ServiceUnavailableTemporary", 3, ""},
		"too large":    {func(w http.ResponseWriter) { w.WriteHeader(413); fmt.Fprint(w, "None") }, "RequestEntityTooLarge", 1, "3 MiB"},
		"proxy's page": {func(w http.ResponseWriter) { w.Header().Set("Content-Type", "text/html"); fmt.Fprint(w, "<html>") }, CodeBadAnswer, 3, "text/html"},
		"echo":         {func(w http.ResponseWriter) { refuseProto(w, 400, "InvalidParameter", "bad "+canaryPlain) }, "InvalidParameter", 1, Redacted},
	} {
		t.Run(name, func(t *testing.T) {
			g := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { c.answer(w) })
			k := g.clientKey(t, func(config *ClientKeyConfig) { config.Retry.MaxAttempts = 3 })
			_, err := k.Encrypt(context.Background(), "key-1", []byte(canaryPlain), nil)
			e := kmsError(t, err)
			if e.Code != c.code || e.Attempts != c.attempts || len(g.seen()) != c.attempts || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%d requests: %+v\n%v", len(g.seen()), e, err)
			}
			if IsNotFound(err) != (c.code == "Forbidden.KeyNotFound") {
				t.Error("IsNotFound")
			}
		})
	}
}

// Raw drives all 15 operations with JSON; bytes are base64 in both directions.
func TestClientKeyRaw(t *testing.T) {
	g := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		_, out := messages(r.Header.Get(dkms.HeaderAPIName))
		if v, ok := out.(*dkms.GenerateRandomResponse); ok {
			v.Random, v.RequestId = []byte{0, 1, 255}, "R"
		}
		w.Header().Set(dkms.HeaderMigrationKeyVersionID, versionID)
		answerProto(w, 200, out)
	})
	c := g.clientKey(t)
	values := map[ParamType]any{TypeString: "s", TypeBytes: "aGVsbG8=", TypeInt: 3, TypeBool: true}
	for i, o := range c.Operations() {
		params := map[string]any{}
		for _, p := range o.Params {
			if params[p.Name] = values[p.Type]; p.Name == "KeyVersionId" {
				params[p.Name] = versionID
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
		in, _ := messages(o.Name)
		received(t, g.seen()[i], in)
		if _, has := o.Param("KeyVersionId"); has && g.seen()[i].header.Get(dkms.HeaderMigrationKeyVersionID) != versionID {
			t.Errorf("%s: no migration header", o.Name)
		}
		if o.Name == "GenerateRandom" && fields["Random"] != "AAH/" {
			t.Errorf("%s", answer)
		}
		if o.Name == "Verify" && fields["Value"] != false {
			t.Errorf("%s", answer)
		}
	}
	if _, err := c.Raw(context.Background(), "ListKeys", nil); !HasCode(err, CodeUnsupported) {
		t.Error(err)
	}
	_, err := c.Raw(context.Background(), "Encrypt", map[string]any{"KeyId": "k", "Plaintext": canaryPlain + "!"})
	if !HasCode(err, CodeBadParameter) {
		t.Error(err)
	}
	kmsError(t, err)
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
	password := NewSecret("Str0ng-password")
	for name, c := range map[string]struct {
		source ClientKeySource
		want   string
	}{
		"nothing":          {ClientKeySource{}, "set client_key"},
		"missing file":     {ClientKeySource{File: dir + "/none", Password: password}, "does not exist"},
		"garbage":          {ClientKeySource{File: garbage, Password: password}, "not a ClientKey"},
		"wrong password":   {ClientKeySource{File: good, Password: NewSecret("canary-wrong-password")}, "_Password.txt"},
		"no password":      {ClientKeySource{File: good}, "password is empty"},
		"no password file": {ClientKeySource{File: good, PasswordFile: dir + "/none"}, "reading the ClientKey's password"},
		"expired":          {ClientKeySource{File: old, Password: password}, "expired on"},
	} {
		_, _, err := LoadClientKey(c.source, time.Now())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		without(t, name, err.Error(), "canary-wrong-password", "Str0ng-password")
	}
	for _, end := range []string{"", "\n", "\r\n"} {
		loaded, notes, err := LoadClientKey(ClientKeySource{File: good, PasswordFile: write(t, dir, "pw", []byte("Str0ng-password"+end))}, time.Now())
		if err != nil || loaded.KeyID != "KAAP.file" || (len(notes) > 0) != (end != "") {
			t.Errorf("%q: %v %v", end, notes, err)
		}
	}
}
