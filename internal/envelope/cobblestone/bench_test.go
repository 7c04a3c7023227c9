package cobblestone

import (
	"bytes"
	"fmt"
	"io"
	"testing"
)

func BenchmarkStream(b *testing.B) {
	const size = 256 << 20
	key := make([]byte, 32)
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("seal/%dcore", workers), func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				w, _ := NewWriter(io.Discard, AES256(), key, nil, workers)
				io.Copy(w, &pattern{left: size})
				w.Close()
			}
		})
		var sealed bytes.Buffer
		w, _ := NewWriter(&sealed, AES256(), key, nil, workers)
		io.Copy(w, &pattern{left: size})
		w.Close()
		b.Run(fmt.Sprintf("open/%dcore", workers), func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				r, _ := NewReader(onlyReader{bytes.NewReader(sealed.Bytes())}, AES256(), key, nil, workers)
				if n, err := io.Copy(io.Discard, r); n != size || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}

// pattern is a source of left bytes that costs one copy, as a page cache does.
type pattern struct{ left int }

var patternBytes = bytes.Repeat([]byte("0123456789abcdef"), 8<<10)

func (p *pattern) Read(b []byte) (int, error) {
	if p.left == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), p.left)], patternBytes)
	p.left -= n
	return n, nil
}
