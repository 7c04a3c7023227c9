package apply_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/state"
)

// service is a tiny key service in a directory, one file per object, so that it
// outlives a killed client. The executor's tests need a service that commits a call and loses
// its answer at a chosen instant; nothing else of KMS matters to them.
type service struct {
	dir string

	mu     sync.Mutex
	calls  []string
	active int
	most   int
	fault  func(operation, address string) fault
	block  chan struct{} // not nil: every call waits for it, once it has committed
	inCall chan string   // not nil: told of every call that has committed
}

type fault int

const (
	none       fault = iota
	refuse           // a definite refusal, nothing done
	loseAnswer       // done, and the answer is lost
	loseCall         // not done, and the answer is lost
)

// object is what the service keeps.
type object struct {
	ID, Kind, Address, Token string
	Attrs                    map[string]any
}

func (s *service) call(ctx context.Context, operation, address string, do func() error) error {
	s.mu.Lock()
	s.calls = append(s.calls, operation+" "+address)
	s.active++
	s.most = max(s.most, s.active)
	f := none
	if s.fault != nil {
		f = s.fault(operation, address)
	}
	s.mu.Unlock()
	defer func() { s.mu.Lock(); s.active--; s.mu.Unlock() }()
	lost := &kms.Error{Gateway: "public", Operation: operation, Code: kms.CodeConnection, Message: "connection reset", Outcome: kms.Ambiguous}
	switch f {
	case refuse:
		return &kms.Error{Gateway: "public", Operation: operation, Code: "Forbidden.NoPermission", Message: "not allowed", Status: 403}
	case loseCall:
		return lost
	}
	if err := do(); err != nil {
		return err
	}
	if s.inCall != nil {
		s.inCall <- operation
	}
	if s.block != nil {
		<-s.block
	}
	if f == loseAnswer || ctx.Err() != nil {
		return lost
	}
	return nil
}

func (s *service) path(id string) string {
	return filepath.Join(s.dir, strings.ReplaceAll(id, "/", "_")+".json")
}

func (s *service) put(o object) error {
	data, err := json.Marshal(o)
	if err != nil {
		return err
	}
	// A service does not die with its client: what it keeps is whole.
	temp := s.path(o.ID) + "." + uuid.NewString()
	if err := os.WriteFile(temp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(temp, s.path(o.ID))
}

func (s *service) get(id string) (object, bool) {
	var o object
	data, err := os.ReadFile(s.path(id))
	return o, err == nil && json.Unmarshal(data, &o) == nil
}

func (s *service) all(t testing.TB) []object {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(s.dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var out []object
	for _, n := range names {
		var o object
		data, err := os.ReadFile(n)
		if err == nil {
			err = json.Unmarshal(data, &o)
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, o)
	}
	return out
}

// handler manages keys, aliases and secrets of the service the way real handlers do: every
// call between an intent and its result, the object recorded as soon as it exists.
type handler struct{ s *service }

func (h handler) Apply(ctx context.Context, s *resource.Session) (*state.Resource, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	address := s.Change.Addr.String()
	switch s.Change.Action {
	case plan.Create, plan.Adopt:
		return h.create(ctx, s, address)
	case plan.Update:
		o, ok := h.s.get(s.Prior.ID)
		if !ok {
			return nil, errors.New("the object is gone")
		}
		err := s.Call(ctx, "Update", o.ID, nil, func(ctx context.Context) (string, error) {
			o.Attrs = attrs(s, o.ID)
			return "", h.s.call(ctx, "Update", address, func() error { return h.s.put(o) })
		})
		return kept(o, s), err
	case plan.Delete:
		return nil, s.Call(ctx, "Delete", s.Prior.ID, nil, func(ctx context.Context) (string, error) {
			return "", h.s.call(ctx, "Delete", address, func() error { return os.Remove(h.s.path(s.Prior.ID)) })
		})
	case plan.Retire:
		o, _ := h.s.get(s.Prior.ID)
		err := s.Call(ctx, "DisableKey", o.ID, nil, func(ctx context.Context) (string, error) {
			o.Attrs["state"] = "Disabled"
			return "", h.s.call(ctx, "DisableKey", address, func() error { return h.s.put(o) })
		})
		return kept(o, s), err
	}
	return nil, nil
}

func (h handler) create(ctx context.Context, s *resource.Session, address string) (*state.Resource, error) {
	o := object{Kind: s.Change.Kind, Address: address, Token: s.Intent}
	err := s.Call(ctx, "Create", "", nil, func(ctx context.Context) (string, error) {
		err := h.s.call(ctx, "Create", address, func() error {
			o.ID = uuid.NewString()
			if name, ok := s.Body.Attrs["name"]; ok {
				o.ID = name.AsString()
			}
			o.Attrs = attrs(s, o.ID)
			return h.s.put(o)
		})
		return o.ID, err
	})
	if err != nil {
		return nil, err
	}
	if err := s.Journal.Record(*kept(o, s)); err != nil {
		return nil, err
	}
	err = s.Call(ctx, "Follow", o.ID, nil, func(ctx context.Context) (string, error) {
		return "", h.s.call(ctx, "Follow", address, func() error { return h.s.put(o) })
	})
	return kept(o, s), err
}

func (h handler) Resolve(_ context.Context, s *resource.Session, in state.Intent) (resource.Resolution, error) {
	if in.Operation == "Create" {
		names, err := filepath.Glob(filepath.Join(h.s.dir, "*.json"))
		for _, n := range names {
			o, ok := h.s.get(strings.TrimSuffix(filepath.Base(n), ".json"))
			if ok && o.Token == in.Token {
				return resource.Resolution{Committed: true, Resource: kept(o, s)}, nil
			}
		}
		return resource.Resolution{}, err
	}
	o, ok := h.s.get(in.ObjectID)
	if in.Operation == "Delete" {
		return resource.Resolution{Committed: !ok}, nil
	}
	return resource.Resolution{Committed: true, Resource: kept(o, s)}, nil
}

// attrs is what the service would report: everything but the secret value.
func attrs(s *resource.Session, id string) map[string]any {
	out := map[string]any{"id": id}
	for name, v := range s.Body.Attrs {
		if name != "value" {
			out[name] = plan.ToState(v)
		}
	}
	return out
}

func kept(o object, s *resource.Session) *state.Resource {
	r := &state.Resource{ID: o.ID, Attributes: o.Attrs, Intent: o.Token}
	if v, ok := s.Body.Attrs["value"]; ok {
		plain, _ := v.Unmark()
		r.Fingerprints = map[string]state.Fingerprint{"value": state.NewFingerprint([]byte(plain.AsString()))}
	}
	return r
}

// differs reports whether the block's description is not the one in state.
func differs(want cty.Value, r state.Resource) bool {
	return want != cty.NilVal && want.IsKnown() && plan.ToState(want) != r.Attributes["description"]
}
