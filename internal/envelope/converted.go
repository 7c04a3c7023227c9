package envelope

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf16"
)

// ConvertedError says that a file is an envelope which a program took for text and changed. What the program
// did cannot be undone in general: the body holds any bytes. It wraps [ErrCorrupt].
type ConvertedError struct {
	How string // "its line endings were converted to CRLF"
	Way string // what to do about it
}

func (e *ConvertedError) Error() string {
	return "an envelope that was changed as if it were text: " + e.How + "; " + e.Way
}

// Unwrap gives ErrCorrupt.
func (e *ConvertedError) Unwrap() error { return ErrCorrupt }

const (
	wayOfGit    = "fetch or restore it again, and say `*.enc -text` in .gitattributes, or git converts it (core.autocrlf) at the next checkout"
	wayOfBytes  = "restore it, and copy it as bytes, not as text"
	wayOfDecode = "decode it first"
)

// product is what the version line of every version begins with.
const product = "kmsplan.dev/envelope/v"

// Recognizable is how many bytes of a file Recognize looks at.
const Recognizable = versionRoom

// Recognize reports whether a file that begins so is an envelope, of whatever version, or was one before a
// program took it for text.
func Recognize(first []byte) bool {
	return strings.HasPrefix(string(first), product) || converted(first) != nil
}

// converted finds an envelope in the first bytes of a file that is none. It gives nil for what never was one.
func converted(first []byte) error {
	text := string(first)
	bare := strings.TrimLeft(text, "\r\n\t ")
	switch {
	case strings.HasPrefix(text, "\xef\xbb\xbf"+product):
		return &ConvertedError{"it begins with a byte order mark", wayOfBytes}
	case hasPrefix16(first, false), hasPrefix16(first, true):
		return &ConvertedError{"it is UTF-16", wayOfBytes}
	case strings.HasPrefix(bare, base64.StdEncoding.EncodeToString([]byte(product[:len(product)/3*3]))):
		return &ConvertedError{"it is base64", wayOfDecode}
	case strings.HasPrefix(strings.ToLower(bare), hex.EncodeToString([]byte(product))):
		return &ConvertedError{"it is hexadecimal", wayOfDecode}
	case bare != text && strings.HasPrefix(bare, product):
		return &ConvertedError{"it begins with blank space", wayOfBytes}
	}
	return nil
}

// hasPrefix16 reports whether a file begins as product does in UTF-16, with a byte order mark or without.
func hasPrefix16(first []byte, big bool) bool {
	var want []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + product)) {
		low, high := byte(unit), byte(unit>>8)
		if big {
			low, high = high, low
		}
		want = append(want, low, high)
	}
	return bytes.HasPrefix(first, want) || bytes.HasPrefix(first, want[2:])
}

// convertedLine is the error of a version line that is none of this version's.
func convertedLine(line string) error {
	switch {
	case strings.HasPrefix(line, product) && strings.Contains(line, "\r->"):
		return &ConvertedError{"its line endings were converted to CR", wayOfGit}
	case strings.HasPrefix(line, product) && strings.HasSuffix(line, "\r"):
		return &ConvertedError{"its line endings were converted to CRLF", wayOfGit}
	}
	return nil
}

// convertedBody finds out why no header of a file with a good version line is whole: region is everything
// before the body, prefix how the body begins.
func convertedBody(slotted bool, region, prefix []byte) error {
	switch replaced := bytes.Count(prefix, []byte("\ufffd")); {
	case replaced >= 3: // by chance once in 2^60 files
		return &ConvertedError{"its bytes were decoded as UTF-8, and what is no text was replaced", wayOfBytes}
	case slotted && bytes.IndexByte(region, 0) < 0:
		return &ConvertedError{"its zero bytes were taken out", wayOfBytes}
	}
	return nil
}
