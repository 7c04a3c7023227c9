package kms

import (
	"strings"
	"unicode"
)

// objectParams name what a call is about, most telling first.
var objectParams = []string{"AliasName", "SecretName", "KeyId", "DestinationKeyId", "ProtectedResourceArn",
	"KmsInstanceId", "ClientKeyId", "CertificateId", "Name", "AapName"}

// ObjectOf names what a call is about, printable and bounded.
func ObjectOf(params map[string]any) string {
	for _, name := range objectParams {
		if s, ok := params[name].(string); ok && s != "" {
			return Plain(s)
		}
	}
	return ""
}

// Plain bounds what an answer or a request names for an error's text.
func Plain(s string) string {
	const most = 256
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
	return strings.ToValidUTF8(s[:min(len(s), most)], "")
}
