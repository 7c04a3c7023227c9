package engine

import (
	"io"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/seed"
)

// What the gateways and the control API need of the parts, so that they know this
// package alone.
type (
	Engine            = core.Engine
	Options           = core.Options
	Quotas            = core.Quotas
	RotationProfile   = core.RotationProfile
	Bootstrap         = core.Bootstrap
	Call              = core.Call
	Gateway           = core.Gateway
	Group             = core.Group
	Operation         = core.Operation
	InstanceOperation = core.InstanceOperation
	JSONMap           = core.JSONMap
	Object            = core.Object
	Credential        = core.Credential
	ClientKey         = core.ClientKey
	Session           = core.Session
	Error             = core.Error
	Failure           = core.Failure
	Fired             = core.Fired
	Seeded            = core.Seeded
	SeedResult        = seed.Result
)

// The doors.
const (
	Public    = core.Public
	Dedicated = core.Dedicated
	Instance  = core.Instance
)

// The quota groups.
const (
	GroupService       = core.GroupService
	GroupInstanceWrite = core.GroupInstanceWrite
	GroupInstanceRead  = core.GroupInstanceRead
	GroupKeyRead       = core.GroupKeyRead
	GroupKeyTags       = core.GroupKeyTags
	GroupCreateKey     = core.GroupCreateKey
	GroupKeyWrite      = core.GroupKeyWrite
	GroupSymmetric     = core.GroupSymmetric
	GroupAsymmetric    = core.GroupAsymmetric
	GroupSecretWrite   = core.GroupSecretWrite
	GroupSecretRead    = core.GroupSecretRead
	GroupNone          = core.GroupNone
)

// The account and region of an engine that was told neither.
const (
	DefaultAccount = core.DefaultAccount
	DefaultRegion  = core.DefaultRegion
)

// The profiles, see core.
var (
	DefaultQuotas = core.DefaultQuotas
	NoQuotas      = core.NoQuotas
)

// LegacyRotation is core's.
const LegacyRotation = core.LegacyRotation

// Regions lists the regions the emulator answers for, in alphabetical order.
func Regions() []string { return core.Regions() }

// SeededRand is the source of the deterministic mode.
func SeededRand(seed [32]byte) *Seeded { return core.SeededRand(seed) }

// Seed adds what a file describes, see seed.Document.
func Seed(e *Engine, path string, force bool) (SeedResult, error) { return seed.File(e, path, force) }

// SeedFrom is Seed for a document that is read from r.
func SeedFrom(e *Engine, r io.Reader, force bool) (SeedResult, error) { return seed.From(e, r, force) }
