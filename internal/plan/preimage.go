package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
)

// PreImageOf records what an action was planned on. Package resource computes it
// again from a fresh reading just before the call.
func PreImageOf(o *Object) *PreImage {
	h := sha256.New()
	enc := json.NewEncoder(h) // writing to a hash never fails
	k := kind.Lookup(o.Kind, false)
	for _, name := range k.PreImage() {
		v, ok := o.Attrs[name]
		if k.Attribute(name).Partial && (!ok || v.IsNull() || v.LengthInt() == 0) {
			continue // so that plans from before it was read are as good as ever
		}
		if !ok || o.moves(name) {
			v = cty.NullVal(cty.String)
		}
		_ = enc.Encode([]any{name, ToState(v)})
	}
	p := &PreImage{State: o.State, Digest: hex.EncodeToString(h.Sum(nil)), DeleteAt: o.DeleteAt}
	if p.State == "" && !o.DeleteAt.IsZero() { // a secret: its window is all the state it has
		p.State = o.DeleteAt.UTC().Format(time.RFC3339)
	}
	return p
}

// Equal reports whether two pre-images describe the same live state.
func (p PreImage) Equal(q PreImage) bool {
	return p.State == q.State && p.Digest == q.Digest && p.DeleteAt.Equal(q.DeleteAt)
}
