package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/zclconf/go-cty/cty"
)

// preImageAttrs are the attributes whose change makes a destructive or rescue
// action, or an update, another one than was approved. What the service moves by itself (the primary
// version, the next rotation) is not among them.
var preImageAttrs = map[string][]string{
	KindKey:    {"arn", "deletion_protection", "deletion_protection_description", "description", "instance", "origin", "spec", "usage"},
	KindAlias:  {"key", "name"},
	KindSecret: {"current_version", "description", "encryption_key", "name"},
}

// PreImageOf records what an action was planned on. Package resource computes it
// again from a fresh reading just before the call.
func PreImageOf(o *Object) *PreImage {
	h := sha256.New()
	enc := json.NewEncoder(h) // writing to a hash never fails
	for _, name := range preImageAttrs[o.Kind] {
		v, ok := o.Attrs[name]
		if !ok || name == "current_version" && o.Rotated {
			v = cty.NullVal(cty.String)
		}
		_ = enc.Encode([]any{name, ToState(v)})
	}
	p := &PreImage{State: o.State, Digest: hex.EncodeToString(h.Sum(nil)), DeleteAt: o.DeleteAt}
	if o.Kind == KindSecret && !o.DeleteAt.IsZero() {
		p.State = o.DeleteAt.UTC().Format(time.RFC3339)
	}
	return p
}

// Equal reports whether two pre-images describe the same live state.
func (p PreImage) Equal(q PreImage) bool {
	return p.State == q.State && p.Digest == q.Digest && p.DeleteAt.Equal(q.DeleteAt)
}
