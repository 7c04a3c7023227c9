package core

import (
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/clock"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// The indexes beside the tables. Every list is in order of creation, then id.
const (
	ByCreation = "created"  // scope prefix, creation instant
	ByKey      = "key"      // scope(key id), creation instant: what belongs to a key
	ByHolder   = "holder"   // scope(instance id or default): what counts against a quota
	byDue      = "due"      // instant, event: what time will do
	ByPoint    = "aap"      // scope(access point), creation instant
	ByID       = "id"       // id alone, whatever the account and region
	noInstance = "#default" // the holder of keys without an instance
)

func newTables() tables {
	return tables{
		Keys: store.NewTable("key",
			index(ByCreation, func(k *Key) []string { return one(listed(k.Account, k.Region, k.Created)) }),
			index(ByHolder, func(k *Key) []string { return one(Holder(k.Account, k.Region, k.Instance)) }),
			index(byDue, keyDue)),
		KeyVersions: store.NewTable("key-version",
			index(ByHolder, func(v *KeyVersion) []string { return one(Holder(v.Account, v.Region, v.Instance)) }),
			index(ByID, func(v *KeyVersion) []string { return one(v.ID + "/") })),
		Aliases: store.NewTable("alias",
			index(ByCreation, func(a *Alias) []string { return one(listed(a.Account, a.Region, a.Created)) }),
			index(ByKey, func(a *Alias) []string { return one(Scope(a.Account, a.Region, a.KeyID) + "/" + sortable(a.Created)) })),
		Secrets: store.NewTable("secret",
			index(ByCreation, func(s *Secret) []string { return one(listed(s.Account, s.Region, s.Created)) }),
			index(ByHolder, func(s *Secret) []string { return one(Holder(s.Account, s.Region, s.Instance)) }),
			index(byDue, secretDue)),
		SecretVersion: store.NewTable[SecretVersion]("secret-version"),
		ImportTokens: store.NewTable("import-token",
			index(ByKey, func(t *ImportToken) []string { return one(Scope(t.Account, t.Region, t.KeyID)) }),
			index(byDue, tokenDue)),
		Instances: store.NewTable("instance",
			index(ByCreation, func(i *KMSInstance) []string { return one(listed(i.Account, i.Region, i.Created)) })),
		ClientKeys: store.NewTable("client-key",
			index(ByPoint, func(k *ClientKey) []string {
				return one(Scope(k.Account, k.Region, k.AccessPoint) + "/" + sortable(k.Created))
			}),
			index(ByID, func(k *ClientKey) []string { return one(k.ID + "/") }),
			index(byDue, clientKeyDue)),
		AccessPoints: store.NewTable("access-point",
			index(ByCreation, func(a *AccessPoint) []string { return one(listed(a.Account, a.Region, a.Created)) })),
		NetworkRules: store.NewTable("network-rule",
			index(ByCreation, func(r *NetworkRule) []string { return one(listed(r.Account, r.Region, r.Created)) })),
		Policies: store.NewTable("policy",
			index(ByCreation, func(p *Policy) []string { return one(listed(p.Account, p.Region, p.Created)) })),
		Credentials: store.NewTable[Credential]("credential"),
		clock:       store.NewTable[clock.State]("clock"),
		bootstrap:   store.NewTable[Bootstrap]("bootstrap"),
	}
}

func (t *tables) attachTo(db *store.DB) error {
	return db.Attach(t.Keys, t.KeyVersions, t.Aliases, t.Secrets, t.SecretVersion, t.ImportTokens,
		t.Instances, t.ClientKeys, t.AccessPoints, t.NetworkRules, t.Policies, t.Credentials, t.clock, t.bootstrap)
}

func index[T any](name string, keys func(*T) []string) store.Index[T] {
	return store.Index[T]{Name: name, Keys: keys}
}

func one(place string) []string { return []string{place} }

// Scope is a record's key: account, region and id.
func Scope(account, region, id string) string { return account + "/" + region + "/" + id }

// Scope is the key of a record in the caller's account and region; scope("") is
// the prefix of all of them.
func (c *Call) Scope(id string) string { return Scope(c.Account, c.Region, id) }

func listed(account, region string, created time.Time) string {
	return Scope(account, region, sortable(created))
}

// Holder names what a key or version is counted against. It ends in a slash, so
// that it is no prefix of another.
func Holder(account, region, instance string) string {
	if instance == "" {
		instance = noInstance
	}
	return Scope(account, region, instance) + "/"
}

// sortable writes an instant so that text order is time order (years 0–9999).
func sortable(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000Z") }
