package envelope

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"kmsplan.dev/kmsplan/internal/safety"
)

// maxPairs bounds what encodes a context or a stanza's parameters, in bytes.
// KMS: EncryptionContext, at most 8192 characters of JSON.
const maxPairs = 8000

// Context is an encryption context: public name-value pairs that the data key
// is bound to. It is readable in the header.
type Context map[string]string

// Equal reports whether both hold the same pairs; nil equals empty.
func (c Context) Equal(d Context) bool { return maps.Equal(c, d) }

// bodyContext is what binds the body's keys to version, suite and context:
// the suite's digest of the three, each after its length in 8 bytes.
func bodyContext(s Suite, c Context) ([]byte, error) {
	pairs, err := encodePairs(c)
	if err != nil {
		return nil, fmt.Errorf("encryption context: %w", err)
	}
	h := s.digest()()
	for _, part := range []string{magic, s.String(), strings.Join(pairs, " ")} {
		if safety.Off(safety.BoundContext) {
			part = ""
		}
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	return h.Sum(nil), nil
}

// encodePairs writes pairs as name=value, sorted by name, in the one way there
// is: every byte outside unescaped as %XX.
func encodePairs(pairs map[string]string) ([]string, error) {
	var args []string
	total := 0
	for _, name := range slices.Sorted(maps.Keys(pairs)) {
		value := pairs[name]
		if name == "" {
			return nil, fmt.Errorf("a pair has an empty name: give it one")
		}
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			return nil, fmt.Errorf("the pair %q is not valid UTF-8: correct it", name)
		}
		arg := escape(name) + "=" + escape(value)
		if total += len(arg) + 1; total > maxPairs {
			return nil, fmt.Errorf("the pairs take more than %d bytes: use fewer or shorter ones", maxPairs)
		}
		args = append(args, arg)
	}
	return args, nil
}

// decodePairs reads what encodePairs writes and nothing else.
func decodePairs(args []string) (map[string]string, error) {
	pairs := make(map[string]string)
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok {
			return nil, fmt.Errorf("%q is no name=value", arg)
		}
		pairs[unescape(name)] = unescape(value)
	}
	again, err := encodePairs(pairs)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(args, again) {
		return nil, fmt.Errorf("pairs are not in canonical form")
	}
	return pairs, nil
}

const (
	unescaped = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/:@,"
	hexDigits = "0123456789ABCDEF"
)

func escape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.IndexByte(unescaped, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
		}
	}
	return b.String()
}

// unescape decodes what escape writes; what else it makes of other input is
// caught by decodePairs, which encodes again and compares.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := strings.IndexByte(hexDigits, s[i+1]), strings.IndexByte(hexDigits, s[i+2])
			if hi >= 0 && lo >= 0 {
				b.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
