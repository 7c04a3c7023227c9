package document

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"
)

// inUTF16 is a text as an editor of Windows saves it.
func inUTF16(order binary.AppendByteOrder, mark bool, s string) []byte {
	var out []byte
	if mark {
		out = order.AppendUint16(out, 0xfeff)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, u)
	}
	return out
}

func inUTF32(order binary.AppendByteOrder, s string) []byte {
	out := order.AppendUint32(nil, 0xfeff)
	for _, r := range s {
		out = order.AppendUint32(out, uint32(r))
	}
	return out
}

// samples are small files of each format.
var samples = map[string]string{
	"yaml": "db:\n  password: 秘密\n", "json": "{\"password\": \"秘密\"}\n", "jsonc": "{\"password\": \"秘密\"} // c\n", "toml": "password = \"秘密\"\n",
	"dotenv": "PASSWORD=秘密\n", "ini": "[db]\npassword = 秘密\n", "hcl": "password = \"秘密\"\n",
}

// TestAnotherEncodingIsNamed: a file that is not UTF-8 is refused in every format, and the refusal says what it is and how it
// becomes UTF-8.
func TestAnotherEncodingIsNamed(t *testing.T) {
	for _, name := range Names() {
		text, r := samples[name], newRig(t, name)
		for want, src := range map[string][]byte{
			"UTF-16 text, and only UTF-8 is read here: convert it (iconv -f UTF-16 -t UTF-8)":     inUTF16(binary.LittleEndian, true, text),
			"UTF-16 text, and only UTF-8 is read here: convert it (iconv -f UTF-16 -t UTF-8) ":    inUTF16(binary.BigEndian, true, text),
			"UTF-16 text, and only UTF-8 is read here: convert it (iconv -f UTF-16LE -t UTF-8)":   inUTF16(binary.LittleEndian, false, text),
			"UTF-16 text, and only UTF-8 is read here: convert it (iconv -f UTF-16BE -t UTF-8)":   inUTF16(binary.BigEndian, false, text),
			"UTF-32 text, and only UTF-8 is read here: convert it (iconv -f UTF-32 -t UTF-8)":     inUTF32(binary.LittleEndian, text),
			"UTF-32 text, and only UTF-8 is read here: convert it (iconv -f UTF-32 -t UTF-8) and": inUTF32(binary.BigEndian, text),
			"not UTF-8 text from here on": []byte(strings.ReplaceAll(text, "秘密", "\xc3\xd8")),
			"a NUL byte":                  []byte(text + "\x00"),
		} {
			_, _, err := Seal(src, r.options)
			var refused *Refusal
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q instead of %q", name, err, want)
			}
			if err := Foresee(src, r.options.Format, Rules{}); err == nil {
				t.Errorf("%s: %.20q would be sealed", name, src)
			}
		}
		r.backAndForth(text)
		r.backAndForth("\ufeff" + text)
	}
}

// TestADocumentInAnotherEncodingIsOne: an editor that saves a document as UTF-16 leaves it one, which nobody encrypts again
// and everybody is told how to open.
func TestADocumentInAnotherEncodingIsOne(t *testing.T) {
	for _, name := range Names() {
		r := newRig(t, name)
		doc := string(r.seal(samples[name]))
		for _, saved := range [][]byte{
			inUTF16(binary.LittleEndian, true, doc), inUTF16(binary.BigEndian, true, doc), inUTF16(binary.LittleEndian, false, doc),
			inUTF16(binary.LittleEndian, true, strings.ReplaceAll(doc, "\n", "\r\n")), inUTF32(binary.LittleEndian, doc),
			inUTF16(binary.LittleEndian, true, doc)[1:], // the end of a file, cut between two characters
		} {
			if !Is(saved) {
				t.Errorf("%s: %.20q is no document", name, saved)
			}
			if _, err := r.open(saved); !errors.Is(err, errReencoded) {
				t.Errorf("%s: %v", name, err)
			}
			if _, _, err := Seal(saved, r.options); !errors.Is(err, ErrAlready) {
				t.Errorf("%s: sealed again: %v", name, err)
			}
		}
		if Is(inUTF16(binary.LittleEndian, true, samples[name])) || Is(inUTF16(binary.LittleEndian, true, "see "+magic+" yaml\n")) {
			t.Errorf("%s: what is none is called a document", name)
		}
	}
}
