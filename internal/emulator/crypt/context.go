package crypt

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxContext is the longest encryption context, in characters of its JSON text.
// KMS: EncryptionContext, 8,192.
const MaxContext = 8192

// ErrContext says that an encryption context is not an object of strings within
// MaxContext.
var ErrContext = errors.New("the encryption context is not a short object of strings")

// ContextAAD turns an encryption context into additional authenticated data: keys
// sorted, joined as k=v with &, SHA-256, the 32 raw bytes. An absent and an empty
// context mean no data at all. Error: ErrContext.
//
// As in the service, = and & are not escaped: {"a":"1&b=2"} and {"a":"1","b":"2"}
// are the same context.
func ContextAAD(context map[string]any) ([]byte, error) {
	if len(context) == 0 {
		return nil, nil
	}
	pairs := make([]string, 0, len(context))
	for _, key := range slices.Sorted(maps.Keys(context)) {
		value, ok := context[key].(string)
		if !ok {
			return nil, ErrContext
		}
		pairs = append(pairs, key+"="+value)
	}
	if text, err := json.Marshal(context); err != nil || utf8.RuneCount(text) > MaxContext {
		return nil, ErrContext
	}
	sum := sha256.Sum256([]byte(strings.Join(pairs, "&")))
	return sum[:], nil
}
