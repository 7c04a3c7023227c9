package resource

import (
	"context"
	"fmt"
	"sync"

	"kmsplan.dev/kmsplan/internal/kms"
)

// Shared makes each read of a list, and of a key, once: what a survey reads before a plan and what its lookups read are
// the same pages. It is for reading between two changes, and knows nothing of what is changed meanwhile.
func Shared(m kms.Manager) kms.Manager { return &shared{Manager: m, made: map[string]*once{}} }

type shared struct {
	kms.Manager

	mu   sync.Mutex
	made map[string]*once
}

// once is one call that several wait for.
type once struct {
	done  chan struct{}
	value any
	err   error
}

// share makes a call unless another made it or is making it. A failed call is made again by who asks next.
func share[T any](ctx context.Context, s *shared, name string, call func(context.Context) (T, error)) (T, error) {
	s.mu.Lock()
	o := s.made[name]
	if o == nil {
		o = &once{done: make(chan struct{})}
		s.made[name] = o
		s.mu.Unlock()
		value, err := call(ctx)
		o.value, o.err = value, err
		if err != nil {
			s.mu.Lock()
			delete(s.made, name)
			s.mu.Unlock()
		}
		close(o.done)
		return value, err
	}
	s.mu.Unlock()
	select {
	case <-o.done:
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
	if o.err != nil {
		return call(ctx)
	}
	return o.value.(T), nil
}

// DescribeKey implements kms.KeyManager.
func (s *shared) DescribeKey(ctx context.Context, keyID string) (kms.Key, error) {
	return share(ctx, s, "DescribeKey "+keyID, func(ctx context.Context) (kms.Key, error) { return s.Manager.DescribeKey(ctx, keyID) })
}

// ListKeys implements kms.KeyManager.
func (s *shared) ListKeys(ctx context.Context, filter kms.KeyFilter) ([]kms.KeyRef, error) {
	return share(ctx, s, fmt.Sprintf("ListKeys %q", filter), func(ctx context.Context) ([]kms.KeyRef, error) { return s.Manager.ListKeys(ctx, filter) })
}

// ListAliases implements kms.AliasManager.
func (s *shared) ListAliases(ctx context.Context) ([]kms.Alias, error) {
	return share(ctx, s, "ListAliases", s.Manager.ListAliases)
}

// ListSecrets implements kms.SecretManager.
func (s *shared) ListSecrets(ctx context.Context, fetchTags bool) ([]kms.SecretRef, error) {
	return share(ctx, s, fmt.Sprint("ListSecrets ", fetchTags), func(ctx context.Context) ([]kms.SecretRef, error) { return s.Manager.ListSecrets(ctx, fetchTags) })
}

// DescribeSecret implements kms.SecretManager.
func (s *shared) DescribeSecret(ctx context.Context, name string) (kms.SecretInfo, error) {
	return share(ctx, s, "DescribeSecret "+name, func(ctx context.Context) (kms.SecretInfo, error) { return s.Manager.DescribeSecret(ctx, name) })
}
