package inventory

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// Bounds of what a packed list unpacks to. Rows of CSV that differ in a few bytes each come to some forty times their packed size,
// and what is made to fill a disk to a thousand times.
const (
	anySize   = 64 << 20 // bytes; up to there nobody asks
	mostRatio = 250
)

// counted counts what is read.
type counted struct {
	from io.Reader
	n    int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += int64(n)
	return n, err
}

// bounded ends a list that unpacks to more than any list does.
type bounded struct {
	packed *counted
	from   io.Reader
	n      int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if b.n += int64(n); b.n > anySize && b.n > mostRatio*b.packed.n {
		return 0, fmt.Errorf("it unpacks to more than %d times its size, as no list of objects does; look where it comes from", mostRatio)
	}
	return n, err
}

// damaged reports whether what was packed ends too early, or is not what was packed.
func damaged(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) || errors.As(err, &corrupt)
}
