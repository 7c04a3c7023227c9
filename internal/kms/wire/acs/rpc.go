package acs

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/url"
)

// The parameters of an RPC-style signature. They travel in the query, the
// form body, or both.
const (
	ParamAction           = "Action"
	ParamVersion          = "Version"
	ParamFormat           = "Format"
	ParamAccessKeyID      = "AccessKeyId"
	ParamSecurityToken    = "SecurityToken"
	ParamSignature        = "Signature"
	ParamSignatureMethod  = "SignatureMethod"
	ParamSignatureVersion = "SignatureVersion"
	ParamSignatureNonce   = "SignatureNonce"
	ParamSignatureType    = "SignatureType"
	ParamTimestamp        = "Timestamp"
	ParamBearerToken      = "BearerToken"
)

// The only RPC signature of this package.
const (
	RPCMethod  = "HMAC-SHA1"
	RPCVersion = "1.0"
)

// RPCStringToSign renders every parameter but Signature, sorted by name; an
// empty value counts as "name=".
func RPCStringToSign(method string, params url.Values) string {
	signed := make(url.Values, len(params))
	for name, values := range params {
		if name != ParamSignature {
			signed[name] = values
		}
	}
	return method + "&%2F&" + Encode(canonicalQuery(signed, false))
}

// SignRPC returns the value of the Signature parameter.
func SignRPC(method string, params url.Values, secret string) string {
	return base64.StdEncoding.EncodeToString(rpcMAC(method, params, secret))
}

// VerifyRPC reports whether params carry the right Signature, in constant
// time.
func VerifyRPC(method string, params url.Values, secret string) bool {
	// Comparing the text, not the bytes, leaves a signature one spelling only.
	return hmac.Equal([]byte(params.Get(ParamSignature)), []byte(SignRPC(method, params, secret)))
}

func rpcMAC(method string, params url.Values, secret string) []byte {
	h := hmac.New(sha1.New, []byte(secret+"&"))
	h.Write([]byte(RPCStringToSign(method, params)))
	return h.Sum(nil)
}
