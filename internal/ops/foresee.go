package ops

import (
	"fmt"
	"os"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/durable"
)

// ForeseeEncrypt refuses what EncryptFile would refuse, as far as it shows without a call.
func ForeseeEncrypt(source, output string, s Seal) error {
	from, err := at(source)
	if err != nil {
		return err
	}
	defer from.close()
	form, err := formOf(from)
	if err != nil {
		return err
	}
	if form != "" && !s.Again {
		return fmt.Errorf("encrypt %s: %w", from, encryptedError{form})
	}
	if s.Values != nil {
		src, _, err := readDocument(from, document.MaxSize)
		if err == nil {
			err = s.Values.foresee(from.String(), src)
		}
		if err != nil {
			return fmt.Errorf("encrypt %s: %w", from, err)
		}
	}
	to, err := atNew(output)
	if err != nil {
		return err
	}
	defer to.close()
	if _, err := newOutput(to, nil); err != nil {
		return err
	}
	if s.Unasked {
		if err := replaceable(to, s); err != nil {
			return fmt.Errorf("encrypt %s: %w", from, err)
		}
	}
	return nil
}

func (v Values) foresee(name string, src []byte) error {
	f, err := v.format(name, src)
	if err != nil {
		return err
	}
	return document.Foresee(src, f, v.Rules)
}

// Foresight is what is known of opening a file before anything is called.
type Foresight struct {
	Unseal     Unseal
	Rewritten  bool // it would be replaced in its place
	Identities bool // others than KMS keys are given
}

// ForeseeOpen refuses a file that nothing could open: one that cannot be read, is no envelope and no document, has another
// context than is demanded, or names no KMS key where no identity is given.
func ForeseeOpen(source string, f Foresight) error {
	_, err := foreseeOpen(source, f)
	return err
}

// foreseeOpen also gives the length of the plaintext, -1 where only opening tells.
func foreseeOpen(source string, want Foresight) (size int64, err error) {
	from, err := at(source)
	if err != nil {
		return 0, err
	}
	defer from.close()
	f, info, err := openRegular(from, os.O_RDONLY)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	h, err := ReadHead(f, info.Size())
	switch u := want.Unseal; {
	case err != nil:
		return 0, fmt.Errorf("open %s: %w", from, err)
	case u.Context != nil && !h.Context.Equal(u.Context):
		return 0, fmt.Errorf("open %s: its context is another one", from)
	case len(h.KMSStanzas()) == 0 && !want.Identities:
		return 0, fmt.Errorf("open %s: its header names no KMS key; -identity FILE says what else opens it", from)
	case want.Rewritten && durable.ManyNames(durable.Links(info)):
		return 0, fmt.Errorf("%s has %d names (hard links); make a copy under one name and change that", from, durable.Links(info))
	}
	if size, err = h.PlaintextSize(info.Size()); err != nil {
		size = -1 // a document's, or one that is cut: the run says so
	}
	return size, nil
}

// ForeseeDecrypt refuses what DecryptFile would refuse, as far as it shows without a call: of a plaintext that is there already,
// that it has another length.
func ForeseeDecrypt(source, output string, f Foresight) error {
	size, err := foreseeOpen(source, f)
	if err != nil || output == "" || output == "-" {
		return err
	}
	to, err := atNew(output)
	if err != nil {
		return err
	}
	defer to.close()
	if _, err := newOutput(to, nil); err != nil || !f.Unseal.Unasked || size < 0 {
		return err
	}
	there, info, err := openRegular(to, os.O_RDONLY)
	if isMissing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer there.Close()
	if info.Size() != size {
		return editedError(to)
	}
	return nil
}
