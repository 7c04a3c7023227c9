package fault

import (
	"encoding/base64"
	"slices"
	"strings"
)

// Members are an answer's members under the API's names: text, bytes, truth
// values, and Members and lists of them. Where a protocol has no bytes (JSON),
// text in base64 stands for them.
type Members = map[string]any

// sealedParts and openParts are the members that carry what a cryptographic
// operation made or opened. Of the first that an answer has speaks a rule that
// names none: Corrupt takes sealed ones first, the rules of length open ones alone.
var (
	sealedParts = []string{"CiphertextBlob", "PrivateKeyCiphertextBlob", "ExportedDataKey", "EncryptedKeyMaterial", "Signature", "Value"}
	openParts   = []string{"Plaintext", "PrivateKeyPlaintext", "Random", "SecretData", "PublicKey", "PublicKeyBlob"}
)

// Empty takes every row out of a list's answer.
func Empty(m Members) {
	for name, v := range m {
		switch v := v.(type) {
		case []any:
			m[name] = []any{}
		case Members:
			Empty(v)
		}
		if name == "TotalCount" {
			m[name] = 0
		}
	}
}

// alter changes the members as the rule says, and reports whether there was
// something to change.
func (r *Rule) alter(m Members) bool {
	switch r.Action {
	case Corrupt:
		return r.part(m, slices.Concat(sealedParts, openParts), flip)
	case Shorten:
		return r.part(m, openParts, func(b []byte) []byte { return b[:len(b)-1] })
	case Lengthen:
		return r.part(m, openParts, func(b []byte) []byte { return append(b, 'x') })
	case WrongKeyID:
		return otherKey(m, r.argument())
	case WrongVersion:
		return replace(m, []string{"KeyVersionId", "SourceKeyVersionId", "PrimaryKeyVersion"}, r.argument())
	case WrongARN:
		return otherARN(m, r.argument())
	case ExtraFields:
		m["KmsplanUnknownField"] = Members{"Nested": []any{1, "two", nil}}
	}
	return true
}

// flip changes the lowest bit of the last byte: in a sealed blob that is the
// authentication tag.
func flip(b []byte) []byte {
	b[len(b)-1] ^= 1
	return b
}

// part changes the member that the rule names, or the first of parts.
func (r *Rule) part(m Members, parts []string, change func([]byte) []byte) bool {
	if r.Argument != "" {
		parts = []string{r.Argument}
	}
	for _, name := range parts {
		if in := holder(m, name); in != nil && changeBytes(in, name, change) {
			return true
		}
	}
	return false
}

// holder finds the members that one of this name stands among, the outermost
// first.
func holder(m Members, name string) Members {
	if _, found := m[name]; found {
		return m
	}
	for _, inner := range m {
		if in, ok := inner.(Members); ok {
			if found := holder(in, name); found != nil {
				return found
			}
		}
	}
	return nil
}

// changeBytes changes the bytes of a member; a truth value becomes its contrary.
func changeBytes(m Members, name string, change func([]byte) []byte) bool {
	switch v := m[name].(type) {
	case bool:
		m[name] = !v
	case []byte:
		if len(v) == 0 {
			return false
		}
		m[name] = change(append([]byte(nil), v...))
	case string:
		if v == "" {
			return false
		}
		if raw, err := base64.StdEncoding.DecodeString(v); err == nil {
			m[name] = base64.StdEncoding.EncodeToString(change(raw))
		} else {
			m[name] = string(change([]byte(v)))
		}
	default:
		return false
	}
	return true
}

// walk shows every text below m, with its name, and puts back what visit gives.
func walk(m Members, visit func(name, text string) string) {
	for name, v := range m {
		m[name] = walked(name, v, visit)
	}
}

func walked(name string, v any, visit func(name, text string) string) any {
	switch v := v.(type) {
	case string:
		return visit(name, v)
	case Members:
		walk(v, visit)
	case []any:
		for i := range v {
			v[i] = walked(name, v[i], visit)
		}
	}
	return v
}

// replace puts text into every member of these names.
func replace(m Members, names []string, with string) (found bool) {
	walk(m, func(name, text string) string {
		if !slices.Contains(names, name) {
			return text
		}
		found = true
		return with
	})
	return found
}

// otherKey names another key: in every KeyId, and in the ARNs of those keys.
func otherKey(m Members, id string) (found bool) {
	own := map[string]bool{}
	walk(m, func(name, text string) string {
		if name == "KeyId" && text != "" {
			own[text] = true
		}
		return text
	})
	walk(m, func(name, text string) string {
		prefix, last := text[:strings.LastIndexByte(text, '/')+1], text[strings.LastIndexByte(text, '/')+1:]
		switch {
		case own[text]:
			return id
		case prefix != "" && own[last] && strings.HasPrefix(text, "acs:"):
			return prefix + id
		}
		return text
	})
	return len(own) > 0
}

// arnParts are what WrongARN can change: the index in acs:kms:region:account:… and
// what comes there.
var arnParts = map[string]struct {
	index int
	value string
}{
	"account": {3, "1999999999999999"},
	"region":  {2, "xx-elsewhere"},
}

func otherARN(m Members, part string) (found bool) {
	p := arnParts[part]
	walk(m, func(_, text string) string {
		fields := strings.SplitN(text, ":", 5)
		if len(fields) != 5 || fields[0] != "acs" {
			return text
		}
		found, fields[p.index] = true, p.value
		return strings.Join(fields, ":")
	})
	return found
}
