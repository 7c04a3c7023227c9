package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

func importOperations() []Operation {
	return []Operation{
		op("GetParametersForImport", GroupKeyRead, (*Engine).getParametersForImport).mutating(),
		op("ImportKeyMaterial", GroupKeyWrite, (*Engine).importKeyMaterial).mutating(),
		op("DeleteKeyMaterial", GroupKeyWrite, (*Engine).deleteKeyMaterial).mutating(),
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

func (e *Engine) getParametersForImport(c *Call, in *GetParametersForImportRequest) (*GetParametersForImportResponse, error) {
	spec, err := required("WrappingKeySpec", in.WrappingKeySpec)
	if err != nil {
		return nil, err
	}
	algorithm, err := required("WrappingAlgorithm", in.WrappingAlgorithm)
	if err != nil {
		return nil, err
	}
	check := func(tx *store.Tx) (*Key, error) {
		k, err := e.importable(tx, c, "GetParametersForImport", in.KeyId)
		if err != nil {
			return nil, err
		}
		return k, mayWrap(k, spec, algorithm)
	}
	if err := e.view(func(tx *store.Tx) error { _, err := check(tx); return err }); err != nil {
		return nil, err
	}
	// The pair is made outside the Update, for it takes a while.
	token, public, err := e.newWrappingKey(c, spec, algorithm)
	if err != nil {
		return nil, serviceError(err)
	}
	err = e.update(func(tx *store.Tx) error {
		k, err := check(tx)
		if err != nil {
			return err
		}
		token.KeyID, token.Account = k.ID, k.Account
		e.table.importTokens.Put(tx, c.scope(token.Token), *token)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &GetParametersForImportResponse{
		ImportToken: token.Token, KeyId: token.KeyID, PublicKey: public, TokenExpireTime: timestamp(token.Expires),
	}, nil
}

func (e *Engine) newWrappingKey(c *Call, spec, algorithm string) (token *ImportToken, public string, err error) {
	id, err := e.random(tokenSize)
	if err != nil {
		return nil, "", err
	}
	private, err := crypt.Generate(e.rand, spec)
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
	return &ImportToken{
		Token: base64.StdEncoding.EncodeToString(id), Region: c.Region, Spec: spec, WrappingAlgorithm: algorithm,
		PrivateKey: private, Expires: e.second().Add(importTokenLife),
	}, base64.StdEncoding.EncodeToString(der), nil
}

// importable finds a key whose material comes from outside; the copy is private.
func (e *Engine) importable(tx *store.Tx, c *Call, op string, id *string) (*Key, error) {
	k, err := e.lookupKey(tx, c, text(id), false)
	if err != nil {
		return nil, err
	}
	if err := e.authorize(tx, c, op, keyResource(k)); err != nil {
		return nil, err
	}
	if k.Origin != originExternal {
		return nil, errUnsupportedOrigin()
	}
	return k, requireState(op, k)
}

// mayWrap holds a wrapping key spec and algorithm against the key
// (KMS: GetParametersForImport).
func mayWrap(k *Key, spec, algorithm string) error {
	switch spec {
	case wrapRSA:
		if !wrapsRSA(algorithm) || algorithm == wrapOAEPSHA1 && k.Instance != "" {
			return errInvalidParameter("WrappingAlgorithm")
		}
	case wrapSM2:
		if k.ProtectionLevel != protectionHSM {
			return errUnsupportedProtectionLevel()
		}
		if algorithm != wrapSM2PKE {
			return errInvalidParameter("WrappingAlgorithm")
		}
	default:
		return errInvalidParameter("WrappingKeySpec")
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

func (e *Engine) importKeyMaterial(c *Call, in *ImportKeyMaterialRequest) (*empty, error) {
	if _, err := required("ImportToken", in.ImportToken); err != nil {
		return nil, err
	}
	wrapped, err := required("EncryptedKeyMaterial", in.EncryptedKeyMaterial)
	if err != nil {
		return nil, err
	}
	err = e.update(func(tx *store.Tx) error {
		k, err := e.importable(tx, c, "ImportKeyMaterial", in.KeyId)
		if err != nil {
			return err
		}
		expires, err := e.materialExpiry(in.KeyMaterialExpireUnix)
		if err != nil {
			return err
		}
		token, err := e.importToken(tx, c, k, *in.ImportToken)
		if err != nil {
			return err
		}
		material, err := token.unwrap(wrapped)
		if err != nil {
			return err
		}
		return e.takeMaterial(tx, k, material, expires)
	})
	if err != nil {
		return nil, err
	}
	return &empty{}, nil
}

func (e *Engine) materialExpiry(unix *int64) (time.Time, error) {
	if unix == nil || *unix == 0 {
		return noTime, nil
	}
	t := time.Unix(*unix, 0).UTC()
	if !t.After(e.now()) || t.After(latest) {
		return noTime, errInvalidParameter("KeyMaterialExpireUnix")
	}
	return t, nil
}

func (e *Engine) importToken(tx *store.Tx, c *Call, k *Key, token string) (*ImportToken, error) {
	t, found := e.table.importTokens.Peek(tx, c.scope(token))
	if !found || t.KeyID != k.ID || t.Account != k.Account {
		return nil, errInvalidImportToken()
	}
	if !e.now().Before(t.Expires) {
		return nil, errExpiredImportToken()
	}
	return t, nil
}

// takeMaterial fills the key's one version. Only the material of the first
// import may come again (KMS: Import key material).
func (e *Engine) takeMaterial(tx *store.Tx, k *Key, material []byte, expires time.Time) error {
	if len(material) != k.spec().Bits/8 {
		return errInvalidKeyMaterial()
	}
	digest := sha256.Sum256(material)
	if k.ImportedDigest != nil && !bytes.Equal(k.ImportedDigest, digest[:]) {
		return errInvalidKeyMaterial()
	}
	v, err := e.keyVersion(tx, k, k.Primary)
	if err != nil {
		return err
	}
	filled := *v
	filled.Material = material
	e.putVersion(tx, &filled)
	k.ImportedDigest, k.MaterialExpires = digest[:], expires
	if k.State == statePendingImport {
		k.State = stateEnabled
	}
	e.putKey(tx, k)
	return nil
}

func (e *Engine) deleteKeyMaterial(c *Call, in *KeyRequest) (*empty, error) {
	err := e.update(func(tx *store.Tx) error {
		k, err := e.importable(tx, c, "DeleteKeyMaterial", in.KeyId)
		if err != nil {
			return err
		}
		return e.dropMaterial(tx, k)
	})
	if err != nil {
		return nil, err
	}
	return &empty{}, nil
}
