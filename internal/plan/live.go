package plan

import (
	"time"

	"github.com/zclconf/go-cty/cty"
)

// Live is a snapshot of the service, read list-first: what the planner holds
// configuration and state against. Read by package resource.
type Live struct {
	Gateways map[string]*LiveGateway // by gateway block name
}

// LiveGateway is one account and region.
type LiveGateway struct {
	AccountID  string
	InstanceID string                        // the gateway's instance, default for new keys and secrets; "" = none
	Objects    map[string]map[string]*Object // kind → id → object, managed ones in full
	Aliases    map[string]string             // every alias of the region → key id
	Dying      []DyingKey
	ByIntent   map[string]string // kmsplan:intent tag → key id, keys tagged with our lineage
}

// Object is one live object. Attrs holds the kind's non-write-only attributes.
type Object struct {
	Kind     string
	ID       string
	Attrs    map[string]cty.Value
	State    string    // keys: Enabled, Disabled, PendingDeletion, PendingImport, Unavailable
	DeleteAt time.Time // keys PendingDeletion; secrets in their recovery window
	Versions []string  // secrets: live version ids
	Current  string    // secrets: the version holding ACSCurrent
	Tags     map[string]string
}
