package kms

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Hint says what to do next, or "" when the message says it all.
func (e *Error) Hint() string {
	if hint, ok := codeHints[e.Code]; ok {
		return hint
	}
	switch {
	case clockCodes[e.Code], e.Code == "InvalidParam" && strings.Contains(e.Message, "Param Date "): // the instance gateway's words for a date it does not take
		return e.clockHint()
	case IsThrottled(e):
		return "Other users of the account share this quota; try again later or lower the parallelism"
	case e.Code == CodeTLS:
		return e.tlsHint()
	case e.Code == CodeUnreachable:
		return e.networkHint()
	case e.Code == "InvalidParam" || e.Code == "MissingParameter":
		return instanceParamHint(e)
	case strings.HasPrefix(e.Code, "Forbidden.NoPermission"):
		return permissionHint
	}
	return ""
}

// instanceParamHint is for what the instance gateway says of a request's headers: they are the program's, so that something between
// took one away or changed it.
func instanceParamHint(e *Error) string {
	for _, header := range []string{"x-kms-", "Authorization", "Content-SHA256"} {
		if strings.Contains(e.Message, header) {
			return "A proxy changed the request's headers on its way: check HTTPS_PROXY with `kmsplan doctor`"
		}
	}
	return ""
}

const permissionHint = "Grant this RAM user or role the operation in RAM, and for keys and secrets of an instance in their policy too; kmsplan iam prints the RAM policy that a command needs"

// codeHints are next steps for codes of the service and of our own.
var codeHints = map[string]string{
	CodeNoTurn:                           "The queue of batches shares out the quota: see that what keeps it answers",
	"InvalidAccessKeyId.NotFound":        "The AccessKey is unknown or its session has expired: check which credentials are used with `kmsplan doctor`",
	"InvalidAccessKeyId.Inactive":        "The AccessKey is disabled: enable it in RAM or use another",
	"InvalidSecurityToken.Expired":       "The session has expired: renew it and run again",
	"InvalidSecurityToken.Malformed":     "The security token does not belong to this AccessKey: renew the session",
	"SignatureDoesNotMatch":              "The AccessKey secret does not belong to the AccessKey id, or a proxy changed the request",
	"IncompleteSignature":                "The AccessKey id or secret is incomplete: check for cut or extra characters",
	"SignatureNonceUsed":                 "The request was replayed on its way; the first copy may have been carried out",
	"Forbidden.NoPermission":             permissionHint,
	"Forbidden.AccessKey":                "This AccessKey may not call KMS",
	"Forbidden.KmsServiceNotEnabled":     "Switch KMS on for the account in the console, or with `kmsplan kms OpenKmsService`",
	"Forbidden.InDebt":                   "The account is in debt: settle it in the billing console",
	"Forbidden.InDebtOverdue":            "The account is in debt: settle it in the billing console",
	"Forbidden.KeyNotFound":              "Check the key id and that the gateway's region is the key's region",
	"Forbidden.AliasNotFound":            "Check the alias, with its alias/ prefix, and the gateway's region",
	"Forbidden.ResourceNotFound":         "Check the name and the gateway's region",
	"Forbidden.DKMSInstanceNotFound":     "Check the instance id and the gateway's region",
	"Forbidden.DKMSInstanceStateInvalid": "The instance is not connected yet: wait until the console shows it as enabled",
	"Rejected.Disabled":                  "Enable the key first",
	"Rejected.PendingDeletion":           "Bring the key back first: with `kmsplan apply` if it is declared, else with `kmsplan rescue ID`",
	"Rejected.PendingImport":             "Import key material first",
	"Rejected.ResourceInDeleteWindow":    "Bring the secret back with RestoreSecret, or wait until its recovery window ends",
	"Rejected.ResourceExist":             "The name is taken: import the existing object or choose another name",
	"AliasAlreadyExists":                 "The alias exists: import it, or point it to the key with UpdateAlias",
	"Rejected.LimitExceeded":             "A quota of the account or the instance is used up: delete what is unused or buy more",
	"UnsupportedOperation":               "The key's kind or instance does not offer this; for an instance's key on the public gateway, access over the Internet must be switched on",
	"Unauthorized":                       "The gateway does not know this ClientKey: it was deleted, or it belongs to another instance",
	"InvalidApiName":                     "The instance does not know this operation: its version may be older; the public gateway may offer it, as `kmsplan kms NAME -via public` asks it",
	"InvalidApiVersion":                  "The instance does not speak this version of the protocol: upgrade it in the console",
	"InvalidContentType":                 "A proxy changed the request on its way: check HTTPS_PROXY with `kmsplan doctor`",
	"ServiceUnavailableTemporary":        "The instance is restarted or moved: run again in a minute",
	"SignatureNotMatch":                  "The ClientKey's private key does not belong to its key id: download the ClientKey again",
	CodeCredentials:                      "See `kmsplan doctor`",
	CodeRedirect:                         "A proxy or portal answers in the gateway's place: check the endpoint and HTTPS_PROXY",
	CodeBadAnswer:                        "Something other than KMS answers: check the endpoint and HTTPS_PROXY with `kmsplan doctor`",
	CodeOtherObject:                      "Nothing is believed and nothing more is changed: check what stands between here and KMS (endpoint, HTTPS_PROXY) with `kmsplan doctor`",
	CodeConnection:                       "The other side closed the connection: run again, and check the network with `kmsplan doctor` if it stays",
	CodeTimeout:                          "Check the network with `kmsplan doctor`, or raise the gateway's timeout",
	CodeUnsupported:                      "Use a gateway that offers it: management is on the public gateway, random bytes and data-key pairs are on the instance gateway",
}

// clockCodes are refusals for the request's time.
var clockCodes = map[string]bool{
	"IllegalTimestamp": true, "InvalidTimeStamp.Expired": true, "InvalidTimeStamp.Format": true, "RequestTimeTooSkewed": true,
}

func (e *Error) clockHint() string {
	if skew := e.ClockSkew.Round(time.Second); skew != 0 {
		direction := "behind"
		if skew < 0 {
			skew, direction = -skew, "ahead of"
		}
		return fmt.Sprintf("This machine's clock is %s %s the gateway's: set it right (NTP)", skew, direction)
	}
	return "Set this machine's clock right (NTP)"
}

func (e *Error) tlsHint() string {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(e.Cause, &unknown) && e.Gateway == GatewayPublic:
		return "The system's roots do not know this server: a proxy may intercept TLS; for an emulator set ca_file"
	case errors.As(e.Cause, &unknown):
		return "Set ca_file to the instance's CA certificate (PrivateKmsCA_kst-….pem from the KMS console)"
	case errors.As(e.Cause, &host):
		return "The endpoint's name is not in the server's certificate: check the endpoint"
	case errors.As(e.Cause, &invalid) && invalid.Reason == x509.Expired:
		return "Check this machine's clock; if it is right, the server's certificate must be renewed"
	}
	return "Check that the endpoint speaks TLS 1.2 or later, and the proxy"
}

func (e *Error) networkHint() string {
	if IsUnknownHost(e.Cause) {
		if e.Gateway == GatewayPublic {
			return "Check the region's name and this machine's DNS"
		}
		return "Instance gateways are reachable only in their bound VPC: run there, or bind this VPC to the instance"
	}
	return "Check the endpoint, the route and HTTPS_PROXY with `kmsplan doctor`"
}

// IsUnknownHost reports that a name does not resolve, for good.
func IsUnknownHost(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}
