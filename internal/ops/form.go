package ops

import (
	"errors"
	"io"
	"os"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/envelope"
)

// The forms in which a file may be encrypted, as sentences name them.
const (
	formEnvelope = "an envelope"
	formDocument = "a document whose values are sealed"
)

// formOf is the form in which a regular file is encrypted already: an envelope, a document, an age file; "" = none.
// It reads the beginning and the end.
func formOf(p place) (string, error) {
	f, info, err := openRegular(p, os.O_RDONLY)
	if err != nil {
		return "", err
	}
	defer f.Close()
	first := make([]byte, envelope.Recognizable)
	n, err := f.ReadAt(first, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", unopened{p.String(), durable.Reason(err)}
	}
	if form := encryptedAs(first[:n]); form != "" {
		return form, nil
	}
	tail, err := io.ReadAll(io.NewSectionReader(f, max(0, info.Size()-documentTail), documentTail))
	if err != nil {
		return "", unopened{p.String(), durable.Reason(err)}
	}
	if document.Is(tail) {
		return formDocument, nil
	}
	return "", nil
}

// opens reports whether a form is one that kmsplan opens.
func opens(form string) bool { return form == formEnvelope || form == formDocument }
