package plan

import (
	"time"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
)

// Live is a snapshot of the service, read list-first: what the planner holds
// configuration and state against. Read by package resource.
type Live struct {
	Gateways map[string]*LiveGateway // by gateway block name
	Answers  map[Question]Answer     // to lookups
	Deferred map[addr.Address]bool   // lookups that the last plan puts off until apply
}

// LiveGateway is one account and region.
type LiveGateway struct {
	AccountID  string
	InstanceID string                        // the gateway's instance, default for new keys and secrets; "" = none
	Objects    map[string]map[string]*Object // kind → id → object, managed ones in full
	Aliases    map[string]string             // every alias of the region → key id
	Secrets    map[string]time.Time          // every secret of the region → planned time of deletion, zero = in use
	Dying      []DyingKey
	ByIntent   map[string]string // kmsplan:intent tag → key id, keys tagged with our lineage
	// Owned lists, per OwnedBy(kind, address tag), the ids of objects that carry our
	// lineage and that address in their tags, oldest first, known to state or not.
	Owned map[string][]string
	// Claims are the keys and secrets of the region that carry kmsplan's ownership tags, known
	// to state or not, by kind and id. Those of this stack's lineage are always complete; those of other
	// stacks only while something declared is not in state.
	Claims []Claim
}

// Claim is whose an object is by its own tags.
type Claim struct {
	Kind    string
	ID      string
	Owner   string // kmsplan:owner, the lineage of a state
	Address string // kmsplan:address, as AddressTag renders it
	Intent  string // kmsplan:intent
}

// OwnedBy is the key of LiveGateway.Owned for a value of the kmsplan:address
// tag, as AddressTag renders it.
func OwnedBy(kind, addressTag string) string { return kind + " " + addressTag }

// Object is one live object. Attrs holds the kind's non-write-only attributes.
type Object struct {
	Kind     string
	ID       string
	Attrs    map[string]cty.Value
	State    string    // keys: Enabled, Disabled, PendingDeletion, PendingImport, Unavailable
	Created  time.Time // zero when the service gives none
	DeleteAt time.Time // keys PendingDeletion; secrets in their recovery window
	Versions []string  // secrets: live version ids, oldest first
	Current  string    // secrets: the version holding ACSCurrent
	// Stages are a secret's stage labels by version id.
	Stages map[string][]string
	// Rotated says that the service writes versions of this secret by itself, because
	// of its type: none of them is foreign.
	Rotated bool
	Tags    map[string]string
}

// Dying reports whether the object waits for deletion and can still be rescued.
func (o *Object) Dying() bool {
	return o != nil && (o.State == StatePendingDeletion || o.Kind == KindSecret && !o.DeleteAt.IsZero())
}

// moves reports whether the service sets an attribute anew by itself, so that another value tells nothing.
func (o *Object) moves(attr string) bool { return o.Rotated && attr == "current_version" }

// object returns the live object of a kind and id, or nil. An alias is known
// from the region's alias list even when the snapshot did not read it in full.
func (g *LiveGateway) object(kind, id string) *Object {
	if g == nil || id == "" {
		return nil
	}
	if o := g.Objects[kind][id]; o != nil {
		return o
	}
	if key, ok := g.Aliases[id]; ok && kind == KindAlias {
		return &Object{Kind: kind, ID: id, Attrs: map[string]cty.Value{
			"name": cty.StringVal(id), "key": cty.StringVal(key), "arn": cty.NullVal(cty.String),
		}}
	}
	return nil
}

// The managed kinds.
const (
	KindKey      = "key"
	KindAlias    = "alias"
	KindRotation = "rotation_policy"
	KindSecret   = "secret"

	KindNetworkRule  = "network_rule"
	KindAccessPolicy = "access_policy"
	KindAccessPoint  = "application_access_point"
	KindClientKey    = "client_key"

	// KindPredecessor stands for a key whose place another took, in the truth table and in addresses.
	KindPredecessor = "predecessor"
)

// Key states as the service names them.
const (
	StateEnabled         = "Enabled"
	StateDisabled        = "Disabled"
	StatePendingDeletion = "PendingDeletion"
	StatePendingImport   = "PendingImport"
)

// Tags that kmsplan puts on what it creates. They are hidden from diffs and
// never removed.
const (
	TagPrefix  = "kmsplan:"
	TagOwner   = TagPrefix + "owner"   // the state's lineage
	TagAddress = TagPrefix + "address" // encoded by AddressTag
	TagIntent  = TagPrefix + "intent"  // UUIDv7 of the change that created the object
)
