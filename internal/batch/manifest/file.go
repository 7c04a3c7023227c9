package manifest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
)

// A manifest's file is a line of JSON for each chunk, with the length of the compressed entries that follow it, and a last
// line that tells the whole.
type line struct {
	*batch.Chunk
	Length int    `json:"length,omitempty"` // bytes that follow, gzip of one JSON object a line
	Whole  *Whole `json:"manifest,omitempty"`
}

// Whole is what a manifest says of itself as a whole.
type Whole struct {
	Digest  string `json:"digest"` // SHA-256 over the digests of its chunks, hex
	Objects int64  `json:"objects"`
	Bytes   int64  `json:"bytes"`
	Chunks  int    `json:"chunks"`
}

// Bounds of what is read.
const (
	maxLine    = 64 << 10
	maxEntries = 64 << 20 // of one chunk, unpacked
)

// Writer writes a manifest, chunk after chunk.
type Writer struct {
	w       io.Writer
	objects int   // of a chunk at most
	bytes   int64 // of a chunk at most
	last    string
	chunk   batch.Chunk
	text    bytes.Buffer
	whole   Whole
	digest  hash.Hash
}

// NewWriter writes chunks of at most so many objects, and bytes of objects.
func NewWriter(w io.Writer, objects int, bytes int64) *Writer {
	return &Writer{w: w, objects: objects, bytes: bytes, digest: sha256.New()}
}

// Add adds the next object. Two of one name in a row are refused: what lists them is not in order.
func (w *Writer) Add(e batch.Entry) error {
	if e.Name == w.last && w.whole.Objects+int64(w.chunk.Objects) > 0 {
		return fmt.Errorf("%q is listed twice", e.Name)
	}
	w.last = e.Name
	if w.chunk.Objects > 0 && (w.chunk.Objects >= w.objects || w.chunk.Bytes+max(e.Size, 0) > w.bytes) {
		if err := w.flush(); err != nil {
			return err
		}
	}
	if w.chunk.Objects == 0 {
		w.chunk.First = e.Name
	}
	w.chunk.Objects++
	w.chunk.Bytes += max(e.Size, 0)
	w.chunk.Last = e.Name
	return json.NewEncoder(&w.text).Encode(e)
}

func (w *Writer) flush() error {
	if w.chunk.Objects == 0 {
		return nil
	}
	sum := sha256.Sum256(w.text.Bytes())
	w.chunk.Digest = hex.EncodeToString(sum[:])
	packed, err := pack(w.text.Bytes())
	if err != nil {
		return err
	}
	text, err := json.Marshal(line{Chunk: &w.chunk, Length: len(packed)})
	if err != nil {
		return err
	}
	if _, err := w.w.Write(append(append(text, '\n'), packed...)); err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	digestChunk(w.digest, w.chunk)
	w.whole.Objects += int64(w.chunk.Objects)
	w.whole.Bytes += w.chunk.Bytes
	w.whole.Chunks++
	w.chunk = batch.Chunk{Index: w.whole.Chunks}
	w.text.Reset()
	return nil
}

// Close writes the end, and tells the whole. It does not close what it writes to.
func (w *Writer) Close() (Whole, error) {
	if err := w.flush(); err != nil {
		return Whole{}, err
	}
	w.whole.Digest = hex.EncodeToString(w.digest.Sum(nil))
	text, err := json.Marshal(line{Whole: &w.whole})
	if err != nil {
		return Whole{}, err
	}
	if _, err := w.w.Write(append(text, '\n')); err != nil {
		return Whole{}, fmt.Errorf("write the manifest: %w", err)
	}
	return w.whole, nil
}

func pack(text []byte) ([]byte, error) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(text); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// digestChunk puts all that a chunk says into a digest.
func digestChunk(h hash.Hash, c batch.Chunk) {
	fmt.Fprintf(h, "%d %d %d %s %q %q\n", c.Index, c.Objects, c.Bytes, c.Digest, c.First, c.Last)
}

// errDamaged says that a manifest is not what was written.
var errDamaged = errors.New("the manifest is damaged: plan the batch again")

// Parts reads a manifest from its beginning, and proves each chunk by its digest, and at the end the whole.
func Parts(r io.Reader, want Whole) iter.Seq2[queue.Part, error] {
	return func(yield func(queue.Part, error) bool) {
		in, digest, n := bufio.NewReaderSize(r, maxLine), sha256.New(), 0
		for {
			l, err := readLine(in)
			if err != nil {
				yield(queue.Part{}, err)
				return
			}
			if l.Whole != nil {
				if *l.Whole != want || hex.EncodeToString(digest.Sum(nil)) != want.Digest || n != want.Chunks {
					yield(queue.Part{}, errDamaged)
				}
				return
			}
			p, err := readPart(in, l)
			if err == nil && p.Index != n {
				err = errDamaged
			}
			n++
			digestChunk(digest, p.Chunk)
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

func readLine(in *bufio.Reader) (l line, err error) {
	text, err := in.ReadSlice('\n')
	if err != nil || json.Unmarshal(text, &l) != nil || l.Chunk == nil && l.Whole == nil || l.Length < 0 || l.Length > maxEntries {
		return l, errDamaged
	}
	return l, nil
}

func readPart(in io.Reader, l line) (queue.Part, error) {
	p := queue.Part{Chunk: *l.Chunk}
	packed, err := io.ReadAll(io.LimitReader(in, int64(l.Length)))
	if err != nil || len(packed) != l.Length {
		return p, errDamaged
	}
	p.Entries, err = Unpack(packed, p.Chunk)
	return p, err
}

// Pack gives the entries of a chunk as one compressed text.
func Pack(entries []batch.Entry) ([]byte, error) {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	for _, e := range entries {
		if err := out.Encode(e); err != nil {
			return nil, err
		}
	}
	return pack(text.Bytes())
}

// Unpack reads what Pack made, and proves it by the chunk's digest.
func Unpack(packed []byte, c batch.Chunk) ([]batch.Entry, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, errDamaged
	}
	text, err := io.ReadAll(io.LimitReader(z, maxEntries))
	if sum := sha256.Sum256(text); err != nil || hex.EncodeToString(sum[:]) != c.Digest {
		return nil, errDamaged
	}
	var all []batch.Entry
	in := json.NewDecoder(bytes.NewReader(text))
	for in.More() {
		var e batch.Entry
		if err := in.Decode(&e); err != nil {
			return nil, errDamaged
		}
		all = append(all, e)
	}
	if len(all) != c.Objects {
		return nil, errDamaged
	}
	return all, nil
}
