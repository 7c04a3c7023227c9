package document

import (
	"bytes"
	"crypto/sha256"
)

// commitmentLabel tells a commitment from every other hash of a file.
const commitmentLabel = "kmsplan.dev/document/commitment/v1\n"

// Commitment names what a document holds: its body byte for byte but for line endings, which a checkout may change, and of
// its header format, suite, file id, context and rules. Generation, recipients and MAC are left out: a rewrap keeps it, and
// nothing else that is written does. It is computed without a key and proves nothing to whoever may write the file.
func Commitment(src []byte) ([sha256.Size]byte, error) {
	_, c, err := ReadCommitted(src)
	return c, err
}

// ReadCommitted is Read and Commitment in one.
func ReadCommitted(src []byte) (*Header, [sha256.Size]byte, error) {
	_, body, h, err := detach(src)
	if err != nil {
		return nil, [sha256.Size]byte{}, err
	}
	c, err := h.commit(body)
	return h, c, err
}

func (h *Header) commit(body []byte) (c [sha256.Size]byte, err error) {
	same := *h
	same.Generation = 1
	lines, err := same.ownLines()
	if err != nil {
		return c, err
	}
	sum := sha256.New()
	sum.Write([]byte(commitmentLabel))
	for _, line := range lines {
		sum.Write([]byte(line + "\n"))
	}
	sum.Write(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")))
	return [sha256.Size]byte(sum.Sum(nil)), nil
}
