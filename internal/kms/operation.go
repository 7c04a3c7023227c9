package kms

import (
	"slices"
	"strings"
)

// ParamType is how a parameter is written in a generic call.
type ParamType string

const (
	TypeString  ParamType = "string"
	TypeBool    ParamType = "bool"
	TypeInt     ParamType = "int"
	TypeMap     ParamType = "map"    // JSON object, sent as one string
	TypeList    ParamType = "list"   // of strings, sent as Name.1, Name.2, …
	TypeTags    ParamType = "tags"   // object or list of {Key, Value}, sent as Tag.1.Key, Tag.1.Value, …
	TypeBytes   ParamType = "bytes"  // base64 text
	TypeObject  ParamType = "object" // nested object, sent as Name.Field
	TypeDecimal           = TypeInt  // int32 and int64 alike
)

// Param is one parameter of an operation.
type Param struct {
	Name     string
	Type     ParamType
	Required bool
	// Secret: the value is plaintext, a password or key material. It is read
	// from a file or standard input, never from the command line, and travels
	// in the request body only.
	Secret bool
}

// Where an operation is served.
const (
	GatewayPublic    = "public"
	GatewayDedicated = "dedicated"
	GatewayInstance  = "instance"
)

// Operation describes one operation of a gateway.
type Operation struct {
	Name    string // API name, for example ListKeys
	Gateway string // GatewayPublic or GatewayInstance
	Group   string // for example "keys"
	Doc     string // one line
	Params  []Param

	// Dedicated: also served by the dedicated gateway with RAM credentials.
	Dedicated bool
	// Mutating: it changes something at the service.
	Mutating bool
	// Idempotent: a second identical call after a lost answer is harmless and
	// answers like the first. Every operation that does not mutate is.
	Idempotent bool
	// SecretAnswer: the answer holds plaintext, a secret value or a private key.
	SecretAnswer bool
	// Get: sent with method GET, parameters in the query.
	Get bool

	Quota QuotaGroup
}

// Param returns the parameter of that name.
func (o Operation) Param(name string) (Param, bool) {
	i := slices.IndexFunc(o.Params, func(p Param) bool { return p.Name == name })
	if i < 0 {
		return Param{}, false
	}
	return o.Params[i], true
}

// Kebab is the name in kebab case: GenerateDataKeyPair → generate-data-key-pair.
func (o Operation) Kebab() string { return Kebab(o.Name) }

// Kebab turns an API name into kebab case. Runs of capitals stay together:
// DKMSInstanceId → dkms-instance-id.
func Kebab(name string) string {
	var b strings.Builder
	for i, r := range name {
		if isUpper(r) && i > 0 {
			prevLower := !isUpper(rune(name[i-1]))
			nextLower := i+1 < len(name) && !isUpper(rune(name[i+1]))
			if prevLower || nextLower {
				b.WriteByte('-')
			}
		}
		b.WriteRune(r | 0x20)
	}
	return b.String()
}

func isUpper(r rune) bool { return r >= 'A' && r <= 'Z' }
