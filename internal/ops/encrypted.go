package ops

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/safety"
)

// ErrEncrypted says that what was to be encrypted is so already.
var ErrEncrypted = errors.New("encrypted already")

// encryptedError names what it is. It wraps ErrEncrypted.
type encryptedError struct{ what string }

func (e encryptedError) Error() string {
	return "it is " + e.what + ", and would be encrypted twice; decrypt it first, or insist with -again"
}

func (e encryptedError) Unwrap() error { return ErrEncrypted }

// refuseEncrypted looks at the beginning of a plaintext and gives it back whole.
func refuseEncrypted(r io.Reader, again bool) (io.Reader, error) {
	if again || safety.Off(safety.NotTwice) {
		return r, nil
	}
	first := make([]byte, envelope.Recognizable)
	n, err := io.ReadFull(r, first)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	first = first[:n]
	if what := encryptedAs(first); what != "" {
		return nil, encryptedError{what}
	}
	return io.MultiReader(bytes.NewReader(first), r), nil
}

// refuseDocument looks at the end of a plaintext: a document's header stands there.
func refuseDocument(r io.ReaderAt, n int64, again bool) error {
	if again || safety.Off(safety.NotTwiceDocument) {
		return nil
	}
	tail, err := io.ReadAll(io.NewSectionReader(r, max(0, n-documentTail), documentTail))
	if err != nil {
		return err
	}
	if document.Is(tail) {
		return encryptedError{formDocument}
	}
	return nil
}

// documentTail holds the header of a document, bytes.
const documentTail = 256 << 10

// encryptedAs names the encrypted form that a file begins as, or "".
func encryptedAs(first []byte) string {
	switch text := string(first); {
	case envelope.Recognize(first):
		return formEnvelope
	case strings.HasPrefix(text, "age-encryption.org/"), strings.HasPrefix(text, "-----BEGIN AGE ENCRYPTED FILE-----"):
		return "an age file"
	}
	return ""
}
