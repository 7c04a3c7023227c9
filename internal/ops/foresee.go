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

// ForeseeOpen refuses a file that nothing could open: one that cannot be read, is no envelope and no document, or has
// another context than u demands. rewritten says that it would be replaced in its place.
func ForeseeOpen(source string, u Unseal, rewritten bool) error {
	from, err := at(source)
	if err != nil {
		return err
	}
	defer from.close()
	f, info, err := openRegular(from, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	h, err := ReadHead(f, info.Size())
	switch {
	case err != nil:
		return fmt.Errorf("open %s: %w", from, err)
	case u.Context != nil && !h.Context.Equal(u.Context):
		return fmt.Errorf("open %s: its context is another one", from)
	case rewritten && durable.ManyNames(durable.Links(info)):
		return fmt.Errorf("%s has %d names (hard links); make a copy under one name and change that", from, durable.Links(info))
	}
	return nil
}
