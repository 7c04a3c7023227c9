package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
)

// nothing is what is known of managed objects when a configuration is digested
// by itself: every reference is unknown.
type nothing struct{}

func (nothing) Object(addr.Address) (cty.Value, bool) { return cty.NilVal, false }

// ConfigDigest is SHA-256, in hex, over the module's files and over what they
// mean: every attribute of every instance with variables, functions and files applied, except
// write-only and sensitive ones. A saved plan is applied only under the same digest, so that apply
// can evaluate the configuration again, with the secrets that no plan holds.
func ConfigDigest(cfg *hcl.Config) string {
	h := sha256.New()
	enc := json.NewEncoder(h) // writing to a hash never fails, and neither do strings
	for _, name := range sorted(keysOf(cfg.Files)) {
		_ = enc.Encode([]any{"file", name, checksum(cfg.Files[name].Bytes)})
	}
	for _, block := range cfg.Blocks {
		for _, a := range block.Instances {
			body, diags := cfg.Body(a, nothing{})
			_ = enc.Encode([]any{"instance", a.String(), diags.HasErrors()})
			for _, name := range sorted(keysOf(body.Attrs)) {
				if at := block.Kind.Attribute(name); at != nil && !at.WriteOnly {
					_ = enc.Encode([]any{name, digestible(body.Attrs[name])})
				}
			}
			for _, name := range sorted(keysOf(body.Blocks)) {
				for _, arg := range sorted(keysOf(body.Blocks[name])) {
					_ = enc.Encode([]any{name, arg, digestible(body.Blocks[name][arg])})
				}
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// digestible is a value without what is sensitive.
func digestible(v cty.Value) any {
	if v == cty.NilVal || v.ContainsMarked() {
		return "sensitive"
	}
	return packed(v)
}

// Bind ties the plan to its configuration before it is saved.
func (p *Plan) Bind(cfg *hcl.Config) { p.ConfigDigest = ConfigDigest(cfg) }

// Bound checks that a saved plan may be applied with this configuration.
func (p *Plan) Bound(cfg *hcl.Config) error {
	if p.ConfigDigest == "" || p.ConfigDigest != ConfigDigest(cfg) {
		return fmt.Errorf("%w: the configuration or a variable changed since the plan was saved; plan again", ErrStalePlan)
	}
	return nil
}
