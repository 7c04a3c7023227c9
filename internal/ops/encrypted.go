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
	if again {
		return nil
	}
	tail, err := io.ReadAll(io.NewSectionReader(r, max(0, n-documentTail), documentTail))
	if err != nil {
		return err
	}
	return refuseTail(tail)
}

// refuseTail refuses what ends as a document does.
func refuseTail(tail []byte) error {
	if document.Is(tail) && !safety.Off(safety.NotTwiceDocument) {
		return encryptedError{formDocument}
	}
	return nil
}

// refuseDocumentStream is refuseDocument for what is read once. What is short is looked at before anything of it is given
// out; what is long is refused where it ends, before it is sealed to its end: so much of an envelope opens nowhere.
func refuseDocumentStream(r io.Reader, again bool) (io.Reader, error) {
	if again {
		return r, nil
	}
	first := make([]byte, documentTail+1)
	n, err := io.ReadFull(r, first)
	switch first = first[:n]; {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return bytes.NewReader(first), refuseTail(first)
	case err != nil:
		return nil, err
	}
	return io.MultiReader(bytes.NewReader(first), &lastLook{r: r, tail: first, n: int64(n)}), nil
}

// lastLook keeps the end of what it reads, and looks at it there.
type lastLook struct {
	r    io.Reader
	tail []byte // the last documentTail bytes, and at most as many before
	n    int64
}

func (l *lastLook) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	l.n += int64(n)
	if l.n > document.MaxSealed { // no document is as long
		l.tail = nil
		return n, err
	}
	if l.tail = append(l.tail, p[:n]...); len(l.tail) > 2*documentTail {
		l.tail = append(l.tail[:0], l.tail[len(l.tail)-documentTail:]...)
	}
	if errors.Is(err, io.EOF) {
		if refused := refuseTail(l.tail); refused != nil {
			return n, refused
		}
	}
	return n, err
}

// documentTail holds the header of a document, bytes.
const documentTail = 256 << 10

// byteOrderMark is what some editors put before a text.
const byteOrderMark = "\ufeff"

// encryptedAs names the encrypted form that a file begins as, or "".
func encryptedAs(first []byte) string {
	switch text := strings.TrimPrefix(string(first), byteOrderMark); {
	case envelope.Recognize([]byte(text)):
		return formEnvelope
	case strings.HasPrefix(text, "age-encryption.org/"), strings.HasPrefix(text, "-----BEGIN AGE ENCRYPTED FILE-----"):
		return "an age file"
	}
	return ""
}
