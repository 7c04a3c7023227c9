package child

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

const (
	// MinMasked is the shortest value that is masked, bytes: a shorter one stands in every output.
	MinMasked = 4
	// minLine is the shortest line of a value of several lines that is masked alone.
	minLine = 8
	// minForm is the shortest part of a value in base64.
	minForm = 6
)

// forms are a value as programs print it: as it is, line by line, with its quotes escaped, in a URL, in hexadecimal
// and in base64, alone or inside of something longer.
func forms(v string) []string {
	if len(v) < MinMasked {
		return nil
	}
	out := []string{v, url.QueryEscape(v), url.PathEscape(v), hex.EncodeToString([]byte(v)), strings.ToUpper(hex.EncodeToString([]byte(v)))}
	if quoted, err := json.Marshal(v); err == nil {
		out = append(out, string(quoted[1:len(quoted)-1]))
	}
	if lines := strings.Split(v, "\n"); len(lines) > 1 {
		for _, line := range lines {
			if line = strings.TrimSpace(line); len(line) >= minLine {
				out = append(out, line)
			}
		}
	}
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		out = append(out, enc.EncodeToString([]byte(v)))
		for before := range 3 {
			out = append(out, inside(enc, v, before))
		}
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(s string) bool { return len(s) < MinMasked })
}

// inside is what the base64 of any text has in common that has v behind a number of bytes.
func inside(enc *base64.Encoding, v string, before int) string {
	text := enc.WithPadding(base64.NoPadding).EncodeToString([]byte(strings.Repeat("\x00", before) + v))
	first := []int{0, 2, 3}[before]
	last := (before + len(v)) * 8 / 6
	if last-first < minForm {
		return ""
	}
	return text[first:last]
}
