package envelope

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"
)

// benchSize is one gibibyte, the size that the figures are given for.
const benchSize = 1 << 30

// memory is a source of left bytes that costs one copy, as a page cache does.
type memory struct {
	page []byte
	left int64
}

func (m *memory) Read(p []byte) (int, error) {
	if m.left == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(int64(len(p)), m.left)], m.page)
	m.left -= int64(n)
	return n, nil
}

func source() io.Reader { return &memory{page: text(128 << 10), left: benchSize} }

// perCPU reports throughput per second of processor time, the figure that a
// busy machine does not spoil, beside the wall clock's.
func perCPU(b *testing.B, f func()) {
	b.SetBytes(benchSize)
	b.ReportAllocs()
	before := cpu()
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64(benchSize)*float64(b.N)/1e6/(cpu()-before).Seconds(), "MB/cpu-s")
}

var benchSuites = map[string]Suite{"kmsplan": AES256, "kmsplan-sm": SM4}

// BenchmarkSeal seals 1 GiB, beside the age library in the same run:
//
//	go test -run '^$' -bench 'Seal|Open' -benchtime 3x ./internal/envelope
func BenchmarkSeal(b *testing.B) {
	id := benchIdentity(b)
	b.Run("age/1core", func(b *testing.B) {
		perCPU(b, func() {
			w, err := age.Encrypt(io.Discard, id.Recipient())
			pour(b, w, source(), err)
		})
	})
	for name, suite := range benchSuites {
		for workers := 1; workers <= 2; workers++ {
			b.Run(fmt.Sprintf("%s/%dcore", name, workers), func(b *testing.B) {
				perCPU(b, func() { benchSeal(b, io.Discard, suite, workers) })
			})
		}
	}
}

func benchIdentity(b *testing.B) *age.X25519Identity {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		b.Fatal(err)
	}
	return id
}

func benchSeal(b *testing.B, dst io.Writer, suite Suite, workers int) {
	w, err := Seal(b.Context(), dst, Options{Suite: suite, Recipients: []Recipient{boxA}, Size: benchSize, Workers: workers})
	pour(b, w, source(), err)
}

func pour(b *testing.B, w io.WriteCloser, src io.Reader, err error) {
	if err == nil {
		_, err = io.Copy(w, src)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkOpen opens what BenchmarkSeal seals, from files: a gibibyte on the
// heap would keep the collector idle, and age, which allocates per chunk, would
// pay for fresh pages. TMPDIR=/dev/shm keeps disks out of it.
func BenchmarkOpen(b *testing.B) {
	id := benchIdentity(b)
	file := sealedFile(b, func(dst io.Writer) {
		w, err := age.Encrypt(dst, id.Recipient())
		pour(b, w, source(), err)
	})
	b.Run("age/1core", func(b *testing.B) {
		perCPU(b, func() {
			r, err := age.Decrypt(rewound(b, file), id)
			drain(b, r, err)
		})
	})
	for name, suite := range benchSuites {
		file := sealedFile(b, func(dst io.Writer) { benchSeal(b, dst, suite, 2) })
		for workers := 1; workers <= 2; workers++ {
			b.Run(fmt.Sprintf("%s/%dcore", name, workers), func(b *testing.B) {
				perCPU(b, func() {
					r, err := Open(b.Context(), rewound(b, file), OpenOptions{Identities: []Identity{boxA}, Workers: workers})
					drain(b, r, err)
				})
			})
		}
	}
}

func sealedFile(b *testing.B, write func(io.Writer)) *os.File {
	f, err := os.Create(filepath.Join(b.TempDir(), "sealed"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	write(f)
	return f
}

func rewound(b *testing.B, f *os.File) *os.File {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		b.Fatal(err)
	}
	return f
}

func drain(b *testing.B, r io.Reader, err error) {
	if err != nil {
		b.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, r); err != nil || n != benchSize {
		b.Fatal(n, err)
	}
}

// BenchmarkSmallFiles seals and opens 4 KiB under one data key, as a run over
// many small files does; age does it with a key per file.
func BenchmarkSmallFiles(b *testing.B) {
	plain, id := text(4<<10), benchIdentity(b)
	stanza, err := boxA.Wrap(b.Context(), key(AES256), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("kmsplan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var file bytes.Buffer
			w, err := Seal(b.Context(), &file, Options{DataKey: key(AES256), Stanzas: stanza, Size: int64(len(plain))})
			pour(b, w, bytes.NewReader(plain), err)
			if _, err := openAs(b, file.Bytes(), OpenOptions{DataKey: key(AES256)}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("age", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var file bytes.Buffer
			w, err := age.Encrypt(&file, id.Recipient())
			pour(b, w, bytes.NewReader(plain), err)
			r, err := age.Decrypt(&file, id)
			if err == nil {
				_, err = io.ReadAll(r)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkRewrap changes the header of a 1 MiB file in memory and, beside it,
// encrypts the file anew.
func BenchmarkRewrap(b *testing.B) {
	plain := text(1 << 20)
	d := &disk{bytes: seal(b, Options{DataKey: key(AES256), Size: 1 << 20}, plain)}
	stanza, err := boxB.Wrap(b.Context(), key(AES256), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("rewrap", func(b *testing.B) {
		for b.Loop() {
			d.epochs = nil
			if _, err := Rewrap(d, key(AES256), stanza); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("reencrypt", func(b *testing.B) {
		for b.Loop() {
			got, err := openAs(b, d.bytes, OpenOptions{DataKey: key(AES256)})
			if err != nil {
				b.Fatal(err)
			}
			seal(b, Options{DataKey: key(AES256), Stanzas: stanza, Size: 1 << 20}, got)
		}
	})
}
