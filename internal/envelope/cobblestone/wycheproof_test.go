package cobblestone

import (
	"bytes"
	"compress/zlib"
	"crypto/aes"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"slices"
	"testing"

	"github.com/c2sp/wycheproof"
)

type vectorFile struct {
	TestGroups []struct {
		AEAD  string `json:"aead"`
		Tests []vector
	}
}

type vector struct {
	TcID      int
	Comment   string
	Key, Ctx  hexBytes
	CT        hexBytes // zlib-compressed
	AEADKey   hexBytes
	BaseNonce hexBytes
	MsgLength int
	MsgSha512 hexBytes
	Result    string
	Flags     []string
}

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

func (v vector) is(flag string) bool { return slices.Contains(v.Flags, flag) }

// aes128 is Cobblestone-128, which kmsplan does not use: its vectors prove that
// nothing but the instance's parameters is particular to Cobblestone-256.
func aes128() Instance {
	return Instance{aead: "AEAD_AES_128_GCM", keySize: 16, hash: sha512.New, block: aes.NewCipher}
}

func TestWycheproof(t *testing.T) {
	for file, inst := range map[string]Instance{
		"c2sp_chunked_encryption_aes_256_gcm_test.json": AES256(),
		"c2sp_chunked_encryption_aes_128_gcm_test.json": aes128(),
	} {
		for _, v := range vectors(t, file, inst.aead) {
			ct := inflate(t, v.CT)
			checkDerivation(t, inst, v, ct)
			for _, way := range readings(inst, v, ct) {
				got, err := way.read()
				checkVector(t, v, way.name, got, err)
			}
			checkRandomAccess(t, inst, v, ct)
		}
	}
}

func vectors(t *testing.T, file, aead string) []vector {
	t.Helper()
	data, err := fs.ReadFile(wycheproof.TestVectors, file)
	if err != nil {
		t.Fatal(err)
	}
	var f vectorFile
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	var all []vector
	for _, g := range f.TestGroups {
		if g.AEAD != aead {
			t.Fatalf("%s: group for %s, want %s", file, g.AEAD, aead)
		}
		all = append(all, g.Tests...)
	}
	if len(all) != 35 {
		t.Fatalf("%s: %d vectors, want 35", file, len(all))
	}
	return all
}

func inflate(t *testing.T, p []byte) []byte {
	t.Helper()
	z, err := zlib.NewReader(bytes.NewReader(p))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// checkDerivation compares the base nonce; the AEAD key is checked by use.
func checkDerivation(t *testing.T, inst Instance, v vector, ct []byte) {
	t.Helper()
	c, err := inst.open(v.Key, v.Ctx, ct)
	if v.is("HeaderFailure") {
		if err == nil {
			t.Errorf("%s #%d (%s): header accepted", inst.aead, v.TcID, v.Comment)
		}
		return
	}
	if err != nil || !bytes.Equal(c.base[:], v.BaseNonce) {
		t.Errorf("%s #%d (%s): base nonce %x, %v; want %x", inst.aead, v.TcID, v.Comment, c.base, err, v.BaseNonce)
	}
}

type reading struct {
	name string
	read func() ([]byte, error)
}

// readings are all ways a message can be streamed.
func readings(inst Instance, v vector, ct []byte) []reading {
	open := func(workers int) (*Reader, error) {
		return NewReader(bytes.NewReader(ct), inst, v.Key, v.Ctx, workers)
	}
	via := func(name string, workers int, drain func(*Reader) ([]byte, error)) reading {
		return reading{inst.aead + " " + name, func() ([]byte, error) {
			r, err := open(workers)
			if err != nil {
				return nil, err
			}
			return drain(r)
		}}
	}
	return []reading{
		via("Read", 1, func(r *Reader) ([]byte, error) { return io.ReadAll(onlyReader{r}) }),
		via("WriteTo", 1, writeTo),
		via("WriteTo/3", 3, writeTo),
		via("Read then WriteTo/2", 2, func(r *Reader) ([]byte, error) {
			head := make([]byte, 5)
			n, err := io.ReadFull(r, head)
			if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
				return head[:n], err
			}
			tail, err := writeTo(r)
			return append(head[:n], tail...), err
		}),
	}
}

type onlyReader struct{ io.Reader }

func writeTo(r *Reader) ([]byte, error) {
	var b bytes.Buffer
	_, err := r.WriteTo(&b)
	return b.Bytes(), err
}

func checkVector(t *testing.T, v vector, way string, got []byte, err error) {
	t.Helper()
	if valid := v.Result == "valid"; valid != (err == nil) {
		t.Errorf("%s #%d (%s): %v, want %s", way, v.TcID, v.Comment, err, v.Result)
	}
	if v.Result == "invalid" && !v.is("PartialPlaintext") {
		if len(got) != 0 {
			t.Errorf("%s #%d (%s): released %d bytes", way, v.TcID, v.Comment, len(got))
		}
		return
	}
	if sum := sha512.Sum512(got); len(got) != v.MsgLength || !bytes.Equal(sum[:], v.MsgSha512) {
		t.Errorf("%s #%d (%s): wrong plaintext of %d bytes, want %d", way, v.TcID, v.Comment, len(got), v.MsgLength)
	}
}

func checkRandomAccess(t *testing.T, inst Instance, v vector, ct []byte) {
	t.Helper()
	r, err := NewReaderAt(bytes.NewReader(ct), int64(len(ct)), inst, v.Key, v.Ctx)
	if opens := v.Result == "valid" || v.is("ValidFinalChunk"); opens != (err == nil) {
		t.Errorf("%s ReaderAt #%d (%s): %v", inst.aead, v.TcID, v.Comment, err)
	}
	if err != nil {
		return
	}
	got, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	if valid := v.Result == "valid"; valid != (err == nil) {
		t.Errorf("%s ReaderAt #%d (%s): %v, want %s", inst.aead, v.TcID, v.Comment, err, v.Result)
	}
	if v.Result == "valid" {
		checkVector(t, v, inst.aead+" ReaderAt", got, err)
	}
}
