package cobblestone

import "io"

// emptyReads is how many reads in a row may give neither data nor an error.
const emptyReads = 100

// readFull fills p. It returns io.EOF if and only if r said io.EOF: unlike
// io.ReadFull it never makes an end of r's own making out of an
// io.ErrUnexpectedEOF that r returned, which is a cut connection, not an end.
func readFull(r io.Reader, p []byte) (n int, err error) {
	for empty := 0; n < len(p); {
		var got int
		got, err = r.Read(p[n:])
		n += got
		if err != nil {
			break
		}
		if empty++; got > 0 {
			empty = 0
		}
		if empty == emptyReads {
			return n, io.ErrNoProgress
		}
	}
	if n == len(p) {
		return n, nil
	}
	return n, err
}
