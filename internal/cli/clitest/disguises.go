package clitest

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Disguises are the forms in which a text could lie in a file: as it is, in hexadecimal, in base64, escaped for an address,
// for JSON, for JSON in JSON, and quoted as Go does. In base64 it depends on what stands before it, by three alignments, and
// the characters at its ends are shared with its neighbours.
func Disguises(text string) [][]byte {
	out := [][]byte{[]byte(text), []byte(hex.EncodeToString([]byte(text))), []byte(strings.ToUpper(hex.EncodeToString([]byte(text))))}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			encoded := encoding.EncodeToString([]byte(strings.Repeat("x", before) + text))
			first := (before*8 + 5) / 6
			last := (before + len(text)) * 8 / 6
			out = append(out, []byte(encoded[first:last]))
		}
	}
	quoted := strconv.Quote(text)
	for _, form := range []string{
		url.QueryEscape(text), url.PathEscape(text), asJSON(text, false), asJSON(text, true), asJSON(asJSON(text, true), true), quoted[1 : len(quoted)-1],
	} {
		out = append(out, []byte(form))
	}
	return out
}

// asJSON is a text as it stands between the quotes of a JSON string.
func asJSON(text string, html bool) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(html)
	_ = e.Encode(text) // a string
	return strings.Trim(strings.TrimSuffix(b.String(), "\n"), `"`)
}

// Opened is data with everything that is packed in it, to a depth: what is compressed, in base64, or in hexadecimal.
func Opened(data []byte, depth int) [][]byte {
	all := [][]byte{data}
	if depth == 0 {
		return all
	}
	for rest := data; ; rest = rest[1:] {
		at := bytes.Index(rest, []byte("\x1f\x8b\x08"))
		if at < 0 {
			break
		}
		rest = rest[at:]
		if r, err := gzip.NewReader(bytes.NewReader(rest)); err == nil {
			r.Multistream(false)
			plain, _ := io.ReadAll(r) // as far as it goes
			all = append(all, Opened(plain, depth-1)...)
		}
	}
	for _, run := range hexRun.FindAll(data, -1) {
		plain, _ := hex.DecodeString(string(run[:len(run)/2*2]))
		all = append(all, Opened(plain, depth-1)...)
	}
	for _, run := range base64Run.FindAll(data, -1) {
		if len(hexRun.Find(run)) < len(run)-1 { // not the x before hexadecimal
			all = append(all, Opened(fromBase64(run), depth-1)...)
		}
	}
	return all
}

var (
	hexRun    = regexp.MustCompile(`[0-9a-fA-F]{32,}`)
	base64Run = regexp.MustCompile(`[A-Za-z0-9+/_-]{32,}`)
)

func fromBase64(run []byte) []byte {
	if len(run)%4 == 1 {
		run = run[:len(run)-1]
	}
	plain, err := base64.RawStdEncoding.DecodeString(string(run))
	if err != nil {
		plain, _ = base64.RawURLEncoding.DecodeString(string(run))
	}
	return plain
}

// PackedDepth is how deep a journal lies in a row of a table: compressed, in base64, in a head, in hexadecimal.
const PackedDepth = 3

// Holding are the forms of a secret that data has, packed or not.
func Holding(layers [][]byte, secret string) []string {
	var found []string
	for _, form := range Disguises(secret) {
		if !slices.Contains(found, string(form)) && slices.ContainsFunc(layers, func(layer []byte) bool { return bytes.Contains(layer, form) }) {
			found = append(found, string(form))
		}
	}
	return found
}
