package envelope

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

const chunk = 16 << 10

// sizes meets every chunk boundary, and the largest several batches.
func sizes() *rapid.Generator[int] {
	return rapid.OneOf(rapid.IntRange(0, 300), rapid.Custom(func(t *rapid.T) int {
		chunks := rapid.SampledFrom([]int{1, 2, 8, 9, 32, 33, 64, 70}).Draw(t, "chunks")
		return chunks*chunk + rapid.IntRange(-1, 1).Draw(t, "off")
	}))
}

// TestRoundTrip: whatever way a file is sealed, every way of reading gives it back.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		plain := text(sizes().Draw(rt, "size"))
		o := Options{
			Suite:      rapid.SampledFrom([]Suite{AES256, SM4}).Draw(rt, "suite"),
			Context:    testContext,
			Recipients: []Recipient{boxB, boxA},
			Size:       rapid.SampledFrom([]int64{UnknownSize, 0, int64(len(plain))}).Draw(rt, "hint"),
			Workers:    rapid.IntRange(0, 3).Draw(rt, "workers"),
		}
		var file bytes.Buffer
		w, err := Seal(t.Context(), &file, o)
		if err != nil {
			rt.Fatal(err)
		}
		fill(rt, w, plain)
		if err := w.Close(); err != nil {
			rt.Fatal(err)
		}
		if want := w.Header().SealedSize(int64(len(plain))); int64(file.Len()) != want {
			rt.Fatalf("file of %d bytes, announced %d", file.Len(), want)
		}
		readAllWays(t, rt, file.Bytes(), plain)
	})
}

// fill writes plain in pieces, by Write and ReadFrom.
func fill(rt *rapid.T, w *Writer, plain []byte) {
	for len(plain) > 0 {
		n := min(len(plain), rapid.SampledFrom([]int{1, 100, chunk - 1, chunk, 3*chunk + 5, 1 << 30}).Draw(rt, "piece"))
		var err error
		switch rapid.IntRange(0, 2).Draw(rt, "way") {
		case 0:
			_, err = w.Write(plain[:n])
		case 1:
			_, err = w.ReadFrom(bytes.NewReader(plain[:n]))
		case 2:
			_, err = w.ReadFrom(iotest.DataErrReader(bytes.NewReader(plain[:n])))
		}
		if err != nil {
			rt.Fatal(err)
		}
		plain = plain[n:]
	}
}

func readAllWays(t *testing.T, rt *rapid.T, file, plain []byte) {
	o := OpenOptions{Identities: []Identity{boxA}, Context: testContext, Workers: rapid.IntRange(0, 3).Draw(rt, "readers")}
	same := func(how string, got []byte, err error) {
		rt.Helper()
		if err != nil || !bytes.Equal(got, plain) {
			rt.Fatalf("%s: %d of %d bytes, %v", how, len(got), len(plain), err)
		}
	}
	r, err := Open(t.Context(), iotest.HalfReader(bytes.NewReader(file)), o)
	if err != nil {
		rt.Fatal(err)
	}
	got, err := io.ReadAll(r)
	same("Read", got, err)

	var b bytes.Buffer
	r, err = Open(t.Context(), bytes.NewReader(file), o)
	if err != nil {
		rt.Fatal(err)
	}
	head := make([]byte, min(len(plain), 3))
	if _, err := io.ReadFull(r, head); err != nil {
		rt.Fatal(err)
	}
	_, err = r.WriteTo(&b)
	same("Read and WriteTo", append(head, b.Bytes()...), err)

	at, err := OpenAt(t.Context(), bytes.NewReader(file), int64(len(file)), o)
	if err != nil {
		rt.Fatal(err)
	}
	if at.Size() != int64(len(plain)) {
		rt.Fatalf("size %d, want %d", at.Size(), len(plain))
	}
	off := rapid.IntRange(0, len(plain)).Draw(rt, "off")
	got, err = io.ReadAll(io.NewSectionReader(at, int64(off), int64(len(plain))))
	plain = plain[off:]
	same("ReadAt", got, err)
}

// TestSourceFailure: a source that fails, even by a cut connection's
// io.ErrUnexpectedEOF, never passes for one that ended.
func TestSourceFailure(t *testing.T) {
	plain := text(40 * chunk)
	for _, failure := range []error{io.ErrUnexpectedEOF, os.ErrDeadlineExceeded} {
		for _, n := range []int{5, chunk, 5*chunk + 1, 40 * chunk} {
			for _, workers := range []int{1, 2} {
				cut := func(p []byte) io.Reader {
					return io.MultiReader(bytes.NewReader(p[:n]), iotest.ErrReader(failure))
				}
				w, err := Seal(t.Context(), io.Discard, Options{Recipients: []Recipient{boxA}, Workers: workers})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := w.ReadFrom(cut(plain)); !errors.Is(err, failure) {
					t.Errorf("sealing %d bytes, %d workers: %v, want %v", n, workers, err, failure)
				}
				if err := w.Close(); !errors.Is(err, failure) {
					t.Errorf("closing after %d bytes, %d workers: %v, want %v", n, workers, err, failure)
				}
				file := seal(t, Options{Size: UnknownSize}, plain)
				n += 9000
				r, err := Open(t.Context(), cut(file), OpenOptions{Identities: []Identity{boxA}, Workers: workers})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := r.WriteTo(io.Discard); !errors.Is(err, failure) {
					t.Errorf("opening %d bytes, %d workers: %v, want %v", n, workers, err, failure)
				}
				n -= 9000
			}
		}
	}
}

// full is a disk with room for n bytes.
type full struct{ n int }

var errFull = errors.New("no space left")

func (f *full) Write(p []byte) (int, error) {
	if len(p) > f.n {
		return f.n, errFull
	}
	f.n -= len(p)
	return len(p), nil
}

// TestDestinationFailure: a full disk is reported, by all ways of writing, and
// nothing hangs.
func TestDestinationFailure(t *testing.T) {
	plain := text(200 * chunk)
	file := seal(t, Options{Size: UnknownSize}, plain)
	for _, room := range []int{0, 5000, 100 * chunk, len(plain) - 1} {
		for _, workers := range []int{1, 2, 5} {
			w, err := Seal(t.Context(), &full{room}, Options{Recipients: []Recipient{boxA}, Workers: workers})
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.ReadFrom(bytes.NewReader(plain))
			if cerr := w.Close(); !errors.Is(err, errFull) || !errors.Is(cerr, errFull) {
				t.Errorf("sealing to %d bytes of room, %d workers: %v, %v", room, workers, err, cerr)
			}
			r, err := Open(t.Context(), bytes.NewReader(file), OpenOptions{Identities: []Identity{boxA}, Workers: workers})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.WriteTo(&full{room}); !errors.Is(err, errFull) {
				t.Errorf("opening to %d bytes of room, %d workers: %v", room, workers, err)
			}
		}
	}
}

// TestChunkIsNotHeldBack: a reader of a pipe gets a chunk as soon as the chunk
// has arrived.
func TestChunkIsNotHeldBack(t *testing.T) {
	plain := text(3 * chunk)
	file := seal(t, Options{Size: UnknownSize}, plain)
	h, err := ReadHeader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	src, feed := io.Pipe()
	arrived := make(chan struct{})
	go func() {
		feed.Write(file[:h.BodyOffset+56+2*(chunk+16)])
		<-arrived // two chunks must come out before the rest goes in
		feed.Write(file[h.BodyOffset+56+2*(chunk+16):])
		feed.Close()
	}()
	r, err := Open(t.Context(), src, OpenOptions{Identities: []Identity{boxA}})
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(plain))
	if _, err := io.ReadFull(r, got[:2*chunk]); err != nil {
		t.Fatal(err)
	}
	close(arrived)
	if _, err := io.ReadFull(r, got[2*chunk:]); err != nil || !bytes.Equal(got, plain) {
		t.Fatal("wrong plaintext", err)
	}
}

// TestSmallFileIsOneWrite: header and body of a small file leave together.
func TestSmallFileIsOneWrite(t *testing.T) {
	var c counter
	w, err := Seal(t.Context(), &c, Options{Recipients: []Recipient{boxA}, Size: 100})
	if err != nil {
		t.Fatal(err)
	}
	w.Write(text(100))
	if c != 0 {
		t.Fatal("written before Close")
	}
	if err := w.Close(); err != nil || c != 1 {
		t.Fatalf("%d writes, %v", c, err)
	}
}

type counter int

func (c *counter) Write(p []byte) (int, error) { *c++; return len(p), nil }

// TestMemoryIsConstant: sixteen times the data, not one allocation more.
func TestMemoryIsConstant(t *testing.T) {
	for _, workers := range []int{1, 2} {
		var allocs [2]float64
		for i, size := range []int64{4 << 20, 64 << 20} {
			allocs[i] = testing.AllocsPerRun(1, func() { pump(t, size, workers) })
		}
		if allocs[1] > allocs[0]+10 {
			t.Errorf("%d workers: %.0f allocations for 4 MiB, %.0f for 64 MiB", workers, allocs[0], allocs[1])
		}
	}
}

// pump seals size bytes into a pipe and opens them at its other end.
func pump(t *testing.T, size int64, workers int) {
	r, w := io.Pipe()
	go func() {
		s, err := Seal(t.Context(), w, Options{Recipients: []Recipient{boxA}, Size: size, Workers: workers})
		if err == nil {
			_, err = s.ReadFrom(io.LimitReader(zeros{}, size))
		}
		if err == nil {
			err = s.Close()
		}
		w.CloseWithError(err)
	}()
	_, n, err := Verify(t.Context(), r, OpenOptions{Identities: []Identity{boxA}, Workers: workers})
	if err != nil || n != size {
		t.Error(n, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
