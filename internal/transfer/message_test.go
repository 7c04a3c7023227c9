package transfer

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/wire/sdkmessage/sdkmessagetest"
)

const plainOfMessage = "what the message holds"

// message is what a client of the vendor encrypts under the shared key.
func (r *rig) message(algorithm, size int, stream bool, bound map[string]string) sdkmessagetest.Message {
	r.t.Helper()
	params := map[string]any{"KeyId": r.old, "NumberOfBytes": size}
	withContext(params, "EncryptionContext", bound)
	blob := r.answer("GenerateDataKey", kms.GatewayPublic, params, "CiphertextBlob")
	return sdkmessagetest.Message{
		Stream: stream, Algorithm: algorithm, Key: r.opens(blob, bound), Context: bound, Plain: []byte(plainOfMessage),
		Keys: []sdkmessagetest.DataKey{{ID: r.arn(r.old), Blob: blob}},
	}
}

func (r *rig) arn(key string) string {
	ready := r.server.Ready()
	return fmt.Sprintf("acs:kms:%s:%s:key/%s", ready.Region, ready.AccountID, key)
}

// reads demands that a message opens as its client opens it, under the new key, and holds what it held.
func (r *rig) reads(data []byte, bound map[string]string, keys int) {
	r.t.Helper()
	m, err := sdkmessagetest.Read(data, make([]byte, 16))
	if err == nil || len(m.Keys) != keys {
		r.t.Fatalf("%d data keys: %v", len(m.Keys), err)
	}
	for _, k := range m.Keys {
		if k.ID != r.arn(r.fresh) {
			continue
		}
		got, err := sdkmessagetest.Read(data, r.opens(k.Blob, bound))
		if err != nil || string(got.Plain) != plainOfMessage {
			r.t.Fatalf("%q, %v", got.Plain, err)
		}
		return
	}
	r.t.Fatalf("no data key under the new key: %+v", m.Keys)
}

func TestMessagesOfTheVendorsClientsMove(t *testing.T) {
	r := newRig(t)
	bound := map[string]string{"tenant": "a"}
	std := base64.StdEncoding
	for name, c := range map[string]struct {
		algorithm, size int
		stream          bool
		bound           map[string]string
		before, after   string // of the text around it; "" = the file is the message
		encode          func([]byte) string
		decode          func(string) ([]byte, error)
	}{
		"a file":             {algorithm: 2, size: 32},
		"a file's context":   {algorithm: 2, size: 32, bound: bound},
		"a stream":           {algorithm: 1, size: 16, stream: true, bound: bound},
		"a body without tag": {algorithm: 6, size: 32, bound: bound},
		"SM4":                {algorithm: 9, size: 16},
		"a column":           {2, 32, false, bound, "id,card\n1,", "\n2,\n", std.EncodeToString, std.DecodeString},
		"a stream's column":  {2, 32, true, bound, "card: ", " # x", std.EncodeToString, std.DecodeString},
		"unpadded": {2, 32, false, nil, `{"card":"`, `"}`, base64.RawStdEncoding.EncodeToString, func(s string) ([]byte, error) {
			return base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "=")) // 3n bytes do not tell whether others are padded
		}},
		"slashes": {2, 32, false, nil, `{"card":"`, `"}`, func(b []byte) string { return strings.ReplaceAll(std.EncodeToString(b), "/", `\/`) }, func(s string) ([]byte, error) {
			return std.DecodeString(strings.ReplaceAll(s, `\/`, "/"))
		}},
		"the alphabet of URLs": {2, 32, false, nil, "A=", "\n", base64.URLEncoding.EncodeToString, base64.URLEncoding.DecodeString},
	} {
		if c.encode == nil {
			c.encode = func(b []byte) string { return string(b) }
			c.decode = func(s string) ([]byte, error) { return []byte(s), nil }
		}
		m := r.message(c.algorithm, c.size, c.stream, c.bound)
		path := r.write("f", []byte(c.before+c.encode(m.Write())+c.after))
		j := r.job()
		r.only(j.File(t.Context(), path, Verify), StatusLeft, 1)
		items := j.File(t.Context(), path, Run)
		r.only(items, StatusMoved, 1)
		if items[0].Form != FormMessage || items[0].NewVersion == "" || items[0].Key != r.old || (items[0].Digest == "") != (c.bound == nil) {
			t.Errorf("%s: %+v", name, items[0])
		}
		text := string(r.read(path))
		inner, ok := strings.CutPrefix(text, c.before)
		inner, ends := strings.CutSuffix(inner, c.after)
		data, err := c.decode(inner)
		if !ok || !ends || err != nil {
			t.Fatalf("%s: what stands beside it is another: %v", name, err)
		}
		r.reads(data, c.bound, 1)
		r.only(j.File(t.Context(), path, Verify), StatusGood, 1)
		r.only(j.File(t.Context(), path, Run), StatusMoved, 0)
	}
}

// Data keys under other keys stay; where the new key has one already, the old one goes and nothing is encrypted.
func TestAMessageWithSeveralDataKeys(t *testing.T) {
	r := newRig(t)
	m := r.message(2, 32, false, nil)
	elsewhere := sdkmessagetest.DataKey{ID: "acs:kms:cn-elsewhere:1:key/other", Blob: append([]byte("11111111-2222-3333-4444-555555555555"), make([]byte, 60)...)}
	m.Keys = append(m.Keys, elsewhere)
	path := r.write("f", m.Write())
	r.only(r.job().File(t.Context(), path, Run), StatusMoved, 1)
	moved := r.read(path)
	r.reads(moved, nil, 2)
	if !bytes.Contains(moved, elsewhere.Blob) {
		t.Error("the data key under another key went")
	}
	params := map[string]any{"KeyId": r.fresh, "Plaintext": base64.StdEncoding.EncodeToString(m.Key)}
	m.Keys = append(m.Keys, sdkmessagetest.DataKey{ID: r.arn(r.fresh), Blob: r.answer("Encrypt", kms.GatewayPublic, params, "CiphertextBlob")})
	path = r.write("g", m.Write())
	j := r.job()
	r.only(j.File(t.Context(), path, Run), StatusMoved, 1)
	r.reads(r.read(path), nil, 2)
	if !bytes.Contains(r.read(path), m.Keys[2].Blob) {
		t.Error("the new key's data key was exchanged")
	}
}

// A header is sealed anew only if its data key sealed it before: here somebody gave it another reader.
func TestAForgedHeaderIsNotSealedAnew(t *testing.T) {
	r := newRig(t)
	m := r.message(2, 32, false, nil)
	m.Keys = append(m.Keys, sdkmessagetest.DataKey{ID: "acs:kms:cn-x:1:key/aa", Blob: []byte("blob")})
	data := bytes.Replace(m.Write(), []byte("key/aa"), []byte("key/zz"), 1)
	path := r.write("f", data)
	items := r.job().File(t.Context(), path, Run)
	r.only(items, StatusFailed, 1)
	if !strings.Contains(items[0].Error, "header is not the one") || !bytes.Equal(r.read(path), data) {
		t.Errorf("%+v", items[0])
	}
}

// What only looks like a message is left to the search for ciphertexts.
func TestWhatLooksLikeAMessage(t *testing.T) {
	r := newRig(t)
	blob := base64.StdEncoding.EncodeToString(r.sealed("one", nil))
	content := "-----BEGIN X-----\nMIIBCgKCAQEA" + strings.Repeat("AAAA", 60) + "\n-----END X-----\nMI\nMII=\nAAAAAQAAAA\na: " + blob + "\n"
	path := r.write("f", []byte(content))
	items := r.job().File(t.Context(), path, Run)
	r.only(items, StatusMoved, 1)
	if items[0].Form != FormBase64 || items[0].Line != 7 {
		t.Errorf("%+v", items[0])
	}
}
