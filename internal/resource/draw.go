package resource

import (
	"context"
	"fmt"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
)

// Read reads one object of the service in full, for who declares it: a key with tags and policy, an alias with its key, a
// secret without its value. nil when there is none.
func Read(ctx context.Context, m kms.Manager, kind, id string) (*plan.Object, error) {
	o, err := read(ctx, m, kind, id)
	if kms.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the %s %s: %w", kind, id, err)
	}
	return o, nil
}

func read(ctx context.Context, m kms.Manager, kind, id string) (*plan.Object, error) {
	switch kind {
	case plan.KindAlias:
		k, err := m.DescribeKey(ctx, id)
		return aliasObject(id, "", k.ID), err
	case plan.KindSecret:
		return readWholeSecret(ctx, m, id, true)
	case plan.KindKey:
		return readWholeKey(ctx, m, id)
	}
	for _, k := range accessKinds {
		if k.calls.kind == kind {
			return accessHandler{k.calls}.object(ctx, m, id)
		}
	}
	return nil, fmt.Errorf("a %s cannot be read as it was declared: write its block", kind)
}

// readWholeSecret reads a secret without its value and versions; its policy, which only one in an instance has, where that
// is asked for.
func readWholeSecret(ctx context.Context, m kms.Manager, name string, policy bool) (*plan.Object, error) {
	info, err := m.DescribeSecret(ctx, name)
	if err != nil {
		return nil, err
	}
	o := secretObject(info, nil)
	if policy && info.InstanceID != "" {
		text, err := m.GetSecretPolicy(ctx, name)
		if err != nil {
			return nil, err
		}
		o.Attrs["policy"] = str(text)
	}
	return o, nil
}

func readWholeKey(ctx context.Context, m kms.Manager, id string) (*plan.Object, error) {
	k, err := m.DescribeKey(ctx, id)
	if err != nil {
		return nil, err
	}
	tags, err := m.ListTagResources(ctx, kms.KindKey, kms.TagQuery{IDs: []string{k.ID}})
	if err != nil {
		return nil, err
	}
	o := keyObject(k, tags[k.ID])
	if k.InstanceID != "" {
		policy, err := m.GetKeyPolicy(ctx, k.ID)
		if err != nil {
			return nil, err
		}
		o.Attrs["policy"] = str(policy)
	}
	return o, nil
}
