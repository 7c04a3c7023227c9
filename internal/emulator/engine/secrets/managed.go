package secrets

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"maps"
	"slices"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

// The targets of managed secrets are simulated: a rotation changes the value
// only, and no account anywhere. Values are the JSON documents that the service
// documents for each type; the fields below are the credentials in them.
const (
	fieldAccountPassword = "AccountPassword" // Rds, Redis, PolarDB
	fieldPassword        = "Password"        // ECS
	fieldPrivateKey      = "PrivateKey"      // ECS, with PublicKey
	fieldPublicKey       = "PublicKey"
	fieldAccessKeyID     = "AccessKeyId" // RAMCredentials, with AccessKeySecret
	fieldAccessKeySecret = "AccessKeySecret"
)

// renewCredential returns the value with every credential in it made anew; with
// two users, only that of the user whose turn it is.
func renewCredential(e *core.Engine, value string, double bool) (string, error) {
	var doc map[string]any
	if err := json.Unmarshal([]byte(value), &doc); err != nil {
		return "", core.ErrInvalidParameter("SecretData")
	}
	var part any = doc
	if double {
		if account := nextAccount(doc); account != nil {
			part = account
		}
	}
	if err := EachObject(part, func(object map[string]any) error { return renewObject(e, object) }); err != nil {
		return "", err
	}
	renewed, err := json.Marshal(doc)
	return string(renewed), err
}

func renewObject(e *core.Engine, object map[string]any) error {
	for _, field := range []struct {
		name  string
		renew func(e *core.Engine, object map[string]any, name string) error
	}{
		{fieldAccountPassword, renewPassword},
		{fieldPassword, renewPassword},
		{fieldAccessKeySecret, renewAccessKey},
		{fieldPrivateKey, renewSSHKey},
	} {
		if _, has := object[field.name].(string); !has {
			continue
		}
		if err := field.renew(e, object, field.name); err != nil {
			return err
		}
	}
	return nil
}

func renewPassword(e *core.Engine, object map[string]any, name string) error {
	password, err := password(e, undocumented.ManagedPasswordLength, []string{Lowercase, Uppercase, Digits}, true)
	object[name] = password
	return err
}

func renewAccessKey(e *core.Engine, object map[string]any, _ string) error {
	credential, err := e.NewCredential("", "")
	object[fieldAccessKeyID], object[fieldAccessKeySecret] = credential.AccessKeyID, credential.Secret
	return err
}

// renewSSHKey makes an Ed25519 pair: PKCS#8 PEM and an authorized_keys line.
func renewSSHKey(e *core.Engine, object map[string]any, _ string) error {
	seed, err := e.Random(ed25519.SeedSize)
	if err != nil {
		return err
	}
	private := ed25519.NewKeyFromSeed(seed)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	const kind = "ssh-ed25519"
	public := private.Public().(ed25519.PublicKey)
	wire := binary.BigEndian.AppendUint32(nil, uint32(len(kind)))
	wire = append(wire, kind...)
	wire = binary.BigEndian.AppendUint32(wire, uint32(len(public)))
	wire = append(wire, public...)
	object[fieldPrivateKey] = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	object[fieldPublicKey] = kind + " " + core.Base64Text(wire)
	return nil
}

// EachObject calls fn on a JSON object and every object inside it, in a fixed order.
func EachObject(v any, fn func(map[string]any) error) error {
	switch v := v.(type) {
	case map[string]any:
		if err := fn(v); err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if err := EachObject(v[name], fn); err != nil {
				return err
			}
		}
	case []any:
		for _, inner := range v {
			if err := EachObject(inner, fn); err != nil {
				return err
			}
		}
	}
	return nil
}
