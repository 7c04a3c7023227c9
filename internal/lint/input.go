package lint

import (
	"time"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
)

// Input is what the rules look at.
type Input struct {
	Config   *hcl.Config       // loaded without errors
	Warnings hclv2.Diagnostics // what loading it warned of
	// Recorded are the objects of a state or a saved plan; nil = none was read.
	Recorded []Object
	Waiting  []Waiting // keys of the region that wait for deletion, as a saved plan lists them
	// Drilled is when a drill opened files without KMS last, and DrillFailed how many it did not open; zero = never.
	Drilled     time.Time
	DrillFailed int
	Now         time.Time
	Bounds      Bounds
}

// Object is one object as it was last seen.
type Object struct {
	Addr       addr.Address
	ID         string
	Attributes map[string]any // as JSON values
	Versions   []string       // of a secret: the versions this stack has written
}

// Waiting is a key that waits for deletion.
type Waiting struct {
	ID       string
	Addr     addr.Address // zero = no block of this module declares it
	DeleteAt time.Time
}

// Bounds are what a rule measures against. The zero value stands for the defaults.
type Bounds struct {
	MaxRotation time.Duration // KP003; default 365 days
	OwnerTags   []string      // KP017: any of them will do; default owner and team
}

const day = 24 * time.Hour

// The defaults of Bounds.
const DefaultMaxRotation = 365 * day

// DefaultOwnerTags are the tags of which an object has one.
func DefaultOwnerTags() []string { return []string{"owner", "team"} }

func (b Bounds) withDefaults() Bounds {
	if b.MaxRotation == 0 {
		b.MaxRotation = DefaultMaxRotation
	}
	if len(b.OwnerTags) == 0 {
		b.OwnerTags = DefaultOwnerTags()
	}
	return b
}
