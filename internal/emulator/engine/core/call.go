package core

import (
	"net/netip"
	"strings"
)

// Gateway names the door a call came through; it decides which operations and
// which keys are reachable.
type Gateway string

const (
	// Public is the shared gateway kms.<region>.aliyuncs.com: every operation.
	Public Gateway = "public"
	// Dedicated is the instance's host spoken to with RAM credentials: cryptographic
	// operations except ReEncrypt, GetPublicKey and GetSecretValue only.
	Dedicated Gateway = "dedicated"
	// Instance is the instance's host spoken to with a ClientKey (protobuf).
	Instance Gateway = "instance"
)

// Call is one authenticated request: who asks, where, through which door.
type Call struct {
	Account   string  // account id (uid), 16 digits
	Region    string  // for example cn-hangzhou
	Principal string  // RAM ARN of the caller, or the application access point's ARN
	Gateway   Gateway // the door
	Instance  string  // instance id; set on Dedicated and Instance
	ClientKey string  // ClientKey id (KAAP.…); set on Instance
	// RAM are the policies of a RAM user, a JSON array; "" = bounded by none.
	RAM       string
	RequestID string // echoed in the answer

	// Source is where the call comes from, for network rules; the zero Addr is a call
	// within the process, which no rule concerns.
	Source netip.Addr

	// KeyVersionID is the migration header x-kms-migrationkeyversionid: read from the
	// request by operations that honour it, and set by operations for the answer.
	KeyVersionID string
}

// Session tells whether the caller is an STS session, an assumed role.
func (c *Call) Session() bool { return strings.Contains(c.Principal, ":assumed-role/") }
