package ops

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/envelope"
)

// A document that is longer than one may be is refused as that, and is not taken for something else, wherever in it the
// header stands; nor is a file without one taken for a document.
func TestADocumentThatIsTooLongIsNamed(t *testing.T) {
	r := newMergeRig(t)
	doc := r.document("a: 1\n", 1, envelope.Context{"app": "a"}, document.Rules{})
	line := bytes.Repeat([]byte("# comment\n"), 1<<16)
	filler := bytes.Repeat(line, document.MaxSealed/len(line)+1)
	edge := bytes.Repeat([]byte("\n"), searchedOnce-10-bytes.Index(doc, []byte("# "))) // the header's first line stands in two parts
	for where, content := range map[string][]byte{
		"end":       slices.Concat(filler, doc),
		"beginning": slices.Concat(doc, filler),
		"middle":    slices.Concat(filler[:32<<20], doc, filler[32<<20:]),
		"edge":      slices.Concat(edge, doc, filler),
		"nowhere":   filler,
	} {
		t.Run(where, func(t *testing.T) {
			name := t.TempDir() + "/long.yaml"
			r.must(os.WriteFile(name, content, 0o600))
			want := "it is a document of " + strconv.Itoa(len(content)) + " bytes, and at most 67108864 are opened"
			if where == "nowhere" {
				want = "not a kmsplan envelope"
			}
			if _, _, err := Inspect(name); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
}
