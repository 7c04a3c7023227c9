package engine

import (
	"io"

	"kmsplan.dev/kmsplan/internal/emulator/clock"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// Engine is the service below both gateways: records, cryptography, state
// machine and time. It knows no wire format. Safe for concurrent use.
type Engine struct {
	db    *store.DB
	clock *clock.Clock
	rand  io.Reader
	opts  Options
	table tables
}

// tables are the store's collections, keyed by scope(account, region, id).
type tables struct {
	keys          store.Table[Key]
	keyVersions   store.Table[KeyVersion] // keyed by version id
	aliases       store.Table[Alias]
	secrets       store.Table[Secret]
	secretVersion store.Table[SecretVersion] // keyed by secret name + "\x00" + version id
	importTokens  store.Table[ImportToken]
	instances     store.Table[Instance]
	clientKeys    store.Table[ClientKey]
	accessPoints  store.Table[AccessPoint]
	networkRules  store.Table[NetworkRule]
	policies      store.Table[Policy]
	credentials   store.Table[Credential] // keyed by AccessKey id alone
}
