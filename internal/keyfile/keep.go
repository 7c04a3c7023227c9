package keyfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"filippo.io/age"

	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// ageBegins is how a file that is encrypted to age recipients begins.
const ageBegins = "age-encryption.org/"

// Pending is the name under which the content of a file waits to take its place.
func Pending(name, id string) string { return path.Clean(name) + "." + id + ".pending" }

// Keep puts what the service answered on disk, beside the file that is in use. password is what is written to the
// password file; "" = that file stays as it is.
func (p Place) Keep(id, privateKeyData, password string) error {
	if !plainName(id) {
		return fmt.Errorf("the service gave the client key an id that no file can be named after: %q", id)
	}
	content, err := dkms.MarshalClientKey(id, privateKeyData)
	if err != nil {
		return err
	}
	defer clear(content)
	if password != "" {
		if err := p.put(Pending(p.PasswordFile, id), []byte(password)); err != nil {
			return err
		}
	}
	return p.put(Pending(p.File, id), content) // the last one: where it is, all is
}

// plainName keeps a faulty answer from naming another directory.
func plainName(id string) bool {
	return id != "" && len(id) <= 128 && !strings.ContainsFunc(id, func(r rune) bool {
		return r != '.' && r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

func (p Place) put(name string, content []byte) error {
	sealed, err := p.seal(content)
	if err != nil {
		return fmt.Errorf("encrypt %s to its recipients: %w", name, err)
	}
	d, base, err := p.in(name)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.WriteFile(base, sealed, mode); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// seal encrypts to the recipients, where there are some.
func (p Place) seal(content []byte) ([]byte, error) {
	if len(p.Recipients) == 0 {
		return content, nil
	}
	var to []age.Recipient
	for _, text := range p.Recipients {
		parsed, err := age.ParseRecipients(strings.NewReader(text))
		if err != nil {
			return nil, errors.New("a recipient is no age public key") // age's own error repeats it
		}
		to = append(to, parsed...)
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, to...)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(content)
	err = errors.Join(err, w.Close()) // what is last is written then
	return sealed.Bytes(), err
}

// Take puts what waits for a client key in the place of the files, the password first, and returns the digest of the
// file. found is false where nothing waits. It may be done again after a crash. r is the client key whose file is
// replaced. Errors: fs.ErrExist where another file is in the way; what waits goes on waiting.
func (p Place) Take(id string, r Recorded) (sum string, found bool, err error) {
	if !plainName(id) {
		return "", false, nil
	}
	content, err := p.read(Pending(p.File, id))
	if missing(err) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("read %s: %w", Pending(p.File, id), err)
	}
	defer clear(content)
	next := digest(content)
	if there := p.Look(r, ""); kept(there.Standing == Other && there.Digest != next) {
		return next, true, fmt.Errorf("%s: %w, and it is not this client key's; what was made waits in %s", p.File, fs.ErrExist, Pending(p.File, id))
	}
	if p.PasswordFile != "" {
		if err := p.exchange(p.PasswordFile, id); err != nil {
			return next, true, err
		}
	}
	return next, true, p.exchange(p.File, id)
}

// exchange moves a waiting content, if there is one, into its place.
func (p Place) exchange(name, id string) error {
	content, err := p.read(Pending(name, id))
	if missing(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", Pending(name, id), err)
	}
	defer clear(content)
	d, base, err := p.in(name)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.WriteFile(base, content, mode); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return d.Remove(path.Base(Pending(name, id)))
}
