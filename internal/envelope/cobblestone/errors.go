package cobblestone

import (
	"errors"
	"fmt"
)

var (
	// ErrTruncated says that a message ends before its final short chunk.
	ErrTruncated = errors.New("the encrypted data ends too early: fetch the file again or restore it from a backup")
	// ErrCorrupt is what every [CorruptError] wraps.
	ErrCorrupt = errors.New("the encrypted data was changed after it was written: restore the file from a backup")
	// ErrCommitment says that key and context are not those the message was
	// sealed with, or that its first 56 bytes were changed.
	ErrCommitment = errors.New("the key commitment does not match: wrong key, wrong context, or a damaged message prefix")
	// ErrKeySize says that an input key's length differs from the AEAD's.
	ErrKeySize = errors.New("the input key has the wrong length for this cipher")
	// ErrTooLong says that a message reached 2^38 chunks (4 PiB).
	ErrTooLong = errors.New("the message exceeds 4 PiB: split it")
	// ErrClosed says that a Writer was used after Close.
	ErrClosed = errors.New("the encrypting writer is closed already")
)

// CorruptError names the part of a file that failed its authentication.
type CorruptError struct {
	What string // such as "chunk 7" or "header"
}

func (e *CorruptError) Error() string { return e.What + " is damaged: " + ErrCorrupt.Error() }

// Unwrap makes errors.Is(err, ErrCorrupt) hold.
func (e *CorruptError) Unwrap() error { return ErrCorrupt }

func corruptChunk(n uint64) error { return &CorruptError{What: fmt.Sprintf("chunk %d", n)} }
