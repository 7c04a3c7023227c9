package engine

import (
	"strconv"
	"strings"
)

// Classes of characters in a random password (KMS: GetRandomPassword).
const (
	lowercase   = "abcdefghijklmnopqrstuvwxyz"
	uppercase   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits      = "0123456789"
	punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
)

type getRandomPasswordRequest struct {
	PasswordLength                                                         *string // 8–128, default 32
	ExcludeCharacters                                                      *string
	ExcludeLowercase, ExcludeUppercase, ExcludeNumbers, ExcludePunctuation *string // "true" or "false" (default)
	RequireEachIncludedType                                                *string // default "true"
}

type getRandomPasswordResponse struct{ RandomPassword string }

func (e *Engine) getRandomPassword(_ *Call, in *getRandomPasswordRequest) (*getRandomPasswordResponse, error) {
	n := passwordDefault
	if length := text(in.PasswordLength); length != "" {
		var err error
		if n, err = strconv.Atoi(length); err != nil || n < passwordMin || n > passwordMax {
			return nil, errInvalidParameter("PasswordLength")
		}
	}
	each, err := textFlag("RequireEachIncludedType", in.RequireEachIncludedType, true)
	if err != nil {
		return nil, err
	}
	classes, err := in.classes()
	if err != nil {
		return nil, err
	}
	password, err := e.password(n, classes, each)
	if err != nil {
		return nil, serviceError(err)
	}
	return &getRandomPasswordResponse{password}, nil
}

// classes are the character classes left over after the exclusions.
func (in *getRandomPasswordRequest) classes() ([]string, error) {
	var classes []string
	for _, class := range []struct {
		name       string
		exclude    *string
		characters string
	}{
		{"ExcludeLowercase", in.ExcludeLowercase, lowercase},
		{"ExcludeUppercase", in.ExcludeUppercase, uppercase},
		{"ExcludeNumbers", in.ExcludeNumbers, digits},
		{"ExcludePunctuation", in.ExcludePunctuation, punctuation},
	} {
		excluded, err := textFlag(class.name, class.exclude, false)
		if err != nil {
			return nil, err
		}
		left := strings.Map(func(r rune) rune {
			if strings.ContainsRune(text(in.ExcludeCharacters), r) {
				return -1
			}
			return r
		}, class.characters)
		if !excluded && left != "" {
			classes = append(classes, left)
		}
	}
	if len(classes) == 0 {
		return nil, errInvalidParameter("ExcludeCharacters")
	}
	return classes, nil
}

// ClientKeyPassword draws a password that CreateClientKey accepts: 28 letters and
// digits. In the deterministic mode it follows from the seed.
func (e *Engine) ClientKeyPassword() (string, error) {
	return e.password(28, []string{lowercase, uppercase, digits}, true)
}

// password draws n characters from the classes, one of each at least if wanted,
// every place and character equally likely.
func (e *Engine) password(n int, classes []string, each bool) (string, error) {
	all := strings.Join(classes, "")
	out := make([]byte, 0, n)
	for len(out) < n {
		from := all
		if each && len(out) < len(classes) {
			from = classes[len(out)]
		}
		i, err := e.index(len(from))
		if err != nil {
			return "", err
		}
		out = append(out, from[i])
	}
	for i := len(out) - 1; i > 0; i-- {
		j, err := e.index(i + 1)
		if err != nil {
			return "", err
		}
		out[i], out[j] = out[j], out[i]
	}
	return string(out), nil
}

// index draws a number in [0, n) without bias; n is at most 256.
func (e *Engine) index(n int) (int, error) {
	for {
		b, err := e.random(1)
		if err != nil {
			return 0, err
		}
		if i := int(b[0]); i < 256-256%n {
			return i % n, nil
		}
	}
}
