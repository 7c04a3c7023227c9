package ops

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/state"
)

// newDocumentStack is a module whose encrypt block seals value by value, and a decrypt block of that file, run once.
func newDocumentStack(t *testing.T, r *rig) *stack {
	t.Helper()
	s := newStack(t, r)
	s.write("config/app.yaml", []byte(documentSource), 0o600)
	s.enc.Seal.Values = &Values{Rules: document.Rules{Only: []string{"password", "tokens"}}}
	s.run(s.enc, s.enc.Output)
	s.run(s.dec, s.dec.Output)
	return s
}

const allCurrent = "dist/./app.enc: current\narchive/2024/one.enc: current\nrun/app.yaml: current"

func (s *stack) wantReasons(when, want string) {
	s.t.Helper()
	if got, errs := s.reasons(); got != want || errs != nil {
		s.t.Errorf("%s:\n%s\n%v\nwant:\n%s", when, got, errs, want)
	}
}

// A document that was rewrapped beside the stack is the one that the stack wrote: to its encrypt block, and to what decrypts it.
// So said issue 10's trees: "not the one this stack wrote".
func TestARewrappedDocumentIsTheOneThisStackWrote(t *testing.T) {
	s := newDocumentStack(t, newRig(t))
	s.wantReasons("written", allCurrent)
	s.version = s.rotate(s.key)
	for _, name := range []string{"dist/app.enc", "archive/2024/one.enc"} {
		if _, changed, err := s.engine().Rewrap(t.Context(), s.path(name), Target{Key: s.key}); err != nil || !changed {
			t.Fatal(changed, err)
		}
	}
	s.wantReasons("rotated and rewrapped", allCurrent)
	doc := s.read("dist/app.enc")
	for from, to := range map[string]string{"host: db.local": "host: mine", "# why": "# wy", "-> gen": "# -> gen", "app=x": "app=y"} {
		changed := bytes.Replace(doc, []byte(from), []byte(to), 1)
		if bytes.Equal(changed, doc) {
			t.Fatalf("%q does not stand in\n%s", from, doc)
		}
		s.write("dist/app.enc", changed, 0o600)
		if got, errs := s.reasons(); strings.Contains(got, "dist/./app.enc: current") || errs == nil && strings.Contains(got, "run/app.yaml: current") {
			t.Errorf("%s for %s:\n%s %v", to, from, got, errs)
		}
	}
}

// Up to 0.1 the census had the digest of the whole document: it is still believed, and renewed by the next write.
func TestCommitmentsOfEarlierVersionsAreBelieved(t *testing.T) {
	s := newDocumentStack(t, newRig(t))
	doc := s.read("dist/app.enc")
	now := s.census[slices.IndexFunc(s.census, isEncrypt)].Commitment
	for i := range s.census {
		if f := &s.census[i]; f.Commitment == now {
			f.Commitment = commitmentText(wholeDigest(doc))
		}
	}
	if s.census[slices.IndexFunc(s.census, isEncrypt)].Commitment == now {
		t.Fatal("nothing tells them apart")
	}
	s.wantReasons("as an earlier version recorded it", allCurrent)
	s.write("dist/app.enc", bytes.Replace(doc, []byte("# db"), []byte("# DB"), 1), 0o600)
	s.wantReasons("changed", strings.NewReplacer("app.enc: current", "app.enc: the file is not the one this stack wrote", "app.yaml: current", "app.yaml: source changed").Replace(allCurrent))
	s.write("dist/app.enc", doc, 0o600)
	s.run(s.enc, s.enc.Output)
	if s.census[slices.IndexFunc(s.census, isEncrypt)].Commitment == commitmentText(wholeDigest(s.read("dist/app.enc"))) {
		t.Error("a write did not renew it")
	}
}

func isEncrypt(f state.File) bool { return f.Address == "data.encrypt.e" }
