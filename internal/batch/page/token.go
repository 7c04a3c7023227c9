package page

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"os"
	"strings"

	"kmsplan.dev/kmsplan/internal/durable"
)

// The lengths of a token in a file, characters. What nobody can guess needs no count of guesses.
const (
	leastToken = 26
	mostToken  = 1024
)

// NewToken makes a token of 128 bits or more.
func NewToken() string { return rand.Text() }

// ReadToken reads a token from a file that only its owner may read.
func ReadToken(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("read the page's token: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("read the page's token: %w", err)
	}
	owner, _ := durable.OwnerOf(info)
	switch {
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("read the page's token: %s is no regular file", name)
	case owner >= 0 && info.Mode().Perm()&0o077 != 0:
		return "", fmt.Errorf("read the page's token: %s may be read by others (mode %04o); run: chmod 600 %s", name, info.Mode().Perm(), name)
	}
	text, err := io.ReadAll(io.LimitReader(f, mostToken+1))
	if err != nil {
		return "", fmt.Errorf("read the page's token: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if len(token) < leastToken || len(token) > mostToken || strings.ContainsAny(token, " \t\r\n") {
		return "", fmt.Errorf("read the page's token: %s does not hold one token of %d to %d characters on one line; make one with: openssl rand -hex 32", name, leastToken, mostToken)
	}
	return token, nil
}

// same compares secrets without telling how far they agree, nor how long they are.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
