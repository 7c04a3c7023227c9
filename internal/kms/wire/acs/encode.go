package acs

import (
	"net/url"
	"slices"
	"strings"
)

// Encode percent-encodes s as the vendor's signatures do (RFC 3986: only
// letters, digits and -_.~ stay as they are).
func Encode(s string) string {
	e := url.QueryEscape(s)
	if strings.IndexByte(e, '+') >= 0 {
		e = strings.ReplaceAll(e, "+", "%20")
	}
	return e
}

// canonicalQuery renders values sorted by name. bare leaves the "=" out for
// empty values, as ACS4 does. Several values of one name keep their order.
func canonicalQuery(values url.Values, bare bool) string {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		for _, value := range values[name] {
			if b.Len() > 0 {
				b.WriteByte('&')
			}
			b.WriteString(Encode(name))
			if value == "" && bare {
				continue
			}
			b.WriteByte('=')
			b.WriteString(Encode(value))
		}
	}
	return b.String()
}
