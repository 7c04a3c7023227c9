package ops

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/state"
)

// ErrPlain says that a file is neither an envelope nor a document.
var ErrPlain = errors.New("it is not encrypted: neither an envelope nor a document")

// Record reads the header of an encrypted file, without keys and without proof, and says what a census keeps of it: an
// entry for each KMS key that opens it, without address. One that no KMS key opens has an entry without key.
// Errors: ErrPlain, fs.ErrNotExist.
func Record(source, name string) (Head, []state.File, error) {
	from, err := at(source)
	if err != nil {
		return Head{}, nil, err
	}
	defer from.close()
	f, info, err := openRegular(from, os.O_RDONLY)
	if err != nil {
		return Head{}, nil, err
	}
	defer f.Close()
	if err := looksEncrypted(f, info); err != nil {
		return Head{}, nil, fmt.Errorf("%s: %w", from, err)
	}
	h, err := ReadHead(f, info.Size())
	if err != nil {
		return Head{}, nil, fmt.Errorf("%s: %w", from, err)
	}
	return h, h.entries(name, info.Size()), nil
}

// looksEncrypted looks at both ends of a file.
func looksEncrypted(f *os.File, info fs.FileInfo) error {
	first := make([]byte, envelope.Recognizable)
	n, err := io.ReadFull(io.NewSectionReader(f, 0, info.Size()), first)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if envelope.Recognize(first[:n]) {
		return nil
	}
	tail, err := io.ReadAll(io.NewSectionReader(f, max(0, info.Size()-documentTail), documentTail))
	switch {
	case err != nil:
		return err
	case !document.Is(tail):
		return ErrPlain
	}
	return nil
}

func (h Head) entries(name string, size int64) (out []state.File) {
	f := state.File{Path: name, Commitment: commitmentText(h.Commitment), ContextDigest: contextDigest(h.Context)}
	if n, err := h.PlaintextSize(size); err == nil {
		f.Size = n
	}
	for _, k := range h.KMSStanzas() {
		f.KeyID, f.KeyARN, f.KeyVersion = KeyID(k.KeyARN), k.KeyARN, k.KeyVersionID
		out = append(out, f)
	}
	if len(out) == 0 {
		return []state.File{f}
	}
	return out
}

// BreakGlass reports whether an age identity opens the file.
func (h Head) BreakGlass() bool { return len(h.Stanzas) > len(h.KMSStanzas()) }
