package engine

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// SeedDocument is what a seed file (JSON) holds: objects with ids and material
// of the author's choice, so that ciphertexts and tests outlive a restart. Every
// list may be absent. Account and region default to the engine's own; ids must
// be given. Material and passwords in a seed file are no secrets any more.
type SeedDocument struct {
	AccessKeys   []SeedAccessKey   `json:"access_keys"`
	Instances    []SeedInstance    `json:"instances"`
	Keys         []SeedKey         `json:"keys"`
	Aliases      []SeedAlias       `json:"aliases"`
	Secrets      []SeedSecret      `json:"secrets"`
	NetworkRules []SeedNetworkRule `json:"network_rules"`
	Policies     []SeedPolicy      `json:"policies"`
	AccessPoints []SeedAccessPoint `json:"access_points"`
}

// SeedPlace is the account and region of a seeded object.
type SeedPlace struct {
	Account string `json:"account"`
	Region  string `json:"region"`
}

// SeedAccessKey is a RAM AccessKey, or, with a token, an STS session.
type SeedAccessKey struct {
	Account       string    `json:"account"`
	ID            string    `json:"id"`
	Secret        string    `json:"secret"`
	Principal     string    `json:"principal"` // RAM ARN; default the account's root
	SecurityToken string    `json:"security_token"`
	Expires       time.Time `json:"expires"`
}

// SeedInstance is a KMS instance. What is left out is as in the bootstrap
// instance, save that national_crypto and public_access default to false.
type SeedInstance struct {
	SeedPlace
	ID             string `json:"id"`
	Name           string `json:"name"`
	Kind           string `json:"kind"`   // software (default), hardware
	Image          string `json:"image"`  // for example 3.1.0
	Status         string `json:"status"` // Connected (default), Uninitialized …
	NationalCrypto bool   `json:"national_crypto"`
	PublicAccess   bool   `json:"public_access"`
	KeyNum         int64  `json:"key_num"`
}

// SeedKey is a key with its versions, oldest first; the last one is the primary
// version of a symmetric key. A key without versions gets a random one, unless
// its material comes from outside.
type SeedKey struct {
	SeedPlace
	ID                 string            `json:"id"`
	Instance           string            `json:"instance"`
	Description        string            `json:"description"`
	Spec               string            `json:"spec"`   // default Aliyun_AES_256
	Usage              string            `json:"usage"`  // default as CreateKey's
	Origin             string            `json:"origin"` // default Aliyun_KMS
	ProtectionLevel    string            `json:"protection_level"`
	State              string            `json:"state"` // Enabled (default), Disabled, PendingDeletion, PendingImport
	Creator            string            `json:"creator"`
	Service            bool              `json:"service"` // created by a cloud service
	Created            time.Time         `json:"created"`
	DeleteAt           time.Time         `json:"delete_at"` // needed for PendingDeletion
	DeletionProtection bool              `json:"deletion_protection"`
	RotationInterval   string            `json:"rotation_interval"` // switches automatic rotation on
	MaterialExpires    time.Time         `json:"material_expires"`
	Tags               map[string]string `json:"tags"`
	Policy             json.RawMessage   `json:"policy"`
	Versions           []SeedKeyVersion  `json:"versions"`
}

// SeedKeyVersion is one version.
type SeedKeyVersion struct {
	ID       string    `json:"id"`       // 36 characters; default random
	Material []byte    `json:"material"` // base64: raw symmetric key, or DER of a private key; default random
	Created  time.Time `json:"created"`
}

// SeedAlias points to a key.
type SeedAlias struct {
	SeedPlace
	Name string `json:"name"`
	Key  string `json:"key"`
}

// SeedSecret is a secret with its versions, oldest first.
type SeedSecret struct {
	SeedPlace
	Name          string              `json:"name"`
	Type          string              `json:"type"` // default Generic
	Description   string              `json:"description"`
	Instance      string              `json:"instance"`
	EncryptionKey string              `json:"encryption_key"`
	Tags          map[string]string   `json:"tags"`
	Versions      []SeedSecretVersion `json:"versions"`
}

// SeedSecretVersion is one value. The last version without stages is ACSCurrent.
type SeedSecretVersion struct {
	ID       string   `json:"id"`
	Data     string   `json:"data"`
	DataType string   `json:"data_type"` // text (default), binary
	Stages   []string `json:"stages"`
}

// SeedNetworkRule is a network rule.
type SeedNetworkRule struct {
	SeedPlace
	Name    string   `json:"name"`
	Sources []string `json:"sources"`
}

// SeedPolicy is an access point's policy.
type SeedPolicy struct {
	SeedPlace
	Name         string   `json:"name"`
	Instance     string   `json:"instance"`
	Permissions  []string `json:"permissions"` // default both templates
	Resources    []string `json:"resources"`   // default key/* and secret/*
	NetworkRules []string `json:"network_rules"`
}

// SeedAccessPoint is an application access point.
type SeedAccessPoint struct {
	SeedPlace
	Name     string   `json:"name"`
	Policies []string `json:"policies"`
}

// SeedResult counts what a seed did.
type SeedResult struct {
	Created  int `json:"created"`
	Kept     int `json:"kept"`     // existed already, left alone
	Replaced int `json:"replaced"` // existed already, overwritten by force
}

// Seed reads a seed file, see SeedDocument. Objects that exist are left alone
// unless force is set; either all of the file is applied or nothing.
func (e *Engine) Seed(path string, force bool) (SeedResult, error) {
	f, err := os.Open(path)
	if err != nil {
		return SeedResult{}, fmt.Errorf("seed the emulator: %w", err)
	}
	defer f.Close()
	result, err := e.SeedFrom(f, force)
	if err != nil {
		return result, fmt.Errorf("seed the emulator from %s: %w", path, err)
	}
	return result, nil
}

// maxSeed bounds a seed document, in bytes.
const maxSeed = 64 << 20

// SeedFrom is Seed from a reader.
func (e *Engine) SeedFrom(r io.Reader, force bool) (SeedResult, error) {
	var doc SeedDocument
	decoder := json.NewDecoder(io.LimitReader(r, maxSeed))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&doc); err != nil {
		return SeedResult{}, fmt.Errorf("read the seed document: %w", err)
	}
	if decoder.More() {
		return SeedResult{}, fmt.Errorf("read the seed document: there is more after its end")
	}
	var result SeedResult
	err := e.db.Update(func(tx *store.Tx) error {
		s := &seeding{e: e, tx: tx, force: force}
		err := s.all(&doc)
		result = s.result
		return err
	})
	if err != nil {
		return SeedResult{}, err
	}
	return result, nil
}
