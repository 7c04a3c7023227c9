package document

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// encoding is how a text is written in bytes, where that is not UTF-8.
type encoding struct {
	name  string
	iconv string // its name to iconv, with or without a byte order mark
	mark  string // the byte order mark
	unit  int    // bytes of a character of ASCII
	at    int    // which of them is not zero
}

// encodings are those that editors and shells of Windows save. UTF-32 begins as UTF-16 does, and goes first.
var encodings = []encoding{
	{"UTF-32", "UTF-32", "\xff\xfe\x00\x00", 4, 0}, {"UTF-32", "UTF-32", "\x00\x00\xfe\xff", 4, 3},
	{"UTF-16", "UTF-16", "\xff\xfe", 2, 0}, {"UTF-16", "UTF-16", "\xfe\xff", 2, 1},
	{"UTF-16", "UTF-16LE", "", 2, 0}, {"UTF-16", "UTF-16BE", "", 2, 1},
}

// encodingSample is how much of a text without a mark is looked at, bytes.
const encodingSample = 1 << 10

// encodingOf finds the encoding of what is not UTF-8: by its mark, or by the zero bytes of its ASCII.
func encodingOf(src []byte) (encoding, bool) {
	for _, e := range encodings {
		if e.mark != "" && bytes.HasPrefix(src, []byte(e.mark)) || e.mark == "" && e.spaced(src[:min(len(src), encodingSample)&^1]) {
			return e, true
		}
	}
	return encoding{}, false
}

// spaced reports whether at least half of the characters of a sample are ASCII of the encoding, and none is a NUL.
func (e encoding) spaced(sample []byte) bool {
	ascii := 0
	for i := 0; i < len(sample); i += e.unit {
		switch {
		case sample[i+e.at] == 0:
			return false
		case sample[i+1-e.at] == 0:
			ascii++
		}
	}
	return ascii > 0 && 2*ascii >= len(sample)/e.unit
}

// notUTF8 refuses a text in another encoding, and what is no text.
func notUTF8(src []byte) error {
	if e, ok := encodingOf(src); ok {
		return &Refusal{Why: fmt.Sprintf("the file is %s text, and only UTF-8 is read here: convert it (iconv -f %s -t UTF-8) and save it so, or encrypt it whole, without -values", e.name, e.iconv)}
	}
	for i := 0; i < len(src); {
		r, n := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && n == 1 {
			return refuse(src, i, "the file is not UTF-8 text from here on: convert it from the encoding that it has (iconv -f GB18030 -t UTF-8, for one), or encrypt it whole, without -values")
		}
		i += n
	}
	if i := bytes.IndexByte(src, 0); i >= 0 {
		return refuse(src, i, "a NUL byte: this is no text; encrypt the file whole, without -values")
	}
	return nil
}

// errReencoded says that somebody saved a document in another encoding, in which nothing of it can be opened.
var errReencoded = errors.New("a document of kmsplan that was saved as UTF-16 or UTF-32 since: convert it back to UTF-8 (iconv -f UTF-16 -t UTF-8), and it opens as it did")

// reencoded reports whether a content is a document that was saved in another encoding: its mark is there, with zero
// bytes between the characters. It may be the end of a file alone.
func reencoded(content []byte) bool {
	for _, unit := range []int{2, 4} {
		if bytes.Contains(content, spread(family, unit)) {
			ascii := bytes.ReplaceAll(content, []byte{0}, nil)
			ascii = bytes.TrimPrefix(bytes.TrimPrefix(ascii, []byte("\xff\xfe")), []byte("\xfe\xff"))
			return formatNamed(ascii) != "" || otherVersion(ascii)
		}
	}
	return false
}

// spread is a text of ASCII with zero bytes between its characters, in either order of bytes.
func spread(text string, unit int) []byte {
	var out []byte
	for _, c := range []byte(text) {
		out = append(append(out, c), make([]byte, unit-1)...)
	}
	return out[:len(out)-unit+1]
}
