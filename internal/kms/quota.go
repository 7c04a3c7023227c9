package kms

// quotaGroup names a set of operations that share one rate limit of the public
// gateway per account and region.
type quotaGroup string

const (
	quotaNone          quotaGroup = ""
	quotaService       quotaGroup = "service"
	quotaKeyRead       quotaGroup = "key read"
	quotaTagRead       quotaGroup = "tag read"
	quotaCreateKey     quotaGroup = "key create"
	quotaKeyWrite      quotaGroup = "key write"
	quotaSymmetric     quotaGroup = "symmetric"
	quotaAsymmetric    quotaGroup = "asymmetric"
	quotaSecretWrite   quotaGroup = "secret write"
	quotaSecretUpdate  quotaGroup = "secret update"
	quotaSecretRead    quotaGroup = "secret read"
	quotaInstanceRead  quotaGroup = "instance read"
	quotaInstanceWrite quotaGroup = "instance write"
)
