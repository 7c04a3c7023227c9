package planfile_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/plan/planfile"
	"kmsplan.dev/kmsplan/internal/state"
)

func underKey(fill byte, err error) *state.Fingerprints {
	return state.NewFingerprints(func() ([]byte, error) { return bytes.Repeat([]byte{fill}, state.FingerprintKeySize), err })
}

// TestSecretsAndSourcesAreHeldAgainstTheStacksKey where it has one: they match, another value does not, and who has not
// the key, or another, can tell neither and is refused.
func TestSecretsAndSourcesAreHeldAgainstTheStacksKey(t *testing.T) {
	refused, other := errors.New("no right to decrypt"), hcl.Inputs{Env: []string{"KMSPLAN_VAR_pw=three"}}
	for name, tt := range map[string]struct {
		saved, applied *state.Fingerprints
		in             hcl.Inputs
		file           string
		keyed          int
		say            string
	}{
		"as it was":              {saved: underKey(1, nil), applied: underKey(1, nil), keyed: 2},
		"another value":          {saved: underKey(1, nil), applied: underKey(1, nil), in: other, keyed: 2, say: "a sensitive value that it writes is another one"},
		"another source":         {saved: underKey(1, nil), applied: underKey(1, nil), file: "x", keyed: 2, say: "a file that it encrypts changed"},
		"another key":            {saved: underKey(1, nil), applied: underKey(2, nil), keyed: 2, say: "cannot be compared: it was saved under another fingerprint key"},
		"the key is gone":        {saved: underKey(1, nil), applied: nil, keyed: 2, say: "cannot be compared"},
		"no right at apply":      {saved: underKey(1, nil), applied: underKey(1, refused), keyed: 2, say: "cannot be compared: no right to decrypt"},
		"a key came in between":  {saved: nil, applied: underKey(1, nil)},
		"a key came, and others": {saved: nil, applied: underKey(1, nil), file: "x", say: "a file that it encrypts changed"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newModule(t)
			m.prints = tt.saved
			raw := m.save(hcl.Inputs{})
			if got := bytes.Count(raw, []byte(`hmac-sha256,k=`)); got != tt.keyed || bytes.Count(raw, []byte("argon2id")) != 3-tt.keyed {
				t.Errorf("%d fingerprints are keyed: %s", got, raw)
			}
			if m.prints = tt.applied; tt.file != "" {
				m.file = []byte(tt.file)
			}
			_, err := m.apply(raw, tt.in)
			if tt.say == "" && err == nil {
				return
			}
			if !errors.As(err, new(*planfile.StaleError)) || !strings.Contains(err.Error(), tt.say) || tt.say == "" {
				t.Errorf("error %v, want one that says %q", err, tt.say)
			}
		})
	}
}

// TestAPlanThatCannotBeBoundIsNotSaved: a run that cannot have the stack's key takes no weaker scheme for what the plan
// writes. A plan that writes neither secrets nor files needs no key.
func TestAPlanThatCannotBeBoundIsNotSaved(t *testing.T) {
	m := newModule(t)
	asked := 0
	m.prints = state.NewFingerprints(func() ([]byte, error) { asked++; return nil, errors.New("no right to decrypt") })
	p, w := m.plan(m.load(hcl.Inputs{}))
	f, err := planfile.New(p, w, plan.Scope{})
	if f != nil || err == nil || !strings.Contains(err.Error(), "could not be bound to what they are made of: no right to decrypt") || asked != 1 {
		t.Errorf("a plan that writes a secret and a file: %v, asked for the key %d times", err, asked)
	}
	writes := func(c plan.Change) bool {
		return slices.ContainsFunc(c.Diff, func(d plan.AttrDiff) bool { return d.WriteOnly })
	}
	files := p.Files
	p.Files = nil
	if _, err := planfile.New(p, w, plan.Scope{}); err == nil {
		t.Error("a plan that writes a secret was saved")
	}
	p.Files, p.Changes = files, slices.DeleteFunc(p.Changes, writes)
	if _, err := planfile.New(p, w, plan.Scope{}); err == nil {
		t.Error("a plan that writes a file was saved")
	}
	p.Files = nil
	if _, err := planfile.New(p, w, plan.Scope{}); err != nil {
		t.Errorf("a plan that writes neither: %v", err)
	}
}
