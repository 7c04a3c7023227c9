package crypt

import (
	"crypto/x509/pkix"
	"encoding/asn1"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// crypto/x509 refuses secp256k1, so its PKCS#8, SEC 1 and PKIX encodings stand
// here (RFC 5958, RFC 5915, RFC 5480).

// oidEC and oidP256K name an elliptic-curve key and the curve.
func oidEC() asn1.ObjectIdentifier    { return asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1} }
func oidP256K() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 3, 132, 0, 10} }

type pkcs8 struct {
	Version    int
	Algorithm  pkix.AlgorithmIdentifier
	PrivateKey []byte
}

type sec1 struct {
	Version    int
	PrivateKey []byte
	Curve      asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
	PublicKey  asn1.BitString        `asn1:"optional,explicit,tag:1"`
}

type spki struct {
	Algorithm pkix.AlgorithmIdentifier
	PublicKey asn1.BitString
}

func algorithmP256K() (pkix.AlgorithmIdentifier, error) {
	curve, err := asn1.Marshal(oidP256K())
	return pkix.AlgorithmIdentifier{Algorithm: oidEC(), Parameters: asn1.RawValue{FullBytes: curve}}, err
}

func pointBits(public *secp256k1.PublicKey) asn1.BitString {
	point := public.SerializeUncompressed()
	return asn1.BitString{Bytes: point, BitLength: len(point) * 8}
}

// marshalP256K encodes a private key as PKCS#8 DER.
func marshalP256K(private *secp256k1.PrivateKey) ([]byte, error) {
	algorithm, err := algorithmP256K()
	if err != nil {
		return nil, err
	}
	inner, err := asn1.Marshal(sec1{Version: 1, PrivateKey: private.Serialize(), PublicKey: pointBits(private.PubKey())})
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(pkcs8{Algorithm: algorithm, PrivateKey: inner})
}

// marshalPublicP256K encodes a public key as PKIX DER.
func marshalPublicP256K(public *secp256k1.PublicKey) ([]byte, error) {
	algorithm, err := algorithmP256K()
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(spki{Algorithm: algorithm, PublicKey: pointBits(public)})
}

// parseP256K reads PKCS#8 or SEC 1 DER.
func parseP256K(material []byte) (Key, error) {
	var outer pkcs8
	inner := material
	if rest, err := asn1.Unmarshal(material, &outer); err == nil && len(rest) == 0 {
		if !outer.Algorithm.Algorithm.Equal(oidEC()) || !isP256K(outer.Algorithm.Parameters.FullBytes) {
			return nil, ErrMaterial
		}
		inner = outer.PrivateKey
	}
	var key sec1
	if rest, err := asn1.Unmarshal(inner, &key); err != nil || len(rest) != 0 || key.Version != 1 {
		return nil, ErrMaterial
	}
	if len(key.Curve) > 0 && !key.Curve.Equal(oidP256K()) || len(key.PrivateKey) != secp256k1.PrivKeyBytesLen {
		return nil, ErrMaterial
	}
	private, ok := scalarP256K(key.PrivateKey)
	if !ok {
		return nil, ErrMaterial
	}
	return &p256kKey{private: private}, nil
}

// isP256K reports whether DER algorithm parameters name secp256k1.
func isP256K(parameters []byte) bool {
	var curve asn1.ObjectIdentifier
	rest, err := asn1.Unmarshal(parameters, &curve)
	return err == nil && len(rest) == 0 && curve.Equal(oidP256K())
}
