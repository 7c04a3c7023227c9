package document

import (
	"bytes"
	"strings"
	"testing"
)

func committed(t *testing.T, doc []byte) [32]byte {
	t.Helper()
	c, err := Commitment(doc)
	if err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	return c
}

// TestCommitment: in every format a rewrap keeps it, and a change of anything else does not.
func TestCommitment(t *testing.T) {
	for _, c := range tamperCases {
		r := newRig(t, c.format)
		r.options.Rules = Rules{Only: []string{"(?i)^password$", "(?i)^list"}}
		doc := r.seal(c.source)
		want := committed(t, doc)
		d, err := r.open(doc)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			later, h, err := d.Rewrap(append(newRig(t, c.format).options.Stanzas, r.options.Stanzas...))
			if err != nil || h.Generation == d.Header.Generation {
				t.Fatal(err)
			}
			if bytes.Equal(later, doc) || committed(t, later) != want {
				t.Errorf("%s: a rewrap changed it", c.format)
			}
			if d, err = r.open(later); err != nil {
				t.Fatal(err)
			}
		}
		if crlf := bytes.ReplaceAll(doc, []byte("\n"), []byte("\r\n")); committed(t, crlf) != want {
			t.Errorf("%s: other line endings changed it", c.format)
		}
		if committed(t, r.seal(c.source)) == want {
			t.Errorf("%s: another document of the same plaintext has it", c.format)
		}
		sealed := sealedIn(t, r.options.Format, string(doc))
		for _, a := range append(c.attacks, tamperedAnywhere...) {
			if strings.HasPrefix(a.name, "generation/") {
				continue
			}
			changed := strings.Replace(string(doc), sealed.Replace(a.from), sealed.Replace(a.to), 1)
			if got, err := Commitment([]byte(changed)); err == nil && got == want {
				t.Errorf("%s/%s kept it:\n%s", c.format, a.name, changed)
			}
		}
	}
}

// An edit back and forth is a change: a value that comes back has another ciphertext.
func TestCommitmentOfAnEditBackAndForth(t *testing.T) {
	r := newRig(t, "yaml")
	doc := r.seal("a: one\n")
	d, err := r.open(doc)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"a: two\n", "a: one\n"} {
		later, _, err := d.Update([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if committed(t, later) == committed(t, doc) {
			t.Errorf("%q has the commitment of the first", text)
		}
		if d, err = r.open(later); err != nil {
			t.Fatal(err)
		}
	}
}
