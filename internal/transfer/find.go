package transfer

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/kms/wire/ciphertext"
	"kmsplan.dev/kmsplan/internal/kms/wire/sdkmessage"
)

// The forms in which a ciphertext stands in a file.
const (
	FormBase64    = "base64"     // in a text: a member of JSON, a cell of CSV, a value of YAML …
	FormBase64URL = "base64url"  // likewise, in the alphabet of URLs
	FormBinary    = "ciphertext" // the file is one
	FormMessage   = "message"    // of the vendor's encryption clients, which holds data keys; the file, or base64 in it
	FormEnvelope  = "envelope"   // of kmsplan
)

// advanceMark is what the instance gateway puts before a ciphertext.
const advanceMark = "$\x00\x02"

// Blob is a ciphertext in a file.
type Blob struct {
	Start, End int    // of its text in the file, bytes
	Form       string // a Form…
	Version    string // the key version that opens it
	Raw        []byte // the ciphertext without the mark of the instance gateway, or the message
	message    *sdkmessage.Message
	binary     bool // the file is it
	advance    bool
	url        bool // the alphabet of URLs
	slashes    bool // a slash is written \/, as some writers of JSON do
	unpadded   bool
}

// find lists the ciphertexts under one of the versions, by their place. Broken are the places where one begins and
// does not go on as one does.
func find(content []byte, versions []string) (blobs []Blob, broken []int) {
	if b, isMessage, wanted := asMessage(Blob{End: len(content), binary: true}, content, versions); wanted {
		return []Blob{b}, nil
	} else if isMessage {
		return nil, nil
	}
	blobs, messages := messagesIn(content, versions)
	for _, version := range versions {
		if b, ok := whole(content, version); ok {
			return []Blob{b}, nil
		}
		prefix := []byte(base64.StdEncoding.EncodeToString([]byte(version)))
		for from := 0; ; {
			i := bytes.Index(content[from:], prefix)
			if i < 0 {
				break
			}
			at := from + i
			b, ok := textAt(content, at, version)
			from = max(b.End, at+len(prefix))
			switch {
			case inside(messages, at):
			case ok:
				blobs = append(blobs, b)
			default:
				broken = append(broken, at)
			}
		}
	}
	slices.SortFunc(blobs, byStart)
	slices.Sort(broken)
	return blobs, broken
}

// whole reads a file that is one ciphertext, of binary bytes.
func whole(content []byte, version string) (Blob, bool) {
	rest, advance := bytes.CutPrefix(content, []byte(advanceMark))
	if !bytes.HasPrefix(rest, []byte(version)) {
		return Blob{}, false
	}
	if _, err := ciphertext.VersionID(rest); err != nil {
		return Blob{}, false
	}
	return Blob{End: len(content), Form: FormBinary, Version: version, Raw: rest, binary: true, advance: advance}, true
}

// textAt reads the base64 in which a version's id stands at a place.
func textAt(content []byte, at int, version string) (Blob, bool) {
	b := Blob{Start: at, Version: version}
	mark := []byte(base64.StdEncoding.EncodeToString([]byte(advanceMark)))
	if bytes.HasSuffix(content[:at], mark) {
		b.Start, b.advance = at-len(mark), true
	}
	if b.Start > 0 && content[b.Start-1] != '=' && isBase64(content[b.Start-1]) {
		return Blob{End: at}, false // it stands inside a longer text of base64, which is something else
	}
	b, raw, ok := readText(content, b)
	if !ok {
		return Blob{End: b.End}, false
	}
	b.Raw = ciphertext.OpenAPI(raw)
	_, err := ciphertext.VersionID(b.Raw)
	return b, err == nil
}

// readText reads the base64 that begins at a blob's start, and how it is written.
func readText(content []byte, b Blob) (Blob, []byte, bool) {
	var text strings.Builder
	padding := false
	for b.End = b.Start; b.End < len(content); b.End++ {
		c := content[b.End]
		if c == '\\' && b.End+1 < len(content) && content[b.End+1] == '/' {
			b.slashes = true
			continue
		}
		if !isBase64(c) || padding && c != '=' {
			break
		}
		padding = c == '='
		text.WriteByte(c)
	}
	encoding := base64.StdEncoding
	b.Form = FormBase64
	if b.url = strings.ContainsAny(text.String(), "-_"); b.url {
		encoding, b.Form = base64.URLEncoding, FormBase64URL
	}
	if n := text.Len(); n%4 != 0 && !strings.HasSuffix(text.String(), "=") {
		encoding, b.unpadded = encoding.WithPadding(base64.NoPadding), true
	}
	raw, err := encoding.Strict().DecodeString(text.String())
	return b, raw, err == nil
}

func isBase64(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("+/-_=", c) >= 0
}

// write is another ciphertext in the form of this one.
func (b Blob) write(raw []byte) []byte {
	if b.advance {
		raw = append([]byte(advanceMark), raw...)
	}
	if b.binary {
		return raw
	}
	encoding := base64.StdEncoding
	if b.url {
		encoding = base64.URLEncoding
	}
	if b.unpadded {
		encoding = encoding.WithPadding(base64.NoPadding)
	}
	text := encoding.EncodeToString(raw)
	if b.slashes {
		text = strings.ReplaceAll(text, "/", `\/`)
	}
	return []byte(text)
}

// splice exchanges ciphertexts; everything else keeps its bytes. fresh is by place.
func splice(content []byte, blobs []Blob, fresh [][]byte) []byte {
	var out bytes.Buffer
	at := 0
	for i, b := range blobs {
		if fresh[i] == nil {
			continue
		}
		out.Write(content[at:b.Start])
		out.Write(b.write(fresh[i]))
		at = b.End
	}
	out.Write(content[at:])
	return out.Bytes()
}
