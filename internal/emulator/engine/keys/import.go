package keys

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

func importOperations() []core.Operation {
	return []core.Operation{
		core.Op("GetParametersForImport", core.GroupKeyRead, getParametersForImport).Mutating(),
		core.Op("ImportKeyMaterial", core.GroupKeyWrite, importKeyMaterial).Mutating(),
		core.Op("DeleteKeyMaterial", core.GroupKeyWrite, deleteKeyMaterial).Mutating(),
	}
}

// GetParametersForImportRequest asks for a wrapping key.
type GetParametersForImportRequest struct {
	KeyId             *string
	WrappingAlgorithm *string // RSAES_PKCS1_V1_5, RSAES_OAEP_SHA_1, RSAES_OAEP_SHA_256, SM2PKE
	WrappingKeySpec   *string // RSA_2048, EC_SM2
}

// GetParametersForImportResponse is a wrapping key, good for 24 hours and for
// this key only.
type GetParametersForImportResponse struct {
	ImportToken     string // base64
	KeyId           string
	PublicKey       string // base64 of PKIX DER
	TokenExpireTime string
}

// tokenSize is the length of an import token, in bytes.
const tokenSize = 64

func getParametersForImport(e *core.Engine, c *core.Call, in *GetParametersForImportRequest) (*GetParametersForImportResponse, error) {
	spec, err := core.Required("WrappingKeySpec", in.WrappingKeySpec)
	if err != nil {
		return nil, err
	}
	algorithm, err := core.Required("WrappingAlgorithm", in.WrappingAlgorithm)
	if err != nil {
		return nil, err
	}
	check := func(tx *store.Tx) (*core.Key, error) {
		k, err := importable(e, tx, c, "GetParametersForImport", in.KeyId)
		if err != nil {
			return nil, err
		}
		return k, mayWrap(k, spec, algorithm)
	}
	if err := e.View(func(tx *store.Tx) error { _, err := check(tx); return err }); err != nil {
		return nil, err
	}
	// The pair is made outside the Update, for it takes a while.
	token, public, err := newWrappingKey(e, c, spec, algorithm)
	if err != nil {
		return nil, core.ServiceError(err)
	}
	err = e.Update(func(tx *store.Tx) error {
		k, err := check(tx)
		if err != nil {
			return err
		}
		token.KeyID, token.Account = k.ID, k.Account
		e.Table.ImportTokens.Put(tx, c.Scope(token.Token), *token)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &GetParametersForImportResponse{
		ImportToken: token.Token, KeyId: token.KeyID, PublicKey: public, TokenExpireTime: core.Timestamp(token.Expires),
	}, nil
}

func newWrappingKey(e *core.Engine, c *core.Call, spec, algorithm string) (token *core.ImportToken, public string, err error) {
	id, err := e.Random(tokenSize)
	if err != nil {
		return nil, "", err
	}
	private, err := crypt.Generate(e.Rand, spec)
	if err != nil {
		return nil, "", err
	}
	key, err := crypt.Parse(spec, private)
	if err != nil {
		return nil, "", err
	}
	der, err := key.Public()
	if err != nil {
		return nil, "", err
	}
	return &core.ImportToken{
		Token: base64.StdEncoding.EncodeToString(id), Region: c.Region, Spec: spec, WrappingAlgorithm: algorithm,
		PrivateKey: private, Expires: e.Second().Add(core.ImportTokenLife),
	}, base64.StdEncoding.EncodeToString(der), nil
}

// importable finds a key whose material comes from outside; the copy is private.
func importable(e *core.Engine, tx *store.Tx, c *core.Call, op string, id *string) (*core.Key, error) {
	k, err := e.LookupKey(tx, c, core.Text(id), false)
	if err != nil {
		return nil, err
	}
	if err := e.Authorize(tx, c, op, core.KeyResource(k)); err != nil {
		return nil, err
	}
	if k.Origin != core.OriginExternal {
		return nil, core.ErrUnsupportedOrigin()
	}
	return k, core.RequireState(op, k)
}

// mayWrap holds a wrapping key spec and algorithm against the key
// (KMS: GetParametersForImport).
func mayWrap(k *core.Key, spec, algorithm string) error {
	switch spec {
	case wrapRSA:
		if !wrapsRSA(algorithm) || algorithm == wrapOAEPSHA1 && k.Instance != "" {
			return core.ErrInvalidParameter("WrappingAlgorithm")
		}
	case wrapSM2:
		if k.ProtectionLevel != core.ProtectionHSM {
			return core.ErrUnsupportedProtectionLevel()
		}
		if algorithm != wrapSM2PKE {
			return core.ErrInvalidParameter("WrappingAlgorithm")
		}
	default:
		return core.ErrInvalidParameter("WrappingKeySpec")
	}
	return nil
}

// ImportKeyMaterialRequest brings wrapped material.
type ImportKeyMaterialRequest struct {
	EncryptedKeyMaterial  *string // base64
	ImportToken           *string
	KeyId                 *string
	KeyMaterialExpireUnix *int64 // 0 or absent: never
}

func importKeyMaterial(e *core.Engine, c *core.Call, in *ImportKeyMaterialRequest) (*core.Empty, error) {
	if _, err := core.Required("ImportToken", in.ImportToken); err != nil {
		return nil, err
	}
	wrapped, err := core.Required("EncryptedKeyMaterial", in.EncryptedKeyMaterial)
	if err != nil {
		return nil, err
	}
	err = e.Update(func(tx *store.Tx) error {
		k, err := importable(e, tx, c, "ImportKeyMaterial", in.KeyId)
		if err != nil {
			return err
		}
		expires, err := materialExpiry(e, in.KeyMaterialExpireUnix)
		if err != nil {
			return err
		}
		token, err := importToken(e, tx, c, k, *in.ImportToken)
		if err != nil {
			return err
		}
		material, err := unwrap(token, wrapped)
		if err != nil {
			return err
		}
		return takeMaterial(e, tx, k, material, expires)
	})
	if err != nil {
		return nil, err
	}
	return &core.Empty{}, nil
}

func materialExpiry(e *core.Engine, unix *int64) (time.Time, error) {
	if unix == nil || *unix == 0 {
		return core.NoTime, nil
	}
	t := time.Unix(*unix, 0).UTC()
	if !t.After(e.Now()) || t.After(core.Latest) {
		return core.NoTime, core.ErrInvalidParameter("KeyMaterialExpireUnix")
	}
	return t, nil
}

func importToken(e *core.Engine, tx *store.Tx, c *core.Call, k *core.Key, token string) (*core.ImportToken, error) {
	t, found := e.Table.ImportTokens.Peek(tx, c.Scope(token))
	if !found || t.KeyID != k.ID || t.Account != k.Account {
		return nil, core.ErrInvalidImportToken()
	}
	if !e.Now().Before(t.Expires) {
		return nil, core.ErrExpiredImportToken()
	}
	return t, nil
}

// takeMaterial fills the key's one version. Only the material of the first
// import may come again (KMS: Import key material).
func takeMaterial(e *core.Engine, tx *store.Tx, k *core.Key, material []byte, expires time.Time) error {
	if len(material) != k.CryptSpec().Bits/8 {
		return core.ErrInvalidKeyMaterial()
	}
	digest := sha256.Sum256(material)
	if k.ImportedDigest != nil && !bytes.Equal(k.ImportedDigest, digest[:]) {
		return core.ErrInvalidKeyMaterial()
	}
	v, err := e.KeyVersion(tx, k, k.Primary)
	if err != nil {
		return err
	}
	filled := *v
	filled.Material = material
	PutVersion(e, tx, &filled)
	k.ImportedDigest, k.MaterialExpires = digest[:], expires
	if k.State == core.StatePendingImport {
		k.State = core.StateEnabled
	}
	e.PutKey(tx, k)
	return nil
}

func deleteKeyMaterial(e *core.Engine, c *core.Call, in *KeyRequest) (*core.Empty, error) {
	err := e.Update(func(tx *store.Tx) error {
		k, err := importable(e, tx, c, "DeleteKeyMaterial", in.KeyId)
		if err != nil {
			return err
		}
		return dropMaterial(e, tx, k)
	})
	if err != nil {
		return nil, err
	}
	return &core.Empty{}, nil
}
