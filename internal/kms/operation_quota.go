package kms

// QuotaGroup names a set of operations that share one rate limit of the public
// gateway per account and region.
type QuotaGroup string

const (
	quotaNone          QuotaGroup = ""
	QuotaService       QuotaGroup = "service"
	QuotaKeyRead       QuotaGroup = "key read"
	QuotaTagRead       QuotaGroup = "tag read"
	QuotaCreateKey     QuotaGroup = "key create"
	QuotaKeyWrite      QuotaGroup = "key write"
	QuotaSymmetric     QuotaGroup = "symmetric"
	QuotaAsymmetric    QuotaGroup = "asymmetric"
	QuotaSecretWrite   QuotaGroup = "secret write"
	QuotaSecretUpdate  QuotaGroup = "secret update"
	QuotaSecretRead    QuotaGroup = "secret read"
	QuotaInstanceRead  QuotaGroup = "instance read"
	QuotaInstanceWrite QuotaGroup = "instance write"
)
