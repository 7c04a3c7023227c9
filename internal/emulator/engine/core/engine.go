package core

import (
	"crypto/rand"
	"fmt"
	"io"
	"math"
	"sync"
	"sync/atomic"

	"kmsplan.dev/kmsplan/internal/emulator/clock"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

// Engine is the service below both gateways: records, cryptography, state
// machine and time. It knows no wire format. Safe for concurrent use.
type Engine struct {
	Db     *store.DB
	clock  *clock.Clock
	Rand   io.Reader
	Opts   Options
	Table  tables
	Crypto cryptoState
	timeMu sync.Mutex             // held by whoever moves time and fires due events
	caPEM  atomic.Pointer[string] // see SetCACertificates

	nextEvent atomic.Pointer[dueCache] // see isDue
	reactions map[string]Reaction      // by event
	FireMost  int                      // fireMost, but for tests
	guise     bool                     // see guise.go
	tagsFrom  *store.DB                // see LateTags; nil = tags are shown as they are
}

// tables are the store's collections, keyed by scope(account, region, id).
type tables struct {
	Keys          store.Table[Key]
	KeyVersions   store.Table[KeyVersion] // keyed by version id
	Aliases       store.Table[Alias]
	Secrets       store.Table[Secret]
	SecretVersion store.Table[SecretVersion] // keyed by secret name + "\x00" + version id
	ImportTokens  store.Table[ImportToken]
	Instances     store.Table[KMSInstance]
	ClientKeys    store.Table[ClientKey]
	AccessPoints  store.Table[AccessPoint]
	NetworkRules  store.Table[NetworkRule]
	Policies      store.Table[Policy]
	Credentials   store.Table[Credential]  // keyed by AccessKey id alone
	clock         store.Table[clock.State] // one record
	bootstrap     store.Table[Bootstrap]   // keyed by scope(account, region, "")
}

// Options fix how faithful and how generous an engine is.
type Options struct {
	Account string // the bootstrap account, 16 digits; "" = DefaultAccount
	Region  string // the bootstrap region; "" = DefaultRegion

	// Strict enforces what is otherwise only kept: key and secret policies, the
	// permissions of application access points, and default keys being no use for
	// client-side data encryption.
	Strict bool

	Rotation RotationProfile // which of the documented rotation ranges holds
	Quotas   Quotas          // zero fields take DefaultQuotas

	// InstanceImage is the image version of the first instance of each region, such
	// as 2.1.0; "" = the newest. Before 3.0.0 its host knows ClientKeys only.
	InstanceImage string

	// LegacyDefaultKeys lets keys without an instance have the specifications they
	// could have before 2022 (RSA, EC, SM4) instead of Aliyun_AES_256 alone.
	LegacyDefaultKeys bool

	// Rand is the source of every id, nonce and key; nil = the system's. Give
	// SeededRand for the deterministic mode.
	Rand io.Reader
}

// Quotas bound the resources of one account in one region.
type Quotas struct {
	DefaultKeys     int // keys without an instance (KMS: 200)
	Aliases         int // KMS: 300
	DefaultVersions int // versions of keys without an instance (KMS: 10,000)
	SecretRotations int // RotateSecret on one secret within an hour (KMS: 50)
}

// DefaultQuotas are the documented figures. Keys and versions of an instance
// count against the instance's KeyNum instead.
var DefaultQuotas = Quotas{DefaultKeys: 200, Aliases: 300, DefaultVersions: 10_000, SecretRotations: undocumented.RotationsPerHour}

// NoQuotas bound nothing that anyone will reach.
var NoQuotas = Quotas{DefaultKeys: math.MaxInt, Aliases: math.MaxInt, DefaultVersions: math.MaxInt, SecretRotations: math.MaxInt}

// The account and region of an engine that was told neither.
const (
	DefaultAccount = "1234567890123456"
	DefaultRegion  = "cn-hangzhou"
)

// Open builds the engine over an open store. An empty store gets the bootstrap
// records (see Bootstrap); a kept clock state is continued on clk. Reactions are
// what the events of time do.
func Open(db *store.DB, clk *clock.Clock, o Options, reactions map[string]Reaction) (*Engine, error) {
	e := &Engine{Db: db, clock: clk, Opts: o.withDefaults(), Table: newTables(), reactions: reactions, FireMost: fireMost}
	e.Rand = rand.Reader
	if o.Rand != nil {
		e.Rand = &lockedReader{r: o.Rand}
	}
	if err := e.Table.attachTo(db); err != nil {
		return nil, err
	}
	if err := e.restoreClock(); err != nil {
		return nil, err
	}
	if _, err := e.BootstrapIn(e.Opts.Region); err != nil {
		return nil, fmt.Errorf("set up the emulator's first records: %w", err)
	}
	db.Remember(e.Now)
	return e, nil
}

func (o Options) withDefaults() Options {
	if o.Account == "" {
		o.Account = DefaultAccount
	}
	if o.Region == "" {
		o.Region = DefaultRegion
	}
	q := &o.Quotas
	for _, f := range []struct {
		field    *int
		standard int
	}{
		{&q.DefaultKeys, DefaultQuotas.DefaultKeys},
		{&q.Aliases, DefaultQuotas.Aliases},
		{&q.DefaultVersions, DefaultQuotas.DefaultVersions},
		{&q.SecretRotations, DefaultQuotas.SecretRotations},
	} {
		if *f.field == 0 {
			*f.field = f.standard
		}
	}
	return o
}

// DB returns the engine's store, for snapshots.
func (e *Engine) DB() *store.DB { return e.Db }

// Clock returns the virtual clock, for reading. Move time through the engine
// (Advance, SetTime …), so that due events fire.
func (e *Engine) Clock() *clock.Clock { return e.clock }

// Options returns the options in force.
func (e *Engine) Options() Options { return e.Opts }

// SetCACertificates gives the PEM chain that GetKmsInstance answers.
func (e *Engine) SetCACertificates(pem string) { e.caPEM.Store(&pem) }

func (e *Engine) CaCertificates() string {
	if p := e.caPEM.Load(); p != nil {
		return *p
	}
	return ""
}
