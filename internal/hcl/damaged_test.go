package hcl

import (
	"os"
	"testing"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// What does not parse is a value that nobody knows, wherever it stands: in an attribute, in an element of a
// list, inside a template. It was taken for a text in a freeze's exceptions, which was a panic.
func TestWhatDoesNotParseIsKnownToNobody(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"testdata/design.kms.hcl", "testdata/damaged.kms.hcl"} {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		tokens, _ := hclsyntax.LexConfig(src, name, hclv2.InitialPos)
		for _, token := range tokens {
			for _, damage := range []string{"<", "[<]", "\"${}\""} {
				damaged := append(append(append([]byte{}, src[:token.Range.Start.Byte]...), damage...), src[token.Range.End.Byte:]...)
				loadAndEvaluate(dir, "main"+nativeSuffix, damaged)
			}
		}
	}
}
