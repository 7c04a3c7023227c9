package view

import (
	"net/url"
	"strings"
)

// fileURI is a slash-separated path as a relative URI reference.
func fileURI(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	uri := strings.Join(parts, "/")
	if strings.Contains(parts[0], ":") {
		return "./" + uri // what stands before the colon is no scheme
	}
	return uri
}
