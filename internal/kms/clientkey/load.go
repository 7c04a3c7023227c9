package clientkey

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// maxClientKeyBytes bounds a ClientKey or password file; a real one has 4 KiB.
const maxClientKeyBytes = 1 << 20

// Source says where a ClientKey and its password are. File or Content,
// and Password or PasswordFile.
type Source struct {
	File         string     // clientKey_KAAP….json
	Content      kms.Secret // the file's text instead
	Password     kms.Secret
	PasswordFile string
}

// Load reads a ClientKey and checks it. Notes are what the user should
// know though it worked, for example that a line break was dropped from the
// password file.
func Load(source Source, now time.Time) (key *dkms.ClientKey, notes []string, err error) {
	content, name, err := source.content()
	if err != nil {
		return nil, nil, err
	}
	password, notes, err := source.password()
	if err != nil {
		return nil, nil, err
	}
	key, err = dkms.ParseClientKey(content, password)
	switch {
	case errors.Is(err, dkms.ErrClientKeyPassword):
		return nil, nil, fmt.Errorf("%s: %w: it is in the _Password.txt that came with the file", name, err)
	case err != nil:
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	case now.After(key.NotAfter()):
		return nil, nil, fmt.Errorf("%s: ClientKey %s expired on %s: create another one for its application access point",
			name, key.KeyID, key.NotAfter().UTC().Format(time.RFC3339))
	}
	return key, notes, nil
}

func (s Source) content() (content []byte, name string, err error) {
	if !s.Content.Empty() {
		return s.Content.Bytes(), "ClientKey", nil
	}
	if s.File == "" {
		return nil, "", errors.New("no ClientKey file was given: set client_key { file = … }")
	}
	content, err = readSmall(s.File)
	if errors.Is(err, os.ErrNotExist) {
		return nil, "", fmt.Errorf("ClientKey file %s does not exist: it is downloaded once, when the ClientKey is created", s.File)
	}
	if err != nil {
		return nil, "", fmt.Errorf("reading the ClientKey file: %w", err)
	}
	return content, "ClientKey file " + s.File, nil
}

func (s Source) password() (password string, notes []string, err error) {
	if s.PasswordFile == "" {
		password = s.Password.Reveal()
		name := "the ClientKey's password"
		return trimPassword(password, name)
	}
	text, err := readSmall(s.PasswordFile)
	if err != nil {
		return "", nil, fmt.Errorf("reading the ClientKey's password: %w", err)
	}
	return trimPassword(string(text), "the password file "+s.PasswordFile)
}

// trimPassword drops line breaks at the end, which editors add and KMS's
// passwords never have.
func trimPassword(password, name string) (string, []string, error) {
	trimmed := strings.TrimRight(password, "\r\n")
	if trimmed == "" {
		return "", nil, fmt.Errorf("%s is empty", name)
	}
	if trimmed != password {
		return trimmed, []string{"dropped the line break at the end of " + name}, nil
	}
	return trimmed, nil, nil
}

func readSmall(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxClientKeyBytes+1))
	if err == nil && len(content) > maxClientKeyBytes {
		err = fmt.Errorf("%s is larger than 1 MiB", file)
	}
	return content, err
}
