package ops

import (
	"io/fs"
	"os"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/safety"
)

// Untouched says what an encrypted file says of itself, where an earlier part of the run made it of its plaintext, or
// its plaintext of it, and neither was touched since. It calls nothing and reads a header.
func (r *RunNote) Untouched(sealed, plain string) (Envelope, bool) {
	from, err := at(sealed)
	if err != nil {
		return Envelope{}, false
	}
	defer from.close()
	f, info, err := openRegular(from, os.O_RDONLY)
	if err != nil {
		return Envelope{}, false
	}
	defer f.Close()
	h, err := ReadHead(f, info.Size())
	if err != nil {
		return Envelope{}, false
	}
	noted, done := r.pair(h.Commitment)
	of, err := os.Lstat(plain)
	if !done || err != nil || noted != (Pair{durable.FactsOf(info), durable.FactsOf(of)}) && !safety.Off(safety.RunUntouched) {
		return Envelope{}, false
	}
	got := describe(sealed, h.Header)
	got.Format, got.Sealed = h.Format(), info.Size()
	return got, true
}

// stampsWithin is how far apart two writes may be that a file system stamps alike: FAT's two seconds are the coarsest.
const stampsWithin = 2 * time.Second

// PlainBefore looks at a plaintext that will be read; nil = it is not there, or was touched so shortly ago that it may be
// touched again without that being seen.
func PlainBefore(name string, now time.Time) fs.FileInfo {
	info, err := os.Lstat(name)
	if err != nil || now.Sub(latestOf(durable.FactsOf(info))) <= stampsWithin {
		return nil
	}
	return info
}

// latestOf is when a file was touched last, as far as it says; where no file says so, always just now.
func latestOf(f durable.Facts) time.Time {
	if f.Ctime == 0 {
		return time.Unix(1<<40, 0)
	}
	return time.Unix(0, max(f.Ctime, f.Mtime))
}

// SealedBefore looks at an envelope that will be read; nil = it is not there. Its commitment tells what the facts do not.
func SealedBefore(name string) fs.FileInfo {
	info, err := os.Lstat(name)
	if err != nil {
		return nil
	}
	return info
}

// AddSealed remembers an envelope that was made of a plaintext, as PlainBefore knew that.
func (r *RunNote) AddSealed(commitment [32]byte, sealed string, plain fs.FileInfo) {
	if info, err := os.Lstat(sealed); err == nil && plain != nil {
		r.add(noteLine{Commitment: commitment[:], Pair: Pair{durable.FactsOf(info), durable.FactsOf(plain)}})
	}
}

// AddPlain remembers a plaintext that was made of an envelope, as SealedBefore knew that.
func (r *RunNote) AddPlain(commitment [32]byte, sealed fs.FileInfo, plain string) {
	if info, err := os.Lstat(plain); err == nil && sealed != nil {
		r.add(noteLine{Commitment: commitment[:], Pair: Pair{durable.FactsOf(sealed), durable.FactsOf(info)}})
	}
}
