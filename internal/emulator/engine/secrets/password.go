package secrets

import (
	"strconv"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
)

// Classes of characters in a random password (KMS: GetRandomPassword).
const (
	Lowercase   = "abcdefghijklmnopqrstuvwxyz"
	Uppercase   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	Digits      = "0123456789"
	Punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
)

type GetRandomPasswordRequest struct {
	PasswordLength                                                         *string // 8–128, default 32
	ExcludeCharacters                                                      *string
	ExcludeLowercase, ExcludeUppercase, ExcludeNumbers, ExcludePunctuation *string // "true" or "false" (default)
	RequireEachIncludedType                                                *string // default "true"
}

type GetRandomPasswordResponse struct{ RandomPassword string }

func getRandomPassword(e *core.Engine, _ *core.Call, in *GetRandomPasswordRequest) (*GetRandomPasswordResponse, error) {
	n := core.PasswordDefault
	if length := core.Text(in.PasswordLength); length != "" {
		var err error
		if n, err = strconv.Atoi(length); err != nil || n < core.PasswordMin || n > core.PasswordMax {
			return nil, core.ErrInvalidParameter("PasswordLength")
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
	password, err := password(e, n, classes, each)
	if err != nil {
		return nil, core.ServiceError(err)
	}
	return &GetRandomPasswordResponse{password}, nil
}

// classes are the character classes left over after the exclusions.
func (in *GetRandomPasswordRequest) classes() ([]string, error) {
	var classes []string
	for _, class := range []struct {
		name       string
		exclude    *string
		characters string
	}{
		{"ExcludeLowercase", in.ExcludeLowercase, Lowercase},
		{"ExcludeUppercase", in.ExcludeUppercase, Uppercase},
		{"ExcludeNumbers", in.ExcludeNumbers, Digits},
		{"ExcludePunctuation", in.ExcludePunctuation, Punctuation},
	} {
		excluded, err := textFlag(class.name, class.exclude, false)
		if err != nil {
			return nil, err
		}
		left := strings.Map(func(r rune) rune {
			if strings.ContainsRune(core.Text(in.ExcludeCharacters), r) {
				return -1
			}
			return r
		}, class.characters)
		if !excluded && left != "" {
			classes = append(classes, left)
		}
	}
	if len(classes) == 0 {
		return nil, core.ErrInvalidParameter("ExcludeCharacters")
	}
	return classes, nil
}

// ClientKeyPassword draws a password that CreateClientKey accepts: 28 letters and
// digits. In the deterministic mode it follows from the seed.
func ClientKeyPassword(e *core.Engine) (string, error) {
	return password(e, 28, []string{Lowercase, Uppercase, Digits}, true)
}

// password draws n characters from the classes, one of each at least if wanted,
// every place and character equally likely.
func password(e *core.Engine, n int, classes []string, each bool) (string, error) {
	all := strings.Join(classes, "")
	out := make([]byte, 0, n)
	for len(out) < n {
		from := all
		if each && len(out) < len(classes) {
			from = classes[len(out)]
		}
		i, err := index(e, len(from))
		if err != nil {
			return "", err
		}
		out = append(out, from[i])
	}
	for i := len(out) - 1; i > 0; i-- {
		j, err := index(e, i+1)
		if err != nil {
			return "", err
		}
		out[i], out[j] = out[j], out[i]
	}
	return string(out), nil
}

// index draws a number in [0, n) without bias; n is at most 256.
func index(e *core.Engine, n int) (int, error) {
	for {
		b, err := e.Random(1)
		if err != nil {
			return 0, err
		}
		if i := int(b[0]); i < 256-256%n {
			return i % n, nil
		}
	}
}
