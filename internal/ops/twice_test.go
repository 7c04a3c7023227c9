package ops

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// TestNothingIsEncryptedTwice unless it is insisted on: neither an envelope, nor one that was changed as if it were text,
// nor an age file; no data key is made for it, and the old output stays. Case S17.
func TestNothingIsEncryptedTwice(t *testing.T) {
	r := newRig(t)
	seal := Seal{Key: r.aesKey()}
	r.encrypted(r.engine(), "small", []byte("plain"), seal)
	r.encrypted(r.engine(), "large", pattern(envelope.CompactLimit, 1), seal)
	sealed, slotted := r.read("small.enc"), r.read("large.enc")
	var binary, text bytes.Buffer
	armored := armor.NewWriter(&text)
	for _, to := range []struct {
		w     io.Writer
		close func() error
	}{{&binary, func() error { return nil }}, {armored, armored.Close}} {
		w, err := age.Encrypt(to.w, ageIdentity(t).Recipient())
		r.must(err)
		_, err = w.Write([]byte("plain"))
		r.must(errors.Join(err, w.Close(), to.close()))
	}
	for name, tt := range map[string]struct {
		content []byte
		what    string // "" = not encrypted
	}{
		"compact":       {sealed, "an envelope"},
		"slotted":       {slotted, "an envelope"},
		"newer":         {bytes.Replace(sealed, []byte("envelope/v1"), []byte("envelope/v9"), 1), "an envelope"},
		"CRLF":          {bytes.ReplaceAll(sealed, []byte("\n"), []byte("\r\n")), "an envelope"},
		"age":           {binary.Bytes(), "an age file"},
		"armored age":   {text.Bytes(), "an age file"},
		"empty":         {nil, ""},
		"one byte":      {[]byte("k"), ""},
		"about one":     {[]byte("see kmsplan.dev/envelope/v1\n"), ""},
		"its beginning": {[]byte("kmsplan.dev/"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			r.write("in", tt.content, 0o600)
			r.write("out", []byte("old"), 0o600)
			made := r.calls("AdvanceGenerateDataKey")
			err := second(r.engine().EncryptFile(t.Context(), r.path("in"), r.path("out"), seal, nil))
			var stream bytes.Buffer
			streamErr := second(r.engine().EncryptStream(t.Context(), &stream, bytes.NewReader(tt.content), int64(len(tt.content)), "-", seal, nil))
			if tt.what == "" {
				r.must(errors.Join(err, streamErr))
				r.opens(r.path("out"), tt.content)
				return
			}
			wants(t, err, "it is "+tt.what+", and would be encrypted twice")
			if !errors.Is(err, ErrEncrypted) || !errors.Is(streamErr, ErrEncrypted) || stream.Len() > 0 || string(r.read("out")) != "old" {
				t.Errorf("errors %v and %v, %d bytes in the stream", err, streamErr, stream.Len())
			}
			if n := r.calls("AdvanceGenerateDataKey") - made; n > 0 {
				t.Errorf("%d data keys were made", n)
			}
			again := seal
			again.Again = true
			r.must(second(r.engine().EncryptFile(t.Context(), r.path("in"), r.path("out"), again, nil)))
			r.opens(r.path("out"), tt.content)
		})
	}
}
