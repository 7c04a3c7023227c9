package parts

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
)

// header is a part's first line.
type header struct {
	batch.Chunk
	Packed int64 `json:"packed"` // bytes of the gzip that follows
}

var writers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// Append adds a part to buf.
func Append(buf []byte, p queue.Part) ([]byte, error) {
	if len(p.Entries) != p.Objects {
		return nil, fmt.Errorf("chunk %d of the manifest says that it has %d objects and has %d", p.Index, p.Objects, len(p.Entries))
	}
	var packed bytes.Buffer
	z := writers.Get().(*gzip.Writer) // one is most of a megabyte
	defer writers.Put(z)
	z.Reset(&packed)
	lines := json.NewEncoder(z)
	for _, e := range p.Entries {
		if err := lines.Encode(e); err != nil {
			return nil, fmt.Errorf("encoding the entry %q of chunk %d: %w", e.Name, p.Index, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	line, err := json.Marshal(header{p.Chunk, int64(packed.Len())})
	if err != nil {
		return nil, err
	}
	return append(append(append(buf, line...), '\n'), packed.Bytes()...), nil
}

// Bounds of what is read: a chunk's line, and the gzip and the text of its entries, in bytes.
const (
	mostLine   = 64 << 10
	mostPacked = 1 << 30
	mostText   = 4 << 30
)

var errNone = errors.New("there is no chunk that is whole")

// headerAt reads the line at an offset and tells where the gzip after it begins.
func headerAt(r io.ReaderAt, offset int64) (h header, body int64, err error) {
	buf := make([]byte, 4096)
	for {
		n, err := r.ReadAt(buf, offset)
		if end := bytes.IndexByte(buf[:n], '\n'); end >= 0 {
			if err := json.Unmarshal(buf[:end], &h); err != nil || h.Packed < 0 || h.Packed > mostPacked || h.Objects < 0 {
				return h, 0, errNone
			}
			return h, offset + int64(end) + 1, nil
		}
		if err != nil || len(buf) >= mostLine {
			return h, 0, errNone
		}
		buf = make([]byte, 4*len(buf))
	}
}

// Read reads the part at an offset.
func Read(r io.ReaderAt, offset int64) (queue.Part, error) {
	h, body, err := headerAt(r, offset)
	if err != nil {
		return queue.Part{}, err
	}
	entries, err := unpack(io.NewSectionReader(r, body, h.Packed), h.Objects)
	if err != nil {
		return queue.Part{}, fmt.Errorf("the entries of chunk %d: %w", h.Index, err)
	}
	return queue.Part{Chunk: h.Chunk, Entries: entries}, nil
}

// Decode reads a part that is alone.
func Decode(data []byte) (queue.Part, error) { return Read(bytes.NewReader(data), 0) }

func unpack(packed io.Reader, objects int) ([]batch.Entry, error) {
	z, err := gzip.NewReader(packed)
	if err != nil {
		return nil, err
	}
	var entries []batch.Entry
	for lines := json.NewDecoder(io.LimitReader(z, mostText)); ; {
		var e batch.Entry
		err := lines.Decode(&e)
		if errors.Is(err, io.EOF) && len(entries) == objects {
			return entries, nil
		}
		if err != nil {
			return nil, fmt.Errorf("after %d of %d: %w", len(entries), objects, err)
		}
		if len(entries) == objects {
			return nil, fmt.Errorf("there are more than %d", objects)
		}
		entries = append(entries, e)
	}
}

// Offsets tells where each of the chunks of a manifest of that size begins.
func Offsets(r io.ReaderAt, size int64, chunks int) ([]int64, error) {
	var at []int64
	for offset := int64(0); offset < size; {
		h, body, err := headerAt(r, offset)
		if err == nil && (h.Index != len(at) || body+h.Packed > size) {
			err = errNone
		}
		if err != nil {
			return nil, fmt.Errorf("at byte %d, where chunk %d begins: %w", offset, len(at), err)
		}
		at = append(at, offset)
		offset = body + h.Packed
	}
	if len(at) != chunks {
		return nil, fmt.Errorf("it has %d chunks, not %d", len(at), chunks)
	}
	return at, nil
}
