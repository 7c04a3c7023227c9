package cobblestone

import (
	"bytes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"testing"
	"testing/cryptotest"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
)

var update = flag.Bool("update", false, "write the SM profile's vectors anew")

// smVector has Wycheproof's fields; the ciphertext is not compressed.
type smVector struct {
	TcID      int    `json:"tcId"`
	Comment   string `json:"comment"`
	Key       string `json:"key"`
	Ctx       string `json:"ctx"`
	CT        string `json:"ct"`
	AEADKey   string `json:"aeadKey"`
	BaseNonce string `json:"baseNonce"`
	MsgLength int    `json:"msgLength"`
	MsgSHA512 string `json:"msgSha512"`
	Result    string `json:"result"`
}

const smFile = "testdata/sm4_gcm_sm3.json"

// TestSMVectors: the SM profile's published vectors are what the Writer makes,
// and a derivation and a GCM of other hands agree with them.
func TestSMVectors(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 2)
	made := makeSMVectors(t)
	if *update {
		data, err := json.MarshalIndent(made, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(smFile, append(data, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(smFile)
	if err != nil {
		t.Fatal(err)
	}
	var published []smVector
	if err := json.Unmarshal(data, &published); err != nil || len(published) != len(made) {
		t.Fatalf("%d vectors, want %d, %v", len(published), len(made), err)
	}
	for i, v := range published {
		if v != made[i] {
			t.Errorf("#%d (%s): made anew it differs", v.TcID, v.Comment)
		}
		ct, key, ctx := unhex(t, v.CT), unhex(t, v.Key), unhex(t, v.Ctx)
		checkVector(t, vector{TcID: v.TcID, Comment: v.Comment, Result: "valid", MsgLength: v.MsgLength, MsgSha512: unhex(t, v.MsgSHA512)}, "SM", openBySteps(t, v, ct, key, ctx), nil)
		r, err := NewReader(bytes.NewReader(ct), SM4(), key, ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		got, err := writeTo(r)
		checkVector(t, vector{TcID: v.TcID, Comment: v.Comment, Result: "valid", MsgLength: v.MsgLength, MsgSha512: unhex(t, v.MsgSHA512)}, "SM", got, err)
	}
}

func makeSMVectors(t *testing.T) []smVector {
	key := []byte("YELLOW SUBMARINE")
	var all []smVector
	for i, c := range []struct {
		comment, ctx string
		n            int
	}{
		{"empty message", "", 0},
		{"short message", "", 7},
		{"short message with context containing a null byte", "test\x00context", 7},
		{"full chunk and empty final chunk", "", ChunkSize},
		{"full chunk and short final chunk", "test context", ChunkSize + 1},
	} {
		msg := make([]byte, c.n)
		for j := range msg {
			msg[j] = byte(j % 251)
		}
		var ct bytes.Buffer
		w, err := NewWriter(&ct, SM4(), key, []byte(c.ctx), 1)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(msg)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		okm := expandSM3(key, SM4().aead, ct.Bytes()[:SaltSize], []byte(c.ctx))
		sum := sha512.Sum512(msg)
		all = append(all, smVector{TcID: i + 1, Comment: c.comment, Key: hex.EncodeToString(key), Ctx: hex.EncodeToString([]byte(c.ctx)),
			CT: hex.EncodeToString(ct.Bytes()), AEADKey: hex.EncodeToString(okm[:16]), BaseNonce: hex.EncodeToString(okm[16:28]),
			MsgLength: c.n, MsgSHA512: hex.EncodeToString(sum[:]), Result: "valid"})
	}
	return all
}

// expandSM3 is HKDF-Expand (RFC 5869, 2.3) over SM3: T(1) || T(2).
func expandSM3(key []byte, aead string, salt, ctx []byte) []byte {
	info := append(append([]byte("c2sp.org/chunked-encryption@v1+"+aead+"\x00"), salt...), ctx...)
	var out, last []byte
	for i := byte(1); i <= 2; i++ {
		m := hmac.New(sm3.New, key)
		m.Write(last)
		m.Write(info)
		m.Write([]byte{i})
		last = m.Sum(nil)
		out = append(out, last...)
	}
	return out
}

// block hides SM4's own GCM, so that the standard library's generic one runs.
type block struct{ cipher.Block }

func openBySteps(t *testing.T, v smVector, ct, key, ctx []byte) []byte {
	t.Helper()
	okm := expandSM3(key, "AEAD_SM4_GCM", ct[:24], ctx)
	if !bytes.Equal(okm[28:60], ct[24:56]) || hex.EncodeToString(okm[:16]) != v.AEADKey {
		t.Fatalf("#%d: the derivation differs", v.TcID)
	}
	c, err := sm4.NewCipher(okm[:16])
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block{c})
	if err != nil {
		t.Fatal(err)
	}
	var msg []byte
	for i, rest := byte(0), ct[56:]; len(rest) > 0; i++ {
		nonce := bytes.Clone(okm[16:28])
		nonce[11] ^= i
		n := min(len(rest), 16400)
		if msg, err = aead.Open(msg, nonce, rest[:n], nil); err != nil {
			t.Fatalf("#%d, chunk %d: %v", v.TcID, i, err)
		}
		rest = rest[n:]
	}
	return msg
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	p, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
