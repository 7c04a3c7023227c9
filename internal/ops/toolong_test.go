package ops

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/envelope"
)

// A document that is longer than one may be is refused as that, and is not taken for something else.
func TestADocumentThatIsTooLongIsNamed(t *testing.T) {
	r := newMergeRig(t)
	doc := r.document("a: 1\n", 1, envelope.Context{"app": "a"}, document.Rules{})
	name := t.TempDir() + "/long.yaml"
	f, err := os.Create(name)
	r.must(err)
	defer f.Close()
	line := bytes.Repeat([]byte("# comment\n"), 1<<16)
	for range document.MaxSealed/len(line) + 1 {
		_, err := f.Write(line)
		r.must(err)
	}
	_, err = f.Write(doc)
	r.must(err)
	info, err := f.Stat()
	r.must(err)
	if got, err := documentIn(f, info.Size()); got != nil || err == nil || !strings.Contains(err.Error(), "at most 67108864 are opened") {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if _, _, err := Inspect(name); err == nil || !strings.Contains(err.Error(), "it is a document of") {
		t.Errorf("inspect: %v", err)
	}
}
