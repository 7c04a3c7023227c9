package ops

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/envelope"
)

// mergeRig seals for age identities, so that what is merged needs no KMS.
type mergeRig struct {
	t          *testing.T
	identities []envelope.Identity
	recipients []envelope.Recipient
}

func newMergeRig(t *testing.T) *mergeRig {
	r := &mergeRig{t: t}
	for range 3 {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		r.identities = append(r.identities, envelope.AgeIdentity(id))
		r.recipients = append(r.recipients, envelope.AgeRecipient(id.Recipient()))
	}
	return r
}

// wraps are of a data key for one of the recipients.
func (r *mergeRig) wraps(key []byte, ec envelope.Context, recipient int) []*envelope.Stanza {
	r.t.Helper()
	s, err := envelope.Wrap(r.t.Context(), key, ec, r.recipients[recipient])
	r.must(err)
	return s
}

func (r *mergeRig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func dataKey(n byte) []byte { return bytes.Repeat([]byte{n}, 32) }

// document seals a YAML text under data key n.
func (r *mergeRig) document(src string, n byte, ec envelope.Context, rules document.Rules) []byte {
	r.t.Helper()
	f, err := document.ByName("yaml")
	r.must(err)
	out, _, err := document.Seal([]byte(src), document.Options{Format: f, Context: ec, Rules: rules, DataKey: dataKey(n), Stanzas: r.wraps(dataKey(n), ec, 0)})
	r.must(err)
	return out
}

func (r *mergeRig) open(content []byte) *Sealed {
	r.t.Helper()
	s, err := OpenSealed(r.t.Context(), content, r.identities...)
	r.must(err)
	return s
}

// edited is a document with another plaintext, rules and recipient.
func (r *mergeRig) edited(doc []byte, src string, rules document.Rules, recipient int) []byte {
	r.t.Helper()
	d := r.open(doc).doc
	stanzas := d.Header.Stanzas
	if recipient > 0 {
		stanzas = r.wraps(d.DataKey, d.Header.Context, recipient)
	}
	out, _, err := d.UpdateFor([]byte(src), rules, stanzas)
	r.must(err)
	return out
}

func (r *mergeRig) versions(base, ours, theirs []byte) Versions {
	r.t.Helper()
	v, err := OpenVersions(r.t.Context(), base, ours, theirs, r.identities...)
	r.must(err)
	return v
}

const (
	before = "a: 1\nb: 2\nc: 3\n"
	left   = "a: 9\nb: 2\nc: 3\n"
	right  = "a: 1\nb: 8\nc: 3\n"
	both   = "a: 9\nb: 8\nc: 3\n"
)

var (
	all   = document.Rules{}
	onlyA = document.Rules{Only: []string{"^a$"}}
	notC  = document.Rules{Except: []string{"^c$"}}
)

// TestMergedAsTheyAreSealed: what one side changed of how the file is sealed holds; what both changed is a conflict,
// and a side decides it.
func TestMergedAsTheyAreSealed(t *testing.T) {
	r := newMergeRig(t)
	ec := envelope.Context{"app": "x"}
	base := r.document(before, 1, ec, all)
	for name, tt := range map[string]struct {
		base, ours, theirs []byte
		conflict           string
		want               string         // plaintext
		rules              document.Rules // of the outcome
		like               []byte         // whose file id and recipients it has
	}{
		"values":                    {base, r.edited(base, left, all, 0), r.edited(base, right, all, 0), "", both, all, base},
		"theirs has other rules":    {base, r.edited(base, left, all, 0), r.edited(base, right, notC, 0), "", both, notC, base},
		"ours has other rules":      {base, r.edited(base, left, notC, 0), r.edited(base, right, all, 0), "", both, notC, base},
		"both have other rules":     {base, r.edited(base, left, notC, 0), r.edited(base, right, onlyA, 0), "which values are sealed", both, onlyA, base},
		"theirs has new recipients": {base, r.edited(base, left, all, 0), r.edited(base, right, all, 1), "", both, all, nil},
		"both have new recipients":  {base, r.edited(base, left, all, 1), r.edited(base, right, all, 2), "who can open the file", both, all, nil},
		"theirs is encrypted anew":  {base, r.edited(base, left, all, 0), r.document(right, 2, ec, all), "", both, all, nil},
		"both are, in one context":  {base, r.document(left, 3, ec, all), r.document(right, 2, ec, all), "", both, all, nil},
		"both are, in two contexts": {base, r.document(left, 3, ec, all), r.document(right, 2, envelope.Context{}, all), "how the file is encrypted", both, all, nil},
		"ours is not encrypted":     {base, []byte(left), r.edited(base, right, all, 0), "", both, all, base},
		"theirs is not encrypted":   {base, r.edited(base, left, all, 0), []byte(right), "", both, all, base},
		"encrypted on both sides":   {[]byte(before), r.document(left, 1, ec, all), r.document(right, 1, ec, all), "", both, all, nil},
		"made on both sides, equal": {nil, r.document(both, 1, ec, all), r.document(both, 2, ec, all), "", both, all, nil},
		"made, under other rules":   {nil, r.document(both, 1, ec, notC), r.document(both, 1, ec, all), "which values are sealed", both, all, nil},
		"changed alike":             {base, r.edited(base, both, all, 0), r.edited(base, both, all, 0), "", both, all, base},
	} {
		v := r.versions(tt.base, tt.ours, tt.theirs)
		out, err := v.Merge(Neither)
		var conflict *ConflictError
		switch {
		case tt.conflict == "":
			r.must(err)
		case !errors.As(err, &conflict) || !slices.Contains(conflict.About, tt.conflict):
			t.Errorf("%s: %v, want a conflict about %s", name, err, tt.conflict)
			continue
		default:
			out, err = v.Merge(Theirs)
			r.must(err)
		}
		got := r.open(out)
		if string(got.Plain) != tt.want || !got.doc.Header.Rules.Equal(tt.rules) {
			t.Errorf("%s: %q under %+v", name, got.Plain, got.doc.Header.Rules)
		}
		for _, side := range []*Sealed{v.Ours, v.Theirs} {
			asItWas := bytes.Equal(out, tt.ours) || bytes.Equal(out, tt.theirs)
			if side.doc != nil && side.sameFile(got) && !asItWas && got.doc.Header.Generation <= side.doc.Header.Generation {
				t.Errorf("%s: generation %d after %d", name, got.doc.Header.Generation, side.doc.Header.Generation)
			}
		}
		if tt.like != nil && got.doc.Header.ID != r.open(tt.like).doc.Header.ID {
			t.Errorf("%s: another file id", name)
		}
	}
}

// TestMergedValuesKeepTheirCiphertext: of either side.
func TestMergedValuesKeepTheirCiphertext(t *testing.T) {
	r := newMergeRig(t)
	base := r.document(before, 1, nil, all)
	ours, theirs := r.edited(base, left, all, 0), r.edited(base, right, all, 0)
	out, err := r.versions(base, ours, theirs).Merge(Neither)
	r.must(err)
	for i, from := range [][]byte{ours, theirs, base} {
		if line := strings.Split(string(from), "\n")[i]; !strings.Contains(string(out), line) {
			t.Errorf("%s is sealed anew", line)
		}
	}
	other, err := r.versions(base, theirs, ours).Merge(Neither)
	r.must(err)
	if !bytes.Equal(out, other) {
		t.Error("the sides exchanged, the outcome is another")
	}
}

// TestMergedEnvelopes: texts are merged, what is no text is a conflict, and no data key is asked for anew.
func TestMergedEnvelopes(t *testing.T) {
	r := newMergeRig(t)
	seal := func(text string, n byte) []byte {
		s := &Sealed{header: &envelope.Header{Context: envelope.Context{"a": "b"}}, key: dataKey(n)}
		out, err := sealEnvelope([]byte(text), s, r.wraps(dataKey(n), s.header.Context, 0))
		r.must(err)
		return out
	}
	out, err := r.versions(seal("a\n\nb\n", 1), seal("x\n\nb\n", 1), seal("a\n\ny\n", 2)).Merge(Neither)
	r.must(err)
	if got := r.open(out); string(got.Plain) != "x\n\ny\n" || got.doc != nil || !bytes.Equal(got.key, dataKey(2)) {
		t.Errorf("%q", got.Plain)
	}
	v := r.versions(seal("a\x00", 1), seal("b\x00", 1), seal("c\x00", 1))
	if _, err := v.Merge(Neither); err == nil || !strings.Contains(err.Error(), "no text") {
		t.Errorf("%v", err)
	}
	for side, want := range map[Side]string{Ours: "b\x00", Theirs: "c\x00"} {
		out, err := v.Merge(side)
		r.must(err)
		if got := r.open(out); string(got.Plain) != want {
			t.Errorf("%s: %q", side, got.Plain)
		}
	}
}

// TestNothingIsMergedUnproved: a version that was tampered with is not opened, whichever it is.
func TestNothingIsMergedUnproved(t *testing.T) {
	r := newMergeRig(t)
	base := r.document(before, 1, nil, all)
	forged := bytes.Replace(base, []byte("b: "), []byte("B: "), 1)
	for i := range 3 {
		versions := [][]byte{base, base, base}
		versions[i] = forged
		if _, err := OpenVersions(context.Background(), versions[0], versions[1], versions[2], r.identities...); !errors.Is(err, document.ErrChanged) {
			t.Errorf("version %d: %v", i, err)
		}
	}
}
