package document

import (
	"bytes"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// A value that did not change keeps its ciphertext, wherever in its list it stands now.
func TestUnchangedValuesKeepTheirCiphertext(t *testing.T) {
	r := newRig(t, "json")
	src := "{\n \"a\": \"1\",\n \"b\": [\n  \"x\",\n  \"x\",\n  \"y\"\n ],\n \"c\": 3\n}\n"
	doc := r.seal(src)
	d, err := r.open(doc)
	if err != nil {
		t.Fatal(err)
	}
	if same, _, err := d.Update([]byte(src)); err != nil || !bytes.Equal(same, doc) {
		t.Errorf("nothing changed, and the document did: %v", err)
	}
	now := strings.Replace(src, `"x",`, "\"new\",\n  \"x\",", 1)
	later, h, err := d.Update([]byte(now))
	if err != nil {
		t.Fatal(err)
	}
	if h.Generation != 2 || h.ID != d.Header.ID {
		t.Errorf("generation %d, id %x", h.Generation, h.ID)
	}
	var fresh []string
	for line := range strings.Lines(string(later)) {
		if !strings.Contains(string(doc), line) {
			fresh = append(fresh, strings.TrimSpace(line))
		}
	}
	if len(fresh) != 3 { // the new value, the generation, the MAC
		t.Errorf("%d lines differ:\n%s", len(fresh), strings.Join(fresh, "\n"))
	}
	if d, err = r.open(later); err != nil || string(d.Plain) != now {
		t.Errorf("%v", err)
	}
}

func TestRewrapExchangesTheHeaderOnly(t *testing.T) {
	r := newRig(t, "jsonc")
	doc := r.seal("{\"a\": 1} // end")
	d, err := r.open(doc)
	if err != nil {
		t.Fatal(err)
	}
	other := newRig(t, "jsonc")
	stanzas := append([]*envelope.Stanza{}, other.options.Stanzas...)
	later, h, err := d.Rewrap(stanzas)
	if err != nil || h.Generation != 2 {
		t.Fatal(err)
	}
	if before, _, _ := strings.Cut(string(doc), "\n"); !strings.HasPrefix(string(later), before+"\n") {
		t.Errorf("a value changed:\n%s\n%s", doc, later)
	}
	if d, err := other.open(later); err != nil || string(d.Plain) != "{\"a\": 1} // end" {
		t.Errorf("%v", err)
	}
	if _, err := r.open(later); err == nil {
		t.Error("the recipient that was taken away opens it")
	}
}
