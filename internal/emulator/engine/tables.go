package engine

import (
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/clock"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// The indexes beside the tables. Every list is in order of creation, then id.
const (
	byCreation = "created"  // scope prefix, creation instant
	byKey      = "key"      // scope(key id), creation instant: what belongs to a key
	byHolder   = "holder"   // scope(instance id or default): what counts against a quota
	byDue      = "due"      // instant, event: what time will do
	byPoint    = "aap"      // scope(access point), creation instant
	byID       = "id"       // id alone, whatever the account and region
	noInstance = "#default" // the holder of keys without an instance
)

func newTables() tables {
	return tables{
		keys: store.NewTable("key",
			index(byCreation, func(k *Key) []string { return one(listed(k.Account, k.Region, k.Created)) }),
			index(byHolder, func(k *Key) []string { return one(holder(k.Account, k.Region, k.Instance)) }),
			index(byDue, keyDue)),
		keyVersions: store.NewTable("key-version",
			index(byHolder, func(v *KeyVersion) []string { return one(holder(v.Account, v.Region, v.Instance)) }),
			index(byID, func(v *KeyVersion) []string { return one(v.ID + "/") })),
		aliases: store.NewTable("alias",
			index(byCreation, func(a *Alias) []string { return one(listed(a.Account, a.Region, a.Created)) }),
			index(byKey, func(a *Alias) []string { return one(scope(a.Account, a.Region, a.KeyID) + "/" + sortable(a.Created)) })),
		secrets: store.NewTable("secret",
			index(byCreation, func(s *Secret) []string { return one(listed(s.Account, s.Region, s.Created)) }),
			index(byHolder, func(s *Secret) []string { return one(holder(s.Account, s.Region, s.Instance)) }),
			index(byDue, secretDue)),
		secretVersion: store.NewTable[SecretVersion]("secret-version"),
		importTokens: store.NewTable("import-token",
			index(byKey, func(t *ImportToken) []string { return one(scope(t.Account, t.Region, t.KeyID)) }),
			index(byDue, tokenDue)),
		instances: store.NewTable("instance",
			index(byCreation, func(i *KMSInstance) []string { return one(listed(i.Account, i.Region, i.Created)) })),
		clientKeys: store.NewTable("client-key",
			index(byPoint, func(k *ClientKey) []string {
				return one(scope(k.Account, k.Region, k.AccessPoint) + "/" + sortable(k.Created))
			}),
			index(byID, func(k *ClientKey) []string { return one(k.ID + "/") }),
			index(byDue, clientKeyDue)),
		accessPoints: store.NewTable("access-point",
			index(byCreation, func(a *AccessPoint) []string { return one(listed(a.Account, a.Region, a.Created)) })),
		networkRules: store.NewTable("network-rule",
			index(byCreation, func(r *NetworkRule) []string { return one(listed(r.Account, r.Region, r.Created)) })),
		policies: store.NewTable("policy",
			index(byCreation, func(p *Policy) []string { return one(listed(p.Account, p.Region, p.Created)) })),
		credentials: store.NewTable[Credential]("credential"),
		clock:       store.NewTable[clock.State]("clock"),
		bootstrap:   store.NewTable[Bootstrap]("bootstrap"),
	}
}

func (t *tables) attachTo(db *store.DB) error {
	return db.Attach(t.keys, t.keyVersions, t.aliases, t.secrets, t.secretVersion, t.importTokens,
		t.instances, t.clientKeys, t.accessPoints, t.networkRules, t.policies, t.credentials, t.clock, t.bootstrap)
}

func index[T any](name string, keys func(*T) []string) store.Index[T] {
	return store.Index[T]{Name: name, Keys: keys}
}

func one(place string) []string { return []string{place} }

// scope is a record's key: account, region and id.
func scope(account, region, id string) string { return account + "/" + region + "/" + id }

// scope is the key of a record in the caller's account and region; scope("") is
// the prefix of all of them.
func (c *Call) scope(id string) string { return scope(c.Account, c.Region, id) }

func listed(account, region string, created time.Time) string {
	return scope(account, region, sortable(created))
}

// holder names what a key or version is counted against. It ends in a slash, so
// that it is no prefix of another.
func holder(account, region, instance string) string {
	if instance == "" {
		instance = noInstance
	}
	return scope(account, region, instance) + "/"
}

// sortable writes an instant so that text order is time order (years 0–9999).
func sortable(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000Z") }
