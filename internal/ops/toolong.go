package ops

import (
	"errors"
	"fmt"
	"io"

	"kmsplan.dev/kmsplan/internal/document"
)

const (
	// maxSearched is how much of a file that is too long for a document is searched for the header of one, bytes.
	maxSearched = 1 << 30
	// searchedOnce is read at once, and overlap of it again with the next: more than a header's first line has.
	searchedOnce = 1 << 20
	overlap      = 4 << 10
)

// tooLongDocument names a file that has the header of a document, and is longer than one may be. The header is its end,
// unless something was written behind it, or another program wrote the file anew in another order.
func tooLongDocument(r io.ReaderAt, n int64) error {
	tail, err := io.ReadAll(io.NewSectionReader(r, n-documentTail, documentTail))
	is := err == nil && document.Is(tail)
	part := make([]byte, searchedOnce)
	for at := int64(0); err == nil && !is && at < min(n, maxSearched); at += searchedOnce - overlap {
		var got int
		if got, err = r.ReadAt(part, at); errors.Is(err, io.EOF) {
			err = nil
		}
		is = document.Is(part[:got])
	}
	if is {
		return fmt.Errorf("it is a document of %d bytes, and at most %d are opened: no kmsplan wrote it so long; take the file from version control again", n, document.MaxSealed)
	}
	return err
}
