package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	rootKeyFile = "root.key"
	rootKeySize = 32
)

// sealer encrypts records with AES-256-GCM under the root key, each bound to
// its place, so that no record can be moved or swapped inside the file.
type sealer struct{ aead cipher.AEAD }

func newSealer(key []byte) (sealer, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealer{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return sealer{aead}, err
}

func (s sealer) seal(place string, plain []byte) []byte {
	return s.aead.Seal(nil, nil, plain, []byte(place))
}

func (s sealer) open(place string, sealed []byte) ([]byte, error) {
	return s.aead.Open(nil, nil, sealed, []byte(place))
}

// loadRootKey reads the directory's root key; a directory without records gets
// a new one.
func loadRootKey(dir string, haveRecords bool) (sealer, error) {
	path := filepath.Join(dir, rootKeyFile)
	key, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && haveRecords:
		return sealer{}, fmt.Errorf("%s is missing, and without it the records in %s cannot be read: restore the file from a backup, or remove the directory to start anew", path, dir)
	case errors.Is(err, fs.ErrNotExist):
		return createRootKey(path)
	case err != nil:
		return sealer{}, fmt.Errorf("read the emulator's root key: %w", err)
	case len(key) != rootKeySize:
		return sealer{}, fmt.Errorf("%s holds %d bytes instead of %d: restore the file from a backup, or remove the directory to start anew", path, len(key), rootKeySize)
	}
	return newSealer(key)
}

func createRootKey(path string) (sealer, error) {
	key := make([]byte, rootKeySize)
	rand.Read(key) // never fails
	if err := writeNew(path, key); err != nil {
		return sealer{}, fmt.Errorf("create the emulator's root key: %w", err)
	}
	return newSealer(key)
}

// writeNew creates path, which must not exist, with mode 0600, durably; a
// failure leaves no file behind.
func writeNew(path string, data []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			os.Remove(path)
		}
	}()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
