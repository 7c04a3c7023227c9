package view

import (
	"encoding/base64"
	"maps"
	"slices"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// Envelope is what an envelope says of itself.
type Envelope struct {
	Path       string            `json:"path"`
	Format     string            `json:"format"`
	Suite      string            `json:"suite"`
	Generation uint64            `json:"generation"`
	Context    map[string]string `json:"context"`
	Recipients []Recipient       `json:"recipients"`
	Commitment string            `json:"commitment"` // base64
	Slotted    bool              `json:"slotted"`
	FileBytes  int64             `json:"file_bytes"`
	PlainBytes int64             `json:"plaintext_bytes"`  // as the file's length claims; -1 = it claims nothing
	Values     string            `json:"values,omitempty"` // the format of a document, whose values are sealed one by one
	Only       []string          `json:"only,omitempty"`
	Except     []string          `json:"except,omitempty"`
}

// Recipient is one way to open an envelope.
type Recipient struct {
	Type       string `json:"type"`
	Key        string `json:"key,omitempty"`
	KeyVersion string `json:"key_version,omitempty"`
	Protocol   string `json:"protocol,omitempty"`
}

// EnvelopeOf describes an envelope's header.
func EnvelopeOf(path string, h *envelope.Header, size int64) Envelope {
	out := Envelope{
		Path: pathText(path), Format: "kmsplan.dev/envelope/v1", Suite: h.Suite.String(), Generation: h.Generation, Context: map[string]string{},
		Commitment: base64.StdEncoding.EncodeToString(h.Commitment[:]), Slotted: h.SlotSize > 0, FileBytes: size, PlainBytes: -1,
	}
	maps.Copy(out.Context, h.Context)
	if n, err := h.PlaintextSize(size); err == nil {
		out.PlainBytes = n
	}
	for _, s := range h.Stanzas {
		r := Recipient{Type: s.Type}
		if k, err := envelope.ParseKMSStanza(s); err == nil {
			r.Key, r.KeyVersion, r.Protocol = k.KeyARN, k.KeyVersionID, k.Protocol
		}
		out.Recipients = append(out.Recipients, r)
	}
	return out
}

// Inspect prints what envelopes say of themselves.
func (t *Terminal) Inspect(list []Envelope) {
	for _, i := range list {
		t.envelope(i)
	}
}

func (t *Terminal) envelope(i Envelope) {
	t.tell("%s\n", paint(t.Color, bold, neutral(i.Path)))
	t.tell("  format      %s\n  suite       %s\n  generation  %d\n", i.Format, i.Suite, i.Generation)
	for n, name := range slices.Sorted(maps.Keys(i.Context)) {
		label := "context"
		if n > 0 {
			label = ""
		}
		t.tell("  %-10s  %s = %s\n", label, neutral(name), quote(i.Context[name]))
	}
	for _, r := range i.Recipients {
		if r.Key == "" {
			t.tell("  recipient   %s (break-glass)\n", r.Type)
			continue
		}
		t.tell("  recipient   %s\n              version %s, %s\n", neutral(r.Key), neutral(r.KeyVersion), neutral(r.Protocol))
	}
	t.tell("  commitment  %s\n", i.Commitment)
	if i.Values != "" {
		t.tell("  values      sealed one by one, %s\n", i.Values)
		for _, rule := range i.Only {
			t.tell("  only        %s\n", neutral(rule))
		}
		for _, rule := range i.Except {
			t.tell("  except      %s\n", neutral(rule))
		}
		return
	}
	if i.PlainBytes >= 0 {
		t.tell("  plaintext   %s (%d bytes)\n", Bytes(i.PlainBytes), i.PlainBytes)
	} else {
		t.tell("  plaintext   the file's length is not one an envelope has: it is truncated or damaged\n")
	}
}
