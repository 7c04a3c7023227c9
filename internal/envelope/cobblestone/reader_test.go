package cobblestone

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"testing"
)

// TestChunksCostNoAllocation: what is allocated does not depend on how many
// chunks a message has.
func TestChunksCostNoAllocation(t *testing.T) {
	key := make([]byte, 32)
	run := func(chunks int, workers int) (seal, open float64) {
		var sealed bytes.Buffer
		sealed.Grow(chunks * sealedChunk * 2)
		seal = testing.AllocsPerRun(3, func() {
			sealed.Reset()
			w, err := NewWriter(&sealed, AES256(), key, nil, workers)
			if err == nil {
				_, err = w.ReadFrom(&pattern{left: chunks*ChunkSize + 5})
			}
			if err == nil {
				err = w.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
		})
		open = testing.AllocsPerRun(3, func() {
			r, err := NewReader(bytes.NewReader(sealed.Bytes()), AES256(), key, nil, workers)
			if err == nil {
				_, err = r.WriteTo(io.Discard)
			}
			if err != nil {
				t.Fatal(err)
			}
		})
		return seal, open
	}
	for _, workers := range []int{1, 2} {
		seal1, open1 := run(100, workers)
		seal2, open2 := run(1000, workers)
		if seal2 > seal1+3 || open2 > open1+3 {
			t.Errorf("%d workers: sealing 100 chunks allocates %.0f times, 1,000 chunks %.0f; opening %.0f and %.0f", workers, seal1, seal2, open1, open2)
		}
	}
}

// TestReaderAtIsConcurrent reads one message from several goroutines.
func TestReaderAtIsConcurrent(t *testing.T) {
	var sealed bytes.Buffer
	w, err := NewWriter(&sealed, AES256(), make([]byte, 32), nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	const size = 5*ChunkSize + 100
	if _, err := w.ReadFrom(&pattern{left: size}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := NewReaderAt(bytes.NewReader(sealed.Bytes()), int64(sealed.Len()), AES256(), make([]byte, 32), nil)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := io.ReadAll(&pattern{left: size})
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for off := g; off < size; off += 7001 {
				p := make([]byte, 20000)
				n, err := r.ReadAt(p, int64(off))
				if wantErr := off+len(p) > size; wantErr != (err == io.EOF) || !bytes.Equal(p[:n], want[off:min(off+len(p), size)]) {
					t.Errorf("offset %d: %d bytes, %v", off, n, err)
				}
			}
		})
	}
	all.Wait()
	if _, err := r.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("negative offset accepted")
	}
}

// TestWriterAfterClose: a closed message takes nothing more.
func TestWriterAfterClose(t *testing.T) {
	var sealed bytes.Buffer
	w, err := NewWriter(&sealed, AES256(), make([]byte, 32), nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	n := sealed.Len()
	_, werr := w.Write([]byte{1})
	_, rerr := w.ReadFrom(bytes.NewReader([]byte{1}))
	for _, err := range []error{werr, rerr, w.Close()} {
		if !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	}
	if sealed.Len() != n {
		t.Error("written after Close")
	}
}

func TestSizes(t *testing.T) {
	for _, n := range []int64{0, 1, ChunkSize - 1, ChunkSize, ChunkSize + 1, 1 << 40} {
		if got, err := PlaintextSize(SealedSize(n)); err != nil || got != n {
			t.Errorf("%d: %d, %v", n, got, err)
		}
	}
	for _, n := range []int64{-1, 0, 55, 56, 71, 56 + sealedChunk, 56 + 3*sealedChunk, 56 + sealedChunk + 15} {
		if got, err := PlaintextSize(n); !errors.Is(err, ErrTruncated) {
			t.Errorf("%d: %d, %v", n, got, err)
		}
	}
	if _, err := PlaintextSize(1 << 62); !errors.Is(err, ErrTooLong) {
		t.Error(err)
	}
}

// TestChunkCounterEnds: the 2^38th chunk is refused, not numbered anew.
func TestChunkCounterEnds(t *testing.T) {
	for name, feed := range map[string]func(*Writer) error{
		"Write":    func(w *Writer) error { _, err := w.Write(make([]byte, 3*ChunkSize)); return err },
		"ReadFrom": func(w *Writer) error { _, err := w.ReadFrom(&pattern{left: 20 * ChunkSize}); return err },
	} {
		w, err := NewWriter(io.Discard, AES256(), make([]byte, 32), nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		w.next = maxChunks - 3
		if err := feed(w); !errors.Is(err, ErrTooLong) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
