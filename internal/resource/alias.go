package resource

import (
	"context"
	"fmt"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

type aliasHandler struct{}

func (aliasHandler) wishKnown(w *wish, r *state.Resource) { w.aliases[r.ID] = true }

func (aliasHandler) wishDeclared(w *wish, d declaration) {
	if d.known == nil {
		w.aliases[text(d.attrs()["name"])] = true
		w.search = true // whose is the key of an alias that is taken up?
	}
}

// Apply carries out a change of an alias.
func (h aliasHandler) Apply(ctx context.Context, s *Session) (*state.Resource, error) {
	c := &s.Change
	if c.Action == plan.Forget {
		return nil, nil
	}
	if err := h.unchanged(ctx, s); err != nil {
		return nil, err
	}
	if c.Action == plan.Delete {
		if err := h.remove(ctx, s, c.ID); err != nil {
			return nil, fmt.Errorf("delete %s: %w", c.Addr, err)
		}
		return nil, nil
	}
	name, key := s.aliasWanted()
	if name == "" || key == "" {
		return nil, fmt.Errorf("%s has no name or no key", c.Addr)
	}
	for _, op := range c.Calls {
		if err := h.call(ctx, s, op, name, key); err != nil {
			return nil, fmt.Errorf("%s of %s: %w", op, c.Addr, err)
		}
	}
	arn, err := s.aliasARN(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("read %s after its change: %w", c.Addr, err)
	}
	r := s.record(aliasObject(name, arn, key))
	return &r, nil
}

// aliasWanted is the name and key of configuration, or of the live alias where
// it asks for nothing.
func (s *Session) aliasWanted() (name, key string) {
	if s.Change.Action == plan.Adopt && len(s.Change.Calls) == 0 && s.Live != nil {
		return s.Change.ID, s.Live.Aliases[s.Change.ID]
	}
	name, _ = s.wantText("name")
	key, _ = s.wantText("key")
	if s.Body.Attrs == nil && s.Prior != nil {
		name = s.Prior.ID
		key, _ = s.Prior.Attributes["key"].(string)
	}
	return name, key
}

// aliasARN derives an alias's ARN, acs:kms:REGION:ACCOUNT:alias/NAME. The account is
// the one that the region's keys are in; it is asked for when no key was read in this run.
func (s *Session) aliasARN(ctx context.Context, name string) (string, error) {
	account := s.account()
	if account == "" {
		key, err := s.Manager.DescribeKey(ctx, name)
		if err != nil {
			return "", err
		}
		account = accountOf(key.ARN)
	}
	if account == "" || s.Gateway == nil {
		return "", nil
	}
	return fmt.Sprintf("acs:kms:%s:%s:%s", s.region(), account, name), nil
}

// region is where the gateway's objects are; the block of an emulator need not name it.
func (s *Session) region() string {
	if s.Region == "" && s.Gateway != nil {
		return s.Gateway.Region
	}
	return s.Region
}

func (s *Session) account() string {
	if s.Live != nil && s.Live.AccountID != "" {
		return s.Live.AccountID
	}
	if told, ok := s.Manager.(interface{ Account() string }); ok {
		return told.Account()
	}
	return ""
}

func (h aliasHandler) unchanged(ctx context.Context, s *Session) error {
	if s.Change.PreImage == nil {
		return nil
	}
	target, err := aliasTarget(ctx, s.Manager, s.Change.ID)
	if err != nil {
		return fmt.Errorf("read %s before its change: %w", s.Change.Addr, err)
	}
	return s.unchanged(aliasObject(s.Change.ID, "", target))
}

// aliasTarget is the key an alias points to, "" when there is no such alias.
func aliasTarget(ctx context.Context, m kms.Manager, name string) (string, error) {
	k, err := m.DescribeKey(ctx, name)
	if kms.IsNotFound(err) {
		return "", nil
	}
	return k.ID, err
}

func (h aliasHandler) call(ctx context.Context, s *Session, op, name, key string) error {
	switch op {
	case "CreateAlias":
		return h.point(ctx, s, op, name, key, s.Manager.CreateAlias)
	case "UpdateAlias":
		return h.point(ctx, s, op, name, key, s.Manager.UpdateAlias)
	case "DeleteAlias":
		return h.remove(ctx, s, s.Change.ID)
	}
	return fmt.Errorf("this version of kmsplan does not know the call %q; plan again", op)
}

// point makes the alias point to the key. After an ambiguous answer a reading
// decides.
func (aliasHandler) point(ctx context.Context, s *Session, op, name, key string, fn func(context.Context, string, string) error) error {
	return s.Call(ctx, op, name, map[string]string{"key": key}, func(ctx context.Context) (string, error) {
		return name, settle(fn(ctx, name, key), func() (bool, error) {
			target, err := aliasTarget(ctx, s.Manager, name)
			return target == key, err
		})
	})
}

// remove deletes an alias; one that is gone already is as wanted.
func (aliasHandler) remove(ctx context.Context, s *Session, name string) error {
	return s.Call(ctx, "DeleteAlias", name, nil, func(ctx context.Context) (string, error) {
		err := s.Manager.DeleteAlias(ctx, name)
		if kms.IsNotFound(err) {
			return name, nil
		}
		return name, settle(err, func() (bool, error) {
			target, err := aliasTarget(ctx, s.Manager, name)
			return target == "", err
		})
	})
}

// Resolve reads where the alias points. Every call on an alias can be planned
// again, so that nothing has to be waited for.
func (aliasHandler) Resolve(ctx context.Context, s *Session, open state.Intent) (Resolution, error) {
	target, err := aliasTarget(ctx, s.Manager, open.ObjectID)
	if err != nil {
		return Resolution{}, fmt.Errorf("find out what became of %s of %s: %w", open.Operation, open.Address, err)
	}
	if open.Operation == "DeleteAlias" {
		return resolveDeletedAlias(s, open, target), nil
	}
	if target == "" {
		return Resolution{Resource: s.Prior}, nil
	}
	if s.Prior != nil && s.Prior.ID != open.ObjectID {
		return Resolution{Committed: true, Resource: s.Prior}, nil // a rename half done: the old name is still state's
	}
	arn, err := s.aliasARN(ctx, open.ObjectID)
	if err != nil {
		return Resolution{}, fmt.Errorf("read %s after an interrupted %s: %w", open.Address, open.Operation, err)
	}
	r := s.record(aliasObject(open.ObjectID, arn, target))
	return Resolution{Committed: target == open.Detail["key"], Resource: &r}, nil
}

// resolveDeletedAlias keeps the alias in state while it exists. A rename that
// recorded its new name keeps that; one that did not is found again by the next plan.
func resolveDeletedAlias(s *Session, open state.Intent, target string) Resolution {
	switch {
	case target != "":
		return Resolution{Resource: s.Prior}
	case s.Prior != nil && s.Prior.ID != open.ObjectID:
		return Resolution{Committed: true, Resource: s.Prior}
	}
	return Resolution{Committed: true}
}
