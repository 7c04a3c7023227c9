package ops

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/envelope"
)

// Sealed is an encrypted file that is held in memory, opened and proved as a whole.
type Sealed struct {
	Plain []byte

	doc    *document.Document // nil = an envelope
	header *envelope.Header   // of an envelope
	key    []byte             // data key
}

// IsSealed reports whether a content is an envelope or a document, whole or damaged.
func IsSealed(content []byte) bool {
	return envelope.Recognize(content[:min(len(content), envelope.Recognizable)]) || document.Is(content)
}

// OpenSealed opens an envelope or a document and proves it to its last byte.
func OpenSealed(ctx context.Context, content []byte, identities ...envelope.Identity) (*Sealed, error) {
	o := envelope.OpenOptions{Identities: identities}
	if !envelope.Recognize(content[:min(len(content), envelope.Recognizable)]) {
		d, err := document.Open(ctx, content, o)
		if err != nil {
			return nil, err
		}
		return &Sealed{Plain: d.Plain, doc: d, key: d.DataKey}, nil
	}
	h, key, err := envelope.Unlock(ctx, bytes.NewReader(content), o)
	if err != nil {
		return nil, err
	}
	r, err := envelope.Open(ctx, bytes.NewReader(content), envelope.OpenOptions{DataKey: key})
	if err != nil {
		return nil, err
	}
	var plain bytes.Buffer
	if _, err := r.WriteTo(&plain); err != nil {
		return nil, err
	}
	return &Sealed{Plain: plain.Bytes(), header: h, key: key}, nil
}

// Describe says what an encrypted content says of itself, line by line, without keys and without proof. Of equal
// contents it says the same.
func Describe(content []byte) string {
	h, err := ReadHead(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return fmt.Sprintf("header: unreadable\nbytes: %d\nsha256: %x\n", len(content), wholeDigest(content))
	}
	return DescribeHead(h, int64(len(content))) + fmt.Sprintf("sha256: %x\n", wholeDigest(content))
}

// DescribeHead says what a header of a file of size bytes says, and which state of the file it is of.
func DescribeHead(h Head, size int64) string {
	var b strings.Builder
	what := "envelope"
	if h.Document != nil {
		what = "document, " + h.Format()
	}
	fmt.Fprintf(&b, "encrypted: %s\n", what)
	for _, k := range h.KMSStanzas() {
		fmt.Fprintf(&b, "key: %s\nkey version: %s\n", k.KeyARN, k.KeyVersionID)
	}
	if pairs, err := h.Context.Pairs(); err == nil {
		fmt.Fprintf(&b, "context: %s\n", strings.Join(pairs, " "))
	}
	fmt.Fprintf(&b, "suite: %s\ngeneration: %d\nbytes: %d\ncommitment: %x\n", h.Suite, h.Generation, size, h.Commitment)
	return b.String()
}
