package engine

import (
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

func clientKeyOperations() []Operation {
	return []Operation{
		op("CreateClientKey", GroupInstanceWrite, (*Engine).createClientKey).mutating(),
		op("GetClientKey", GroupInstanceRead, (*Engine).getClientKey),
		op("ListClientKeys", GroupInstanceRead, (*Engine).listClientKeys),
		op("DeleteClientKey", GroupInstanceWrite, (*Engine).deleteClientKey).mutating(),
	}
}

const (
	clientKeyAlgorithm = "RSA_2048"
	clientKeyOrigin    = "KMS_PROVIDED"
	passwordSpecials   = "~!@#$%^&*?_-"
	passwordLeast      = 8
	passwordMost       = 64
)

// CreateClientKeyRequest asks for a credential of an access point.
type CreateClientKeyRequest struct {
	AapName   *string
	NotAfter  *string // default five years from now; needs NotBefore
	NotBefore *string
	Password  *string // 8–64 characters, two kinds of digits, lower, upper, ~!@#$%^&*?_-
}

// CreateClientKeyResponse holds the private key, for the only time.
type CreateClientKeyResponse struct {
	ClientKeyId    string
	KeyAlgorithm   string
	NotAfter       string
	NotBefore      string
	PrivateKeyData string // base64 of a PKCS#12 file
}

func (e *Engine) createClientKey(c *Call, in *CreateClientKeyRequest) (*CreateClientKeyResponse, error) {
	point, err := required("AapName", in.AapName)
	if err != nil {
		return nil, err
	}
	password, err := required("Password", in.Password)
	if err != nil {
		return nil, err
	}
	if !validPassword(password) {
		return nil, errInvalidParameter("Password")
	}
	k := ClientKey{AccessPoint: point, Account: c.Account, Region: c.Region, Created: e.now()}
	if err := k.validity(e.second(), in); err != nil {
		return nil, err
	}
	exists := func(tx *store.Tx) error {
		if _, found := e.table.accessPoints.Peek(tx, c.scope(point)); !found {
			return errResourceNotFound()
		}
		return nil
	}
	if err := e.view(exists); err != nil {
		return nil, err
	}
	file, err := e.mintClientKey(&k, password)
	if err != nil {
		return nil, serviceError(fmt.Errorf("mint a client key of %s: %w", point, err))
	}
	err = e.update(func(tx *store.Tx) error {
		e.table.clientKeys.Put(tx, c.scope(k.ID), k)
		return exists(tx)
	})
	if err != nil {
		return nil, err
	}
	return &CreateClientKeyResponse{
		ClientKeyId: k.ID, KeyAlgorithm: clientKeyAlgorithm, NotAfter: timestamp(k.NotAfter),
		NotBefore: timestamp(k.NotBefore), PrivateKeyData: base64.StdEncoding.EncodeToString(file),
	}, nil
}

// validity reads the period; NotAfter cannot come without NotBefore.
func (k *ClientKey) validity(now time.Time, in *CreateClientKeyRequest) (err error) {
	k.NotBefore = now
	if s := text(in.NotBefore); s != "" {
		if k.NotBefore, err = time.Parse(stamp, s); err != nil {
			return errInvalidParameter("NotBefore")
		}
	}
	k.NotAfter = k.NotBefore.Add(clientKeyLife)
	if s := text(in.NotAfter); s != "" {
		if text(in.NotBefore) == "" {
			return errMissingParameter("NotBefore")
		}
		if k.NotAfter, err = time.Parse(stamp, s); err != nil {
			return errInvalidParameter("NotAfter")
		}
	}
	if !k.NotAfter.After(k.NotBefore) || !k.NotAfter.After(now) {
		return errInvalidParameter("NotAfter")
	}
	return nil
}

func validPassword(p string) bool {
	if len(p) < passwordLeast || len(p) > passwordMost {
		return false
	}
	kinds := map[string]bool{}
	for _, r := range p {
		switch {
		case r >= '0' && r <= '9':
			kinds["digit"] = true
		case r >= 'a' && r <= 'z':
			kinds["lower"] = true
		case r >= 'A' && r <= 'Z':
			kinds["upper"] = true
		case strings.ContainsRune(passwordSpecials, r):
			kinds["special"] = true
		default:
			return false
		}
	}
	return len(kinds) >= 2
}

// mintClientKey makes the pair and its file. The old PBE algorithms and the
// order certificate, key are what the vendor's SDKs can read.
func (e *Engine) mintClientKey(k *ClientKey, password string) ([]byte, error) {
	id, err := e.newUUID()
	if err != nil {
		return nil, err
	}
	k.ID = "KAAP." + id
	der, err := crypt.Generate(e.rand, clientKeyAlgorithm)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	private, isRSA := parsed.(*rsa.PrivateKey)
	if !isRSA {
		return nil, fmt.Errorf("the new key is a %T", parsed)
	}
	certificate, err := e.clientCertificate(k, private)
	if err != nil {
		return nil, err
	}
	k.PublicKey = certificate.RawSubjectPublicKeyInfo
	return pkcs12.LegacyRC2.WithRand(e.rand).Encode(private, certificate, nil, password)
}

func (e *Engine) clientCertificate(k *ClientKey, private *rsa.PrivateKey) (*x509.Certificate, error) {
	serial, err := e.random(16)
	if err != nil {
		return nil, err
	}
	serial[0] &= 0x7f
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial),
		Subject:      pkix.Name{CommonName: k.ID, Organization: []string{"kmsplan emulator"}},
		NotBefore:    k.NotBefore, NotAfter: k.NotAfter,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(e.rand, template, template, &private.PublicKey, private)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// ClientKeyRequest names a client key.
type ClientKeyRequest struct{ ClientKeyId *string }

// ClientKeyAnswer describes a client key.
type ClientKeyAnswer struct {
	AapName       string
	ClientKeyId   string
	CreateTime    string
	KeyAlgorithm  string
	KeyOrigin     string
	NotAfter      string
	NotBefore     string
	PublicKeyData string // base64 of PKIX DER
}

func (k *ClientKey) answer() ClientKeyAnswer {
	return ClientKeyAnswer{
		AapName: k.AccessPoint, ClientKeyId: k.ID, CreateTime: timestamp(k.Created), KeyAlgorithm: clientKeyAlgorithm,
		KeyOrigin: clientKeyOrigin, NotAfter: timestamp(k.NotAfter), NotBefore: timestamp(k.NotBefore),
		PublicKeyData: base64.StdEncoding.EncodeToString(k.PublicKey),
	}
}

func (e *Engine) lookupClientKey(tx *store.Tx, c *Call, id *string) (*ClientKey, error) {
	if _, err := required("ClientKeyId", id); err != nil {
		return nil, err
	}
	k, found := e.table.clientKeys.Peek(tx, c.scope(*id))
	if !found {
		return nil, errResourceNotFound()
	}
	return k, nil
}

func (e *Engine) getClientKey(c *Call, in *ClientKeyRequest) (*ClientKeyAnswer, error) {
	var out ClientKeyAnswer
	err := e.view(func(tx *store.Tx) error {
		k, err := e.lookupClientKey(tx, c, in.ClientKeyId)
		if err == nil {
			out = k.answer()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}

func (e *Engine) deleteClientKey(c *Call, in *ClientKeyRequest) (*empty, error) {
	err := e.update(func(tx *store.Tx) error {
		k, err := e.lookupClientKey(tx, c, in.ClientKeyId)
		if err == nil {
			e.table.clientKeys.Delete(tx, c.scope(k.ID))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &empty{}, nil
}

// ListClientKeysRequest names an access point.
type ListClientKeysRequest struct{ AapName *string }

// ListClientKeysResponse lists an access point's client keys, oldest first.
type ListClientKeysResponse struct{ ClientKeys []ClientKeyAnswer }

func (e *Engine) listClientKeys(c *Call, in *ListClientKeysRequest) (*ListClientKeysResponse, error) {
	point, err := required("AapName", in.AapName)
	if err != nil {
		return nil, err
	}
	out := &ListClientKeysResponse{ClientKeys: []ClientKeyAnswer{}}
	err = e.view(func(tx *store.Tx) error {
		if _, found := e.table.accessPoints.Peek(tx, c.scope(point)); !found {
			return errResourceNotFound()
		}
		for _, k := range e.table.clientKeys.ScanIndex(tx, byPoint, c.scope(point)+"/", 0) {
			out.ClientKeys = append(out.ClientKeys, k.answer())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
