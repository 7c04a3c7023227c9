package resource

import (
	"context"
	"fmt"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// accessHandler is for what the service knows by its name alone: network rules, access policies and access points.
type accessHandler struct{ accessCalls }

// accessCalls are the calls of one of these kinds. want is the object that configuration asks for; what it leaves
// open is nil in it.
type accessCalls struct {
	kind   string
	list   func(ctx context.Context, m kms.Manager) ([]string, error)
	read   func(ctx context.Context, m kms.Manager, name string) (map[string]cty.Value, error)
	create func(ctx context.Context, s *Session, name string) error
	update func(ctx context.Context, s *Session, name string) error
	remove func(ctx context.Context, m kms.Manager, name string) error
}

func (h accessHandler) wishKnown(w *wish, r *state.Resource) {
	w.named[objectID{h.kind, r.ID}] = true
}

func (h accessHandler) wishDeclared(w *wish, d declaration) {
	name := d.id()
	if name == "" {
		name = text(d.attrs()["name"])
	}
	w.named[objectID{h.kind, name}] = true
}

// object reads one; nil when it does not exist.
func (h accessHandler) object(ctx context.Context, m kms.Manager, name string) (*plan.Object, error) {
	attrs, err := h.read(ctx, m, name)
	if kms.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	attrs["name"] = cty.StringVal(name)
	return &plan.Object{Kind: h.kind, ID: name, Attrs: attrs}, nil
}

// Apply carries out a change of one.
func (h accessHandler) Apply(ctx context.Context, s *Session) (*state.Resource, error) {
	c := &s.Change
	if c.Action == plan.Forget {
		return nil, nil
	}
	name := c.ID
	if c.Action == plan.Create {
		name, _ = s.wantText("name")
	}
	if name == "" {
		return nil, fmt.Errorf("%s has no name", c.Addr)
	}
	if err := h.unchanged(ctx, s, name); err != nil {
		return nil, err
	}
	for _, op := range c.Calls {
		if err := h.call(ctx, s, op, name); err != nil {
			return nil, fmt.Errorf("%s of %s: %w", op, c.Addr, err)
		}
	}
	if c.Action == plan.Delete {
		return nil, nil
	}
	o, err := h.object(ctx, s.Manager, name)
	if err == nil && o == nil {
		err = fmt.Errorf("%s does not exist", name)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s after its change: %w", c.Addr, err)
	}
	r := s.record(o)
	return &r, nil
}

func (h accessHandler) unchanged(ctx context.Context, s *Session, name string) error {
	if s.Change.PreImage == nil {
		return nil
	}
	o, err := h.object(ctx, s.Manager, name)
	if err != nil {
		return fmt.Errorf("read %s before its change: %w", s.Change.Addr, err)
	}
	if o == nil {
		o = &plan.Object{Kind: h.kind, ID: name}
	}
	return s.unchanged(o)
}

// call makes one call. After an ambiguous answer a reading decides.
func (h accessHandler) call(ctx context.Context, s *Session, op, name string) error {
	k := kind.Lookup(h.kind, false)
	detail := map[string]string{}
	var fn func(context.Context) error
	gone := false
	switch op {
	case k.CreatedBy:
		fn = func(ctx context.Context) error { return h.create(ctx, s, name) }
	case k.DeletedBy:
		gone = true
		fn = func(ctx context.Context) error {
			if err := h.remove(ctx, s.Manager, name); !kms.IsNotFound(err) {
				return err
			}
			return nil // gone already: as wanted
		}
	default:
		fn = func(ctx context.Context) error { return h.update(ctx, s, name) }
	}
	return s.Call(ctx, op, name, detail, func(ctx context.Context) (string, error) {
		return name, settle(fn(ctx), func() (bool, error) {
			o, err := h.object(ctx, s.Manager, name)
			if gone {
				return o == nil, err
			}
			return o != nil && s.isAsWanted(o), err
		})
	})
}

// isAsWanted reports whether a live object differs in nothing from what configuration asks for.
func (s *Session) isAsWanted(o *plan.Object) bool {
	k := kind.Lookup(o.Kind, false)
	for i := range k.Attributes {
		at := &k.Attributes[i]
		if v, ok := s.want(at.Name); ok && at.Mode != kind.Computed && !at.WriteOnly && !plan.Same(at, v, o.Attrs[at.Name]) {
			return false
		}
	}
	return true
}

// Resolve reads what there is of that name. Every call on these objects can be planned again, so that nothing has to be
// waited for: a creation that comes late is found as the block says it, and taken up.
func (h accessHandler) Resolve(ctx context.Context, s *Session, open state.Intent) (Resolution, error) {
	o, err := h.object(ctx, s.Manager, open.ObjectID)
	if err != nil {
		return Resolution{}, fmt.Errorf("find out what became of %s of %s: %w", open.Operation, open.Address, err)
	}
	k := kind.Lookup(h.kind, false)
	switch {
	case open.Operation == k.DeletedBy:
		return Resolution{Committed: o == nil, Resource: keptIf(o != nil, s.Prior)}, nil
	case o == nil:
		return Resolution{Resource: s.Prior}, nil
	case open.Operation == k.CreatedBy && s.Prior == nil && (s.Body.Attrs == nil || !s.isAsWanted(o)):
		return Resolution{}, nil // somebody else's: the next plan says so
	}
	r := s.record(o)
	return Resolution{Committed: true, Untold: open.Operation != k.CreatedBy, Resource: &r}, nil
}

func keptIf(there bool, r *state.Resource) *state.Resource {
	if there {
		return r
	}
	return nil
}
