package seed

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// Document is what a seed file (JSON) holds: objects with ids and material
// of the author's choice, so that ciphertexts and tests outlive a restart. Every
// list may be absent. Account and region default to the engine's own; ids must
// be given. Material and passwords in a seed file are no secrets any more.
type Document struct {
	AccessKeys   []AccessKey   `json:"access_keys"`
	Instances    []Instance    `json:"instances"`
	Keys         []Key         `json:"keys"`
	Aliases      []Alias       `json:"aliases"`
	Secrets      []Secret      `json:"secrets"`
	NetworkRules []NetworkRule `json:"network_rules"`
	Policies     []Policy      `json:"policies"`
	AccessPoints []AccessPoint `json:"access_points"`
}

// Place is the account and region of a seeded object.
type Place struct {
	Account string `json:"account"`
	Region  string `json:"region"`
}

// AccessKey is a RAM AccessKey, or, with a token, an STS session.
type AccessKey struct {
	Account       string    `json:"account"`
	ID            string    `json:"id"`
	Secret        string    `json:"secret"`
	Principal     string    `json:"principal"` // RAM ARN; default the account's root
	SecurityToken string    `json:"security_token"`
	Expires       time.Time `json:"expires"`
	// Policies are the RAM policies of a RAM user; none = bounded by none.
	Policies []json.RawMessage `json:"policies"`
}

// Instance is a KMS instance. What is left out is as in the bootstrap
// instance, save that national_crypto and public_access default to false.
type Instance struct {
	Place
	ID             string `json:"id"`
	Name           string `json:"name"`
	Kind           string `json:"kind"`   // software (default), hardware
	Image          string `json:"image"`  // for example 3.1.0
	Status         string `json:"status"` // Connected (default), Uninitialized …
	NationalCrypto bool   `json:"national_crypto"`
	PublicAccess   bool   `json:"public_access"`
	KeyNum         int64  `json:"key_num"`
}

// Key is a key with its versions, oldest first; the last one is the primary
// version of a symmetric key. A key without versions gets a random one, unless
// its material comes from outside.
type Key struct {
	Place
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
	Versions           []KeyVersion      `json:"versions"`
}

// KeyVersion is one version.
type KeyVersion struct {
	ID       string    `json:"id"`       // 36 characters; default random
	Material []byte    `json:"material"` // base64: raw symmetric key, or DER of a private key; default random
	Created  time.Time `json:"created"`
}

// Alias points to a key.
type Alias struct {
	Place
	Name string `json:"name"`
	Key  string `json:"key"`
}

// Secret is a secret with its versions, oldest first.
type Secret struct {
	Place
	Name          string            `json:"name"`
	Type          string            `json:"type"` // default Generic
	Description   string            `json:"description"`
	Instance      string            `json:"instance"`
	EncryptionKey string            `json:"encryption_key"`
	Tags          map[string]string `json:"tags"`
	Versions      []SecretVersion   `json:"versions"`
}

// SecretVersion is one value. The last version without stages is ACSCurrent.
type SecretVersion struct {
	ID       string   `json:"id"`
	Data     string   `json:"data"`
	DataType string   `json:"data_type"` // text (default), binary
	Stages   []string `json:"stages"`
}

// NetworkRule is a network rule.
type NetworkRule struct {
	Place
	Name    string   `json:"name"`
	Sources []string `json:"sources"`
}

// Policy is an access point's policy.
type Policy struct {
	Place
	Name         string   `json:"name"`
	Instance     string   `json:"instance"`
	Permissions  []string `json:"permissions"` // default both templates
	Resources    []string `json:"resources"`   // default key/* and secret/*
	NetworkRules []string `json:"network_rules"`
}

// AccessPoint is an application access point.
type AccessPoint struct {
	Place
	Name     string   `json:"name"`
	Policies []string `json:"policies"`
}

// Result counts what a seed did.
type Result struct {
	Created  int `json:"created"`
	Kept     int `json:"kept"`     // existed already, left alone
	Replaced int `json:"replaced"` // existed already, overwritten by force
}

// File reads a seed file, see Document. Objects that exist are left alone
// unless force is set; either all of the file is applied or nothing.
func File(e *core.Engine, path string, force bool) (Result, error) {
	f, err := os.Open(path)
	if err != nil {
		return Result{}, fmt.Errorf("seed the emulator: %w", err)
	}
	defer f.Close()
	result, err := From(e, f, force)
	if err != nil {
		return result, fmt.Errorf("seed the emulator from %s: %w", path, err)
	}
	return result, nil
}

// maxSeed bounds a seed document, in bytes.
const maxSeed = 64 << 20

// From is File from a reader.
func From(e *core.Engine, r io.Reader, force bool) (Result, error) {
	var doc Document
	decoder := json.NewDecoder(io.LimitReader(r, maxSeed))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&doc); err != nil {
		return Result{}, fmt.Errorf("read the seed document: %w", err)
	}
	if decoder.More() {
		return Result{}, fmt.Errorf("read the seed document: there is more after its end")
	}
	var result Result
	err := e.Db.Update(func(tx *store.Tx) error {
		s := &seeding{e: e, tx: tx, force: force}
		err := s.all(&doc)
		result = s.result
		return err
	})
	if err != nil {
		return Result{}, err
	}
	return result, nil
}
