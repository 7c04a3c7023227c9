package emulator

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/engine/access"
	"kmsplan.dev/kmsplan/internal/emulator/engine/secrets"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// clientKey is the ClientKey that the ready file offers, in two files of mode 0600:
// clientKey.json and clientKey_Password.txt, with the region in their names where it
// is not engine.DefaultRegion.
type clientKey struct {
	dir      string
	region   string
	engine   *engine.Engine
	mu       sync.Mutex
	password string
}

func (k *clientKey) file() string { return k.name(".json") }

func (k *clientKey) passwordFile() string { return k.name("_Password.txt") }

func (k *clientKey) name(end string) string {
	if k.region != engine.DefaultRegion {
		end = "_" + k.region + end
	}
	return filepath.Join(k.dir, "clientKey"+end)
}

func (k *clientKey) secret() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.password
}

// ensure keeps the ClientKey on disk if the engine still accepts it, and mints
// one through CreateClientKey otherwise.
func (k *clientKey) ensure() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	password, valid, err := k.kept()
	if err != nil {
		return err
	}
	if valid {
		k.password = password
		return nil
	}
	return k.mint()
}

// kept reads the files and asks the engine about the key in them. Files that
// are absent or do not fit together are no error: a new key replaces them.
func (k *clientKey) kept() (password string, valid bool, err error) {
	file, errFile := os.ReadFile(k.file())
	text, errText := os.ReadFile(k.passwordFile())
	for _, err := range []error{errFile, errText} {
		if errors.Is(err, fs.ErrNotExist) {
			return "", false, nil
		}
		if err != nil {
			return "", false, fmt.Errorf("read the emulator's ClientKey: %w", err)
		}
	}
	parsed, err := dkms.ParseClientKey(file, string(text))
	if err != nil {
		return "", false, nil
	}
	record, found := k.engine.ClientKeyByID(parsed.KeyID)
	return string(text), found && record.Region == k.region && record.ValidAt(k.engine.Clock().Now()), nil
}

func (k *clientKey) mint() error {
	password, err := secrets.ClientKeyPassword(k.engine)
	if err != nil {
		return fmt.Errorf("make a ClientKey password: %w", err)
	}
	b, err := k.engine.BootstrapIn(k.region)
	if err != nil {
		return fmt.Errorf("set up the region %s: %w", k.region, err)
	}
	out, err := engine.Operations()["CreateClientKey"].Handle(k.engine,
		&engine.Call{Account: b.Account, Region: b.Region, Gateway: engine.Public, Principal: "acs:ram::" + b.Account + ":root"},
		&access.CreateClientKeyRequest{AapName: &b.AccessPoint, Password: &password})
	if err != nil {
		return fmt.Errorf("mint the emulator's ClientKey: %w", err)
	}
	made := out.(*access.CreateClientKeyResponse)
	text, err := dkms.MarshalClientKey(made.ClientKeyId, made.PrivateKeyData)
	if err != nil {
		return fmt.Errorf("encode the emulator's ClientKey: %w", err)
	}
	for name, data := range map[string][]byte{k.file(): text, k.passwordFile(): []byte(password)} {
		if err := durable.WriteFile(name, data, 0o600); err != nil {
			return fmt.Errorf("write the emulator's ClientKey: %w", err)
		}
	}
	k.password = password
	return nil
}
