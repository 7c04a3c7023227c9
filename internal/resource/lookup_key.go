package resource

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/zclconf/go-cty/cty"
	"golang.org/x/sync/errgroup"

	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
)

// key reads the key that an id, an alias name or an ARN names.
func (l *looking) key(ctx context.Context) (map[string]cty.Value, error) {
	k, err := l.keyNamed(ctx)
	if err != nil {
		return nil, err
	}
	return l.keyFacts(ctx, k)
}

// keyNamed finds the key of the argument key. An alias is looked for in the region's list, which a plan has read.
func (l *looking) keyNamed(ctx context.Context) (kms.Key, error) {
	named := l.text("key")
	id := named[strings.LastIndex(named, "/")+1:]
	if name := named[strings.LastIndex(named, ":")+1:]; strings.HasPrefix(name, kind.AliasPrefix) {
		a, err := l.aliasNamed(ctx, name)
		if err != nil {
			return kms.Key{}, l.nothing(err, "key", "There is no alias %s in the account and region of gateway %q.", name, l.Gateway.Name)
		}
		id = a.KeyID
	}
	k, err := l.Manager.DescribeKey(ctx, id)
	if err != nil {
		return k, l.nothing(err, "key", "There is no such key %s in the account and region of gateway %q.", named, l.Gateway.Name)
	}
	if strings.HasPrefix(named, "acs:") && strings.Contains(named, ":key/") && k.ARN != named {
		return k, l.nothing(nil, "key", "The key of this id at gateway %q is %s.", l.Gateway.Name, k.ARN)
	}
	return k, nil
}

// errNoAlias says that the region lists no such alias.
var errNoAlias = &kms.Error{Code: "Forbidden.AliasNotFound"}

func (l *looking) aliasNamed(ctx context.Context, name string) (kms.Alias, error) {
	all, err := l.Manager.ListAliases(ctx)
	if err != nil {
		return kms.Alias{}, err
	}
	if i := slices.IndexFunc(all, func(a kms.Alias) bool { return a.Name == name }); i >= 0 {
		return all[i], nil
	}
	return kms.Alias{}, errNoAlias
}

func (l *looking) keyFacts(ctx context.Context, k kms.Key) (map[string]cty.Value, error) {
	tags, err := l.Manager.ListTagResources(ctx, kms.KindKey, kms.TagQuery{IDs: []string{k.ID}})
	if err != nil {
		return nil, err
	}
	names, err := l.aliasesByKey(ctx)
	if err != nil {
		return nil, err
	}
	return keyFacts(k, tags[k.ID], names[k.ID]), nil
}

// keyFacts are the attributes of data "key" that are set.
func keyFacts(k kms.Key, tags map[string]string, aliases []string) map[string]cty.Value {
	facts := keyObject(k, tags).Attrs
	facts["planned_delete_time"], facts["aliases"] = date(k.DeleteAt), list(aliases)
	return facts
}

func (l *looking) aliasesByKey(ctx context.Context) (map[string][]string, error) {
	all, err := l.Manager.ListAliases(ctx)
	if err != nil {
		return nil, err
	}
	names := map[string][]string{}
	for _, a := range all {
		names[a.KeyID] = append(names[a.KeyID], a.Name)
	}
	return names, nil
}

// keys lists the keys that fit the filters: what the service filters by pages, tags by their own list, names by the aliases.
func (l *looking) keys(ctx context.Context) (map[string]cty.Value, error) {
	refs, err := l.Manager.ListKeys(ctx, l.filter())
	if err != nil {
		return nil, err
	}
	names, err := l.fittingAliases(ctx)
	if err != nil {
		return nil, err
	}
	want := plan.StringMap(unmarked(l.args["tags"]))
	var carry map[string]map[string]string
	if len(want) > 0 {
		if carry, err = l.Manager.ListTagResources(ctx, kms.KindKey, kms.TagQuery{Tags: want}); err != nil {
			return nil, err
		}
	}
	refs = slices.DeleteFunc(slices.Clone(refs), func(k kms.KeyRef) bool {
		_, carries := carry[k.ID]
		return len(want) > 0 && !carries || l.named() && len(names[k.ID]) == 0
	})
	return l.listed(ctx, refs, names)
}

func (l *looking) filter() (f kms.KeyFilter) {
	for name, to := range map[string]*[]string{
		"state": &f.States, "spec": &f.Specs, "usage": &f.Usages, "protection_level": &f.ProtectionLevels, "creator_type": &f.CreatorTypes, "instance": &f.InstanceIDs,
	} {
		if v := l.text(name); v != "" {
			*to = []string{v}
		}
	}
	return f
}

// fittingAliases are the aliases that fit the filters, by key.
func (l *looking) fittingAliases(ctx context.Context) (map[string][]string, error) {
	fits, err := l.fits()
	if err != nil {
		return nil, err
	}
	names, err := l.aliasesByKey(ctx)
	for id := range names {
		names[id] = slices.DeleteFunc(names[id], func(name string) bool { return !fits(name) })
	}
	return names, err
}

func (l *looking) listed(ctx context.Context, refs []kms.KeyRef, names map[string][]string) (map[string]cty.Value, error) {
	ids, arns, aliases := make([]string, len(refs)), map[string]cty.Value{}, map[string]cty.Value{}
	for i, k := range refs {
		ids[i], arns[k.ID], aliases[k.ID] = k.ID, str(k.ARN), list(names[k.ID])
	}
	whole, err := l.whole(ctx, ids)
	if err != nil {
		return nil, err
	}
	return map[string]cty.Value{
		"ids": list(ids), "arns": mapping(cty.String, arns), "aliases": mapping(cty.List(cty.String), aliases),
		"keys": mapping(kind.Lookup("keys", true).Attribute("keys").Type.ElementType(), whole),
	}, nil
}

// whole describes each key, where the lookup asks for details. One that is gone meanwhile is an error: the list and what
// it leads to would not go together.
func (l *looking) whole(ctx context.Context, ids []string) (map[string]cty.Value, error) {
	if v := unmarked(l.args["details"]); v == cty.NilVal || v.IsNull() || !v.IsKnown() || v.False() || len(ids) == 0 {
		return nil, nil
	}
	tags, err := l.Manager.ListTagResources(ctx, kms.KindKey, kms.TagQuery{IDs: ids})
	if err != nil {
		return nil, err
	}
	names, err := l.aliasesByKey(ctx)
	if err != nil {
		return nil, err
	}
	element := kind.Lookup("keys", true).Attribute("keys").Type.ElementType()
	whole := make(map[string]cty.Value, len(ids))
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for _, id := range ids {
		g.Go(func() error {
			k, err := l.Manager.DescribeKey(ctx, id)
			if err != nil {
				return fmt.Errorf("key %s, which the region lists: %w", id, err)
			}
			facts := keyFacts(k, tags[id], names[id])
			for name := range facts {
				if !element.HasAttribute(name) {
					delete(facts, name)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			whole[id] = cty.ObjectVal(facts)
			return nil
		})
	}
	return whole, g.Wait()
}

// publicKey reads the public half of a key's version, the newest unless one is named.
func (l *looking) publicKey(ctx context.Context) (map[string]cty.Value, error) {
	k, err := l.keyNamed(ctx)
	if err != nil {
		return nil, err
	}
	if spec, known := kind.LookupSpec(k.Spec); known && spec.Symmetric {
		return nil, &plan.NothingFound{Argument: "key", What: fmt.Sprintf("The key %s is symmetric (%s), and has no public half.", k.ID, k.Spec)}
	}
	version := l.text("version")
	if version == "" {
		if version, err = l.newest(ctx, k.ID); err != nil {
			return nil, err
		}
	}
	public, err := l.Manager.GetPublicKey(ctx, k.ID, version)
	if err != nil {
		return nil, l.nothing(err, "version", "The key %s has no version %s.", k.ID, version)
	}
	block, _ := pem.Decode([]byte(public.PEM))
	if block == nil {
		return nil, errors.New("the service's answer holds no public key")
	}
	sum := sha256.Sum256(block.Bytes)
	return map[string]cty.Value{
		"id": str(k.ID), "version": str(version), "pem": str(public.PEM), "spec": str(k.Spec), "usage": str(k.Usage), "sha256": str(hex.EncodeToString(sum[:])),
	}, nil
}

func (l *looking) newest(ctx context.Context, id string) (string, error) {
	versions, err := l.Manager.ListKeyVersions(ctx, id)
	if err != nil {
		return "", err
	}
	if len(versions) == 0 {
		return "", &plan.NothingFound{Argument: "key", What: fmt.Sprintf("The key %s has no version yet: its material is not imported.", id)}
	}
	return slices.MaxFunc(versions, func(a, b kms.KeyVersion) int { return a.Created.Compare(b.Created) }).ID, nil
}
