package keyfile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// Standing is what a client key's file is to the recorded client key.
type Standing int

// The standings of a file.
const (
	Missing Standing = iota
	Ours             // it holds the recorded client key
	Other            // it is something else
)

// Found is what the files of a place are.
type Found struct {
	Standing   Standing
	ID         string // the client key that the file says it holds; "" = none, or it is encrypted to recipients
	Digest     string // of the file
	Closed     bool   // the password does not open it
	NoPassword bool   // the password file is missing
	Problem    string // why the files cannot be looked at, or "": a sentence without its capital and full stop
}

// Look looks at the files. A password of "" is that of the password file, or is not known; then nothing is opened.
func (p Place) Look(r Recorded, password string) (f Found) {
	if p.PasswordFile != "" {
		text, err := p.Password()
		switch {
		case missing(err):
			f.NoPassword = true
		case err != nil:
			f.Problem = fmt.Sprintf("the file %s cannot be read: %v", p.PasswordFile, err)
		}
		password = text
	}
	content, err := p.read(p.File)
	switch {
	case missing(err):
		return f
	case err != nil:
		f.Problem = fmt.Sprintf("the file %s cannot be read: %v", p.File, err)
		return f
	}
	f.Digest, f.Standing = digest(content), Other
	var says struct{ KeyId string } //nolint:revive // the file's own word
	if json.Unmarshal(content, &says) == nil {
		f.ID = says.KeyId
	}
	if r.ID != "" && f.ID == r.ID || r.Digest != "" && f.Digest == r.Digest {
		f.Standing = Ours
	}
	if f.ID != "" && password != "" {
		_, err := dkms.ParseClientKey(content, password)
		f.Closed = errors.Is(err, dkms.ErrClientKeyPassword)
	}
	return f
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// Password is what the password file says; "" where it is encrypted to recipients.
func (p Place) Password() (string, error) {
	content, err := p.read(p.PasswordFile)
	if err != nil {
		return "", err
	}
	defer clear(content)
	if strings.HasPrefix(string(content), ageBegins) {
		return "", nil
	}
	return strings.TrimRight(string(content), "\r\n"), nil
}
