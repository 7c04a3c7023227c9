package hcl

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"net/url"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// textFunc makes a function of one text.
func textFunc(f func(string) (string, error)) function.Function {
	return function.New(&function.Spec{
		Params:       []function.Parameter{{Name: "text", Type: cty.String}},
		Type:         function.StaticReturnType(cty.String),
		RefineResult: func(b *cty.RefinementBuilder) *cty.RefinementBuilder { return b.NotNull() },
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			s, err := f(args[0].AsString())
			return cty.StringVal(s), err
		},
	})
}

func hashFunc(h func() hash.Hash, encode func([]byte) string) function.Function {
	return textFunc(func(s string) (string, error) { return digest(h, encode, []byte(s)), nil })
}

func digest(h func() hash.Hash, encode func([]byte) string, data []byte) string {
	d := h()
	d.Write(data)
	return encode(d.Sum(nil))
}

var base64Text = base64.StdEncoding.EncodeToString

func hashes() []Function {
	const g = "Hashes"
	return []Function{
		{"base64sha256", g, "The SHA-256 of a text, as Base64.", hashFunc(sha256.New, base64Text)},
		{"base64sha512", g, "The SHA-512 of a text, as Base64.", hashFunc(sha512.New, base64Text)},
		{"md5", g, "The MD5 of a text, in hex; for old formats only.", hashFunc(md5.New, hex.EncodeToString)},
		{"sha1", g, "The SHA-1 of a text, in hex; for old formats only.", hashFunc(sha1.New, hex.EncodeToString)},
		{"sha256", g, "The SHA-256 of a text, in hex.", hashFunc(sha256.New, hex.EncodeToString)},
		{"sha512", g, "The SHA-512 of a text, in hex.", hashFunc(sha512.New, hex.EncodeToString)},
	}
}

var (
	base64EncodeFunc = textFunc(func(s string) (string, error) { return base64Text([]byte(s)), nil })
	base64DecodeFunc = textFunc(func(s string) (string, error) {
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return "", errors.New("the text is not Base64")
		}
		if !utf8.Valid(b) {
			return "", errors.New("the decoded bytes are not UTF-8 text")
		}
		if err := textProblem(string(b)); err != nil {
			return "", fmt.Errorf("the decoded text cannot be used: %w", err)
		}
		return string(b), nil
	})
	urlEncodeFunc = textFunc(func(s string) (string, error) { return url.QueryEscape(s), nil })
)
