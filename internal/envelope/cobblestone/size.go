package cobblestone

import "fmt"

// SealedSize is the length of the message that n bytes of plaintext become.
func SealedSize(n int64) int64 {
	return PrefixSize + n + (n/ChunkSize+1)*Overhead
}

// PlaintextSize is the plaintext length of a message of n bytes. Lengths that
// no message has, such as 56 + k·16400, give [ErrTruncated].
func PlaintextSize(n int64) (int64, error) {
	_, last, err := lastChunk(n)
	if err != nil {
		return 0, err
	}
	chunks := (n - PrefixSize) / sealedChunk
	return chunks*ChunkSize + last - Overhead, nil
}

// lastChunk finds the final chunk of a message of n bytes: its number and its
// sealed length.
func lastChunk(n int64) (number uint64, length int64, err error) {
	if n < PrefixSize+Overhead {
		return 0, 0, fmt.Errorf("%d bytes: %w", n, ErrTruncated)
	}
	full, length := (n-PrefixSize)/sealedChunk, (n-PrefixSize)%sealedChunk
	if length < Overhead {
		return 0, 0, fmt.Errorf("%d bytes end between two chunks: %w", n, ErrTruncated)
	}
	if full >= maxChunks {
		return 0, 0, ErrTooLong
	}
	return uint64(full), length, nil
}
