package s3test_test

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/state/s3"
	"kmsplan.dev/kmsplan/internal/state/s3/s3test"
)

// The write is stored, its answer is lost, and the server is there again for the next call.
func TestAServerDiesAfterItHasStored(t *testing.T) {
	s := s3test.Start(t)
	p, err := s3.Open(s.Options("k"))
	if err != nil {
		t.Fatal(err)
	}
	rev, err := p.Swap(t.Context(), "", []byte("first"))
	if err != nil {
		t.Fatal(err)
	}
	s.DieAt(1)
	if _, err := p.Swap(t.Context(), rev, []byte("second")); err == nil {
		t.Error("the answer was not lost")
	}
	head, now, err := p.Head(t.Context())
	if err != nil || string(head) != "second" || now == rev || s.Deaths() != 1 || s.Writes() != 2 {
		t.Errorf("it holds %q, %v, after %d deaths and %d writes", head, err, s.Deaths(), s.Writes())
	}
}
