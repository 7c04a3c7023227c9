package access

import (
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

func clientKeyOperations() []core.Operation {
	return []core.Operation{
		core.Op("CreateClientKey", core.GroupInstanceWrite, createClientKey).Mutating(),
		core.Op("GetClientKey", core.GroupInstanceRead, getClientKey),
		core.Op("ListClientKeys", core.GroupInstanceRead, listClientKeys),
		core.Op("DeleteClientKey", core.GroupInstanceWrite, deleteClientKey).Mutating(),
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

func createClientKey(e *core.Engine, c *core.Call, in *CreateClientKeyRequest) (*CreateClientKeyResponse, error) {
	point, err := core.Required("AapName", in.AapName)
	if err != nil {
		return nil, err
	}
	password, err := core.Required("Password", in.Password)
	if err != nil {
		return nil, err
	}
	if !validPassword(password) {
		return nil, core.ErrInvalidParameter("Password")
	}
	k := core.ClientKey{AccessPoint: point, Account: c.Account, Region: c.Region, Created: e.Now()}
	if err := validity(&k, e.Second(), in); err != nil {
		return nil, err
	}
	exists := func(tx *store.Tx) error {
		if _, found := e.Table.AccessPoints.Peek(tx, c.Scope(point)); !found {
			return core.ErrResourceNotFound()
		}
		return nil
	}
	if err := e.View(exists); err != nil {
		return nil, err
	}
	file, err := mintClientKey(e, &k, password)
	if err != nil {
		return nil, core.ServiceError(fmt.Errorf("mint a client key of %s: %w", point, err))
	}
	err = e.Update(func(tx *store.Tx) error {
		e.Table.ClientKeys.Put(tx, c.Scope(k.ID), k)
		return exists(tx)
	})
	if err != nil {
		return nil, err
	}
	return &CreateClientKeyResponse{
		ClientKeyId: k.ID, KeyAlgorithm: clientKeyAlgorithm, NotAfter: core.Timestamp(k.NotAfter),
		NotBefore: core.Timestamp(k.NotBefore), PrivateKeyData: base64.StdEncoding.EncodeToString(file),
	}, nil
}

// validity reads the period. NotAfter cannot come without NotBefore; without it the
// key is valid for five years from its creation (KMS: CreateClientKey).
func validity(k *core.ClientKey, now time.Time, in *CreateClientKeyRequest) (err error) {
	k.NotBefore = now
	if s := core.Text(in.NotBefore); s != "" {
		if k.NotBefore, err = time.Parse(core.Stamp, s); err != nil {
			return core.ErrInvalidParameter("NotBefore")
		}
	}
	k.NotAfter = now.AddDate(core.ClientKeyYears, 0, 0)
	if s := core.Text(in.NotAfter); s != "" {
		if core.Text(in.NotBefore) == "" {
			return core.ErrMissingParameter("NotBefore")
		}
		if k.NotAfter, err = time.Parse(core.Stamp, s); err != nil {
			return core.ErrInvalidParameter("NotAfter")
		}
	}
	if !k.NotAfter.After(k.NotBefore) || !k.NotAfter.After(now) {
		return core.ErrInvalidParameter("NotAfter")
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
func mintClientKey(e *core.Engine, k *core.ClientKey, password string) ([]byte, error) {
	id, err := e.NewUUID()
	if err != nil {
		return nil, err
	}
	k.ID = "KAAP." + id
	der, err := crypt.Generate(e.Rand, clientKeyAlgorithm)
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
	certificate, err := clientCertificate(e, k, private)
	if err != nil {
		return nil, err
	}
	k.PublicKey, k.Certificate = certificate.RawSubjectPublicKeyInfo, certificate.Raw
	return pkcs12.LegacyRC2.WithRand(e.Rand).Encode(private, certificate, nil, password)
}

func clientCertificate(e *core.Engine, k *core.ClientKey, private *rsa.PrivateKey) (*x509.Certificate, error) {
	serial, err := e.Random(16)
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
	der, err := x509.CreateCertificate(e.Rand, template, template, &private.PublicKey, private)
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
	PublicKeyData string // the certificate in PEM
}

func clientKeyAnswer(k *core.ClientKey) ClientKeyAnswer {
	return ClientKeyAnswer{
		AapName: k.AccessPoint, ClientKeyId: k.ID, CreateTime: core.Timestamp(k.Created), KeyAlgorithm: clientKeyAlgorithm,
		KeyOrigin: clientKeyOrigin, NotAfter: core.Timestamp(k.NotAfter), NotBefore: core.Timestamp(k.NotBefore),
		PublicKeyData: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.Certificate})),
	}
}

func lookupClientKey(e *core.Engine, tx *store.Tx, c *core.Call, id *string) (*core.ClientKey, error) {
	if _, err := core.Required("ClientKeyId", id); err != nil {
		return nil, err
	}
	k, found := e.Table.ClientKeys.Peek(tx, c.Scope(*id))
	if !found {
		return nil, core.ErrResourceNotFound()
	}
	return k, nil
}

func getClientKey(e *core.Engine, c *core.Call, in *ClientKeyRequest) (*ClientKeyAnswer, error) {
	var out ClientKeyAnswer
	err := e.View(func(tx *store.Tx) error {
		k, err := lookupClientKey(e, tx, c, in.ClientKeyId)
		if err == nil {
			out = clientKeyAnswer(k)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}

func deleteClientKey(e *core.Engine, c *core.Call, in *ClientKeyRequest) (*core.Empty, error) {
	err := e.Update(func(tx *store.Tx) error {
		k, err := lookupClientKey(e, tx, c, in.ClientKeyId)
		if err == nil {
			e.Table.ClientKeys.Delete(tx, c.Scope(k.ID))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &core.Empty{}, nil
}

// ListClientKeysRequest names an access point; without one, all client keys are meant.
type ListClientKeysRequest struct{ AapName *string }

// ListClientKeysResponse lists client keys by access point, oldest first.
type ListClientKeysResponse struct{ ClientKeys []ClientKeyAnswer }

func listClientKeys(e *core.Engine, c *core.Call, in *ListClientKeysRequest) (*ListClientKeysResponse, error) {
	point, of := core.Text(in.AapName), c.Scope("")
	out := &ListClientKeysResponse{ClientKeys: []ClientKeyAnswer{}}
	err := e.View(func(tx *store.Tx) error {
		if point != "" {
			if _, found := e.Table.AccessPoints.Peek(tx, c.Scope(point)); !found {
				return core.ErrResourceNotFound()
			}
			of = c.Scope(point) + "/"
		}
		for _, k := range e.Table.ClientKeys.ScanIndex(tx, core.ByPoint, of, 0) {
			out.ClientKeys = append(out.ClientKeys, clientKeyAnswer(k))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
