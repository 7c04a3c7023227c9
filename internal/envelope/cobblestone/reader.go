package cobblestone

import (
	"io"

	"kmsplan.dev/kmsplan/internal/safety"
)

// Reader decrypts one message. Every byte it returns belongs to a chunk whose
// tag has been verified; whether the message is whole is known only at io.EOF.
// Errors are final.
type Reader struct {
	src     io.Reader
	coder   coder
	in      []byte // sealed bytes read ahead: in[pos:end]
	pos     int
	end     int
	plain   []byte // backs unread
	unread  []byte // verified plaintext not yet returned
	next    uint64 // number of the next chunk
	srcErr  error  // how src ended, io.EOF or a failure
	workers int
	err     error
}

// NewReader reads a message's prefix from src and checks its commitment. With
// more than one worker, [Reader.WriteTo] (which io.Copy calls) opens chunks on
// that many cores.
func NewReader(src io.Reader, inst Instance, key, context []byte, workers int) (*Reader, error) {
	var prefix [PrefixSize]byte
	if _, err := readFull(src, prefix[:]); err == io.EOF {
		return nil, ErrTruncated
	} else if err != nil {
		return nil, err
	}
	c, err := inst.open(key, context, prefix[:])
	if err != nil {
		return nil, err
	}
	return &Reader{src: src, coder: c, workers: workers, in: make([]byte, sealedChunk)}, nil
}

// Read gives up to one chunk per call, straight into p where p has room.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(r.unread) == 0 && r.err == nil {
		if len(p) >= ChunkSize {
			out, err := r.chunk(p[:0])
			r.err = err
			if len(out) > 0 {
				return len(out), nil
			}
		} else {
			r.refill()
		}
	}
	if len(r.unread) == 0 {
		return 0, r.err
	}
	n := copy(p, r.unread)
	r.unread = r.unread[n:]
	return n, nil
}

// refill opens the next chunk into the Reader's own buffer.
func (r *Reader) refill() {
	r.plain, r.err = r.chunk(r.plain[:0])
	r.unread = r.plain
}

// chunk appends the next chunk's plaintext to dst. io.EOF comes with the last.
func (r *Reader) chunk(dst []byte) ([]byte, error) {
	r.ahead()
	have := r.in[r.pos:r.end]
	if len(have) >= sealedChunk {
		if r.next >= maxChunks-1 {
			return dst, ErrTooLong
		}
		out, err := r.coder.open(dst, have[:sealedChunk], r.next)
		r.pos += sealedChunk
		r.next++
		return out, err
	}
	if r.srcErr != io.EOF {
		return dst, r.srcErr
	}
	r.pos = r.end
	if len(have) < Overhead {
		return dst, endsEarly()
	}
	out, err := r.coder.open(dst, have, r.next)
	if err == nil {
		err = io.EOF
	}
	return out, err
}

// endsEarly is how a message ends that has no short last chunk.
func endsEarly() error {
	if safety.Off(safety.LastChunk) {
		return io.EOF
	}
	return ErrTruncated
}

// ahead reads until a whole chunk is at hand or src has ended, and no longer:
// a chunk that has arrived is never held back for the next one.
func (r *Reader) ahead() {
	if r.end-r.pos >= sealedChunk || r.srcErr != nil {
		return
	}
	if r.next == 1 && len(r.in) == sealedChunk {
		in := make([]byte, batchChunks*sealedChunk) // a second chunk: not a small file
		r.pos, r.end = 0, copy(in, r.in[r.pos:r.end])
		r.in = in
	} else {
		r.pos, r.end = 0, copy(r.in, r.in[r.pos:r.end])
	}
	for empty := 0; r.end < sealedChunk && r.srcErr == nil; {
		n, err := r.src.Read(r.in[r.end:])
		r.end += n
		r.srcErr = err
		if empty++; n > 0 {
			empty = 0
		}
		if empty == emptyReads {
			r.srcErr = io.ErrNoProgress
		}
	}
}

// WriteTo writes the rest of the message to dst. A message of one chunk stays
// on the caller's goroutine.
func (r *Reader) WriteTo(dst io.Writer) (int64, error) {
	var total int64
	for first := true; ; first = false {
		n := len(r.unread)
		if err := writeAll(dst, r.unread); err != nil {
			return total, err
		}
		total += int64(n)
		r.unread = nil
		if r.err == io.EOF {
			return total, nil
		}
		if r.err != nil {
			return total, r.err
		}
		if !first {
			break
		}
		r.refill()
	}
	n, err := r.stream(dst)
	return total + n, err
}

// stream opens whole batches into dst until the message ends.
func (r *Reader) stream(dst io.Writer) (int64, error) {
	var total int64
	r.err = io.EOF
	stages{
		start: func(chunks int) *batch {
			return &batch{coder: r.coder, in: make([]byte, chunks*sealedChunk), out: make([]byte, 0, chunks*ChunkSize)}
		},
		read: func(b *batch) bool {
			b.first = r.next
			b.n, b.err = r.readBatch(b.in)
			r.next += uint64(b.n / sealedChunk)
			if b.err == nil && r.next >= maxChunks {
				b.n, b.err = 0, ErrTooLong
			}
			return b.err == nil
		},
		work: func(b *batch) {
			if err := b.openAll(); err != nil {
				b.err = err
			}
		},
		write: func(b *batch) bool {
			if err := writeAll(dst, b.out); err != nil {
				r.err = err
				return false
			}
			total += int64(len(b.out))
			if b.err != nil {
				r.err = b.err
			}
			return b.err == nil
		},
	}.run(r.workers)
	if r.err != io.EOF {
		return total, r.err
	}
	return total, nil
}

// readBatch fills in from what was read ahead, then from src.
func (r *Reader) readBatch(in []byte) (int, error) {
	n := copy(in, r.in[r.pos:r.end])
	r.pos += n
	if n == len(in) {
		return n, nil
	}
	if r.srcErr != nil {
		return n, r.srcErr
	}
	got, err := readFull(r.src, in[n:])
	r.srcErr = err
	return n + got, err
}

// openAll opens the batch's chunks into out, up to the first that fails. Only
// the end of the message leaves a short chunk.
func (b *batch) openAll() error {
	b.out = b.out[:0]
	var err error
	full := b.n / sealedChunk
	for i := range full {
		if b.out, err = b.open(b.out, b.in[i*sealedChunk:][:sealedChunk], b.first+uint64(i)); err != nil {
			return err
		}
	}
	if b.err != io.EOF {
		return nil
	}
	rest := b.in[full*sealedChunk : b.n]
	if len(rest) < Overhead {
		return endsEarly()
	}
	b.out, err = b.open(b.out, rest, b.first+uint64(full))
	return err
}
