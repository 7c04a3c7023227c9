package ops

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// documentsOfAllKinds are sealed documents by what is special about them.
func documentsOfAllKinds(t *testing.T, r *rig, seal Seal) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for format, text := range map[string]string{
		"yaml": "a: s3cret\n", "json": `{"a": "s3cret"}`, "jsonc": "{\"a\": \"s3cret\"} // end", "toml": "a = \"s3cret\"\n",
		"dotenv": "A=s3cret\n", "ini": "[s]\na = s3cret\n", "hcl": "a = \"s3cret\"\n",
	} {
		s := seal
		s.Values = &Values{Format: format}
		var doc bytes.Buffer
		r.must(second(r.engine().EncryptStream(t.Context(), &doc, strings.NewReader(text), envelope.UnknownSize, format, s, nil)))
		out[format] = doc.Bytes()
	}
	out["CRLF"] = bytes.ReplaceAll(out["yaml"], []byte("\n"), []byte("\r\n"))
	out["BOM"] = append([]byte(byteOrderMark), out["ini"]...)
	out["of another version"] = bytes.Replace(out["yaml"], []byte("document/v1"), []byte("document/v9"), 1)
	out["long"] = append(bytes.Repeat([]byte("# nothing\n"), 200000), out["yaml"]...)
	out["as long as its tail"] = append(bytes.Repeat([]byte("#"), documentTail-len(out["yaml"])-1), append([]byte("\n"), out["yaml"]...)...)
	return out
}

// TestNoStreamIsEncryptedTwice: a document's header stands at its end, where a stream shows it last. Issue 10's trees sealed
// one again on standard input, and ended with 0.
func TestNoStreamIsEncryptedTwice(t *testing.T) {
	r := newRig(t)
	seal := Seal{Key: r.aesKey()}
	all := documentsOfAllKinds(t, r, seal)
	all["age with a BOM"] = []byte(byteOrderMark + "-----BEGIN AGE ENCRYPTED FILE-----\n")
	for name, doc := range all {
		for how, read := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "halves": iotest.HalfReader, "end with data": iotest.DataErrReader,
		} {
			var out bytes.Buffer
			err := second(r.engine().EncryptStream(t.Context(), &out, read(bytes.NewReader(doc)), envelope.UnknownSize, "-", seal, nil))
			if !errors.Is(err, ErrEncrypted) {
				t.Errorf("%s, %s: %v", name, how, err)
			}
			if len(doc) <= documentTail && out.Len() > 0 {
				t.Errorf("%s, %s: %d bytes were given out", name, how, out.Len())
			}
			r.write("out.enc", out.Bytes(), 0o600)
			if _, err := r.engine().Verify(t.Context(), r.path("out.enc"), Unseal{}, nil); err == nil {
				t.Errorf("%s, %s: what was given out opens", name, how)
			}
		}
		again := seal
		again.Again = true
		r.roundTripStream(again, doc)
	}
	for _, n := range []int{0, 1, documentTail - 1, documentTail, documentTail + 1, 3 * documentTail, 5*documentTail + 7} {
		r.roundTripStream(seal, pattern(n, 3))
	}
	middle := append(append([]byte{}, all["yaml"]...), pattern(2*documentTail, 1)...)
	r.roundTripStream(seal, middle)
}

// roundTripStream encrypts a stream of unknown length, and demands its content back.
func (r *rig) roundTripStream(s Seal, content []byte) {
	r.t.Helper()
	var out bytes.Buffer
	r.must(second(r.engine().EncryptStream(r.t.Context(), &out, bytes.NewReader(content), envelope.UnknownSize, "-", s, nil)))
	r.write("stream.enc", out.Bytes(), 0o600)
	r.opens(r.path("stream.enc"), content)
}
