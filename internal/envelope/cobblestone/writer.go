package cobblestone

import (
	"crypto/rand"
	"io"
	"slices"
)

// Writer encrypts one message. [Writer.Close] seals the final chunk; without
// it the message is truncated, and readers will say so.
type Writer struct {
	dst     io.Writer
	coder   coder
	prefix  [PrefixSize]byte
	buf     []byte // plaintext of the unfinished chunk, shorter than ChunkSize
	out     []byte // sealed bytes not yet written
	next    uint64 // number of the next chunk
	workers int
	err     error
}

// NewWriter starts a message under a fresh random salt. Nothing is written
// before the first full chunk or Close. With more than one worker,
// [Writer.ReadFrom] (which io.Copy calls) seals on that many cores.
func NewWriter(dst io.Writer, inst Instance, key, context []byte, workers int) (*Writer, error) {
	w := &Writer{dst: dst, workers: workers}
	rand.Read(w.prefix[:SaltSize])
	c, commitment, err := inst.derive(key, context, w.prefix[:SaltSize])
	if err != nil {
		return nil, err
	}
	copy(w.prefix[SaltSize:], commitment)
	w.coder = c
	w.out = append(w.out, w.prefix[:]...)
	return w, nil
}

// Prefix is the message's salt and commitment.
func (w *Writer) Prefix() [PrefixSize]byte { return w.prefix }

// Lead puts head in front of the message, so that it leaves in the same write.
// It is for a container's header and comes before the first Write.
func (w *Writer) Lead(head []byte) { w.out = slices.Concat(head, w.out) }

// Expect reserves space for n bytes of plaintext, at most one chunk's.
func (w *Writer) Expect(n int64) {
	n = min(max(n, 0), ChunkSize)
	w.buf = slices.Grow(w.buf, int(n))
	w.out = slices.Grow(w.out, int(n)+Overhead)
}

// Write encrypts p. After an error every later call gives it again.
func (w *Writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	total := len(p)
	before := w.next
	for len(p) > 0 {
		p = p[w.take(p):]
		if len(w.out) >= batchChunks*sealedChunk {
			w.flush()
		}
		if w.err != nil {
			return 0, w.err
		}
	}
	if w.next != before {
		w.flush()
	}
	if w.err != nil {
		return 0, w.err
	}
	return total, nil
}

// take moves the start of p into the current chunk, sealing it when full.
func (w *Writer) take(p []byte) int {
	if len(w.buf) == 0 && len(p) >= ChunkSize {
		w.sealFull(p[:ChunkSize])
		return ChunkSize
	}
	n := min(len(p), ChunkSize-len(w.buf))
	w.buf = append(w.buf, p[:n]...)
	if len(w.buf) == ChunkSize {
		w.sealFull(w.buf)
		w.buf = w.buf[:0]
	}
	return n
}

func (w *Writer) sealFull(chunk []byte) {
	if w.next >= maxChunks-1 { // the final, short chunk needs a number too
		w.err = ErrTooLong
		return
	}
	if cap(w.out)-len(w.out) < sealedChunk {
		w.out = slices.Grow(w.out, batchChunks*sealedChunk)
	}
	w.out = w.coder.seal(w.out, chunk, w.next)
	w.next++
}

func (w *Writer) flush() {
	if w.err != nil || len(w.out) == 0 {
		return
	}
	w.err = writeAll(w.dst, w.out)
	w.out = w.out[:0]
}

// Close seals the final chunk and flushes; it does not close the destination.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	w.out = w.coder.seal(w.out, w.buf, w.next)
	clear(w.buf[:cap(w.buf)])
	w.flush()
	if w.err != nil {
		return w.err
	}
	w.err = ErrClosed
	return nil
}

// ReadFrom encrypts src to its end. Short input stays on the caller's
// goroutine and in one chunk's memory.
func (w *Writer) ReadFrom(src io.Reader) (int64, error) {
	n, more := w.fill(src)
	if !more || w.err != nil {
		return n, w.err
	}
	if w.flush(); w.err != nil {
		return n, w.err
	}
	total, err := w.stream(src)
	return n + total, err
}

// fill reads until the current chunk is sealed; more is false at src's end.
func (w *Writer) fill(src io.Reader) (n int64, more bool) {
	if w.err != nil {
		return 0, false
	}
	have := len(w.buf)
	w.buf = slices.Grow(w.buf, ChunkSize-have)
	got, err := readFull(src, w.buf[have:ChunkSize])
	w.buf = w.buf[:have+got]
	if err != nil {
		if err != io.EOF {
			w.err = err
		}
		return int64(got), false
	}
	w.sealFull(w.buf)
	w.buf = w.buf[:0]
	return int64(got), true
}

// stream seals whole batches from src; what does not fill a chunk stays in buf.
func (w *Writer) stream(src io.Reader) (int64, error) {
	var total int64
	stages{
		start: func(chunks int) *batch {
			return &batch{coder: w.coder, in: make([]byte, chunks*ChunkSize), out: make([]byte, 0, chunks*sealedChunk)}
		},
		read: func(b *batch) bool {
			b.n, b.err = readFull(src, b.in)
			more := b.err == nil
			if b.err == io.EOF {
				b.err = nil
			}
			total += int64(b.n)
			b.first = w.next
			w.next += uint64(b.n / ChunkSize)
			if w.next >= maxChunks {
				b.n, b.err, more = 0, ErrTooLong, false
			}
			return more
		},
		work: func(b *batch) {
			b.out = b.out[:0]
			for i := range b.n / ChunkSize {
				b.out = b.seal(b.out, b.in[i*ChunkSize:][:ChunkSize], b.first+uint64(i))
			}
		},
		write: func(b *batch) bool {
			w.buf = append(w.buf[:0], b.in[b.n-b.n%ChunkSize:b.n]...)
			if w.err = writeAll(w.dst, b.out); w.err == nil {
				w.err = b.err
			}
			return w.err == nil
		},
	}.run(w.workers)
	return total, w.err
}

// writeAll holds a Writer to its contract: fewer bytes mean an error.
func writeAll(dst io.Writer, p []byte) error {
	if len(p) == 0 {
		return nil
	}
	n, err := dst.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return err
}
