package resource

import (
	"slices"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// record turns a live object into what state keeps of it. What only kmsplan
// knows (fingerprints, versions written, the intent of its creation) is carried over from before.
func (s *Session) record(o *plan.Object) state.Resource {
	r := state.Resource{
		Address: s.Change.Addr.String(), Kind: s.Change.Kind, Gateway: s.Change.Gateway, ID: o.ID,
		Attributes: make(map[string]any, len(o.Attrs)), Protected: s.Change.Protected, LastAppliedAt: s.Now().UTC(),
	}
	r.Region = s.region()
	for name, v := range o.Attrs {
		r.Attributes[name] = plan.ToState(v)
	}
	for name := range s.Body.Attrs {
		r.Managed = append(r.Managed, name)
	}
	slices.Sort(r.Managed)
	for _, a := range s.Change.DependsOn {
		r.DependsOn = append(r.DependsOn, a.String())
	}
	if s.Prior != nil && (s.Prior.ID == o.ID || o.Kind != plan.KindKey) { // a successor has nothing of the old key
		s.carryOver(&r)
	}
	return r
}

// carryOver keeps what the service cannot tell. Without a body (retire), what
// was managed and protected stays recorded.
func (s *Session) carryOver(r *state.Resource) {
	r.Fingerprints, r.Versions, r.Held, r.Intent = s.Prior.Fingerprints, s.Prior.Versions, s.Prior.Held, s.Prior.Intent
	for name, x := range s.Prior.Attributes {
		if _, read := r.Attributes[name]; !read {
			r.Attributes[name] = x // not read this time: a policy, the arguments of generate
		}
	}
	if s.Body.Attrs == nil {
		r.Managed, r.Protected, r.DependsOn = s.Prior.Managed, s.Prior.Protected, s.Prior.DependsOn
		r.Retire, r.RetiredAt = s.Prior.Retire, s.Prior.RetiredAt
	}
}

// want is the value configuration asks for; ok is false when it asks for nothing.
func (s *Session) want(attr string) (v cty.Value, ok bool) {
	v, written := s.Body.Attrs[attr]
	if !written {
		return cty.NilVal, false
	}
	v = unmarked(v)
	if v.IsKnown() && v.IsNull() {
		account := ""
		if s.Live != nil {
			account = s.Live.AccountID
		}
		v = kind.Lookup(s.Change.Kind, false).ServiceDefault(attr, account)
	}
	return v, v != cty.NilVal && v.IsWhollyKnown()
}

// wantText is want for strings.
func (s *Session) wantText(attr string) (string, bool) {
	v, ok := s.want(attr)
	if !ok || v.IsNull() || v.Type() != cty.String {
		return "", ok && !v.IsNull()
	}
	return v.AsString(), true
}

// optional is a parameter that is sent only when configuration asks for it.
func (s *Session) optional(attr string) *string {
	if text, ok := s.wantText(attr); ok {
		return &text
	}
	return nil
}

// instance is where a new object goes: what is written, else the gateway's
// instance; nil for none.
func (s *Session) instance() *string {
	if v, written := s.Body.Attrs["instance"]; written {
		if id := text(v); id != "" {
			return &id
		}
		return nil
	}
	if s.Live != nil && s.Live.InstanceID != "" {
		id := s.Live.InstanceID
		return &id
	}
	return nil
}
