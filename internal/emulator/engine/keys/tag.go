package keys

import (
	"maps"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

func tagOperations() []core.Operation {
	return []core.Operation{
		core.Op("TagResource", core.GroupKeyWrite, tagResource).Mutating(),
		core.Op("UntagResource", core.GroupKeyWrite, untagResource).Mutating(),
		core.Op("ListResourceTags", core.GroupKeyTags, listResourceTags),
		core.Op("TagResources", core.GroupKeyWrite, tagResources).Mutating(),
		core.Op("UntagResources", core.GroupKeyWrite, untagResources).Mutating(),
		core.Op("ListTagResources", core.GroupKeyRead, listTagResources),
	}
}

// withTags adds tags to those a resource has.
func withTags(have, add map[string]string, limit int) (map[string]string, error) {
	all := maps.Clone(have)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, add)
	if len(all) > limit {
		return nil, core.ErrLimitExceeded("tag")
	}
	return all, nil
}

// TagResourceRequest tags one key or secret.
type TagResourceRequest struct {
	CertificateId, KeyId, SecretName *string // exactly one
	Tags                             *string // JSON [{"TagKey","TagValue"}]
}

// UntagResourceRequest takes tags from one key or secret.
type UntagResourceRequest struct {
	CertificateId, KeyId, SecretName *string // exactly one
	TagKeys                          *string // JSON array or comma-separated
}

func tagResource(e *core.Engine, c *core.Call, in *TagResourceRequest) (*core.Empty, error) {
	s, err := core.Required("Tags", in.Tags)
	if err != nil {
		return nil, err
	}
	add, err := core.ParseTags(s, undocumented.TagLimitOld)
	if err != nil {
		return nil, err
	}
	return retag(e, c, "TagResource", in.CertificateId, in.KeyId, in.SecretName,
		func(have map[string]string) (map[string]string, error) {
			return withTags(have, add, undocumented.TagLimitOld)
		})
}

func untagResource(e *core.Engine, c *core.Call, in *UntagResourceRequest) (*core.Empty, error) {
	s, err := core.Required("TagKeys", in.TagKeys)
	if err != nil {
		return nil, err
	}
	var keys []string
	if !strings.HasPrefix(strings.TrimSpace(s), "[") {
		keys = strings.Split(s, ",")
	} else if err := core.ParseJSON("TagKeys", s, &keys); err != nil {
		return nil, err
	}
	if len(keys) == 0 || slices.ContainsFunc(keys, func(k string) bool { return k == "" || len(k) > core.TagTextLimit }) {
		return nil, core.ErrInvalidParameter("TagKeys")
	}
	return retag(e, c, "UntagResource", in.CertificateId, in.KeyId, in.SecretName,
		func(have map[string]string) (map[string]string, error) { return without(have, keys), nil })
}

func without(have map[string]string, keys []string) map[string]string {
	left := maps.Clone(have)
	for _, k := range keys {
		delete(left, k)
	}
	return left
}

// retag changes the tags of the one resource a request names.
func retag(e *core.Engine, c *core.Call, op string, certificate, key, secret *string, change func(map[string]string) (map[string]string, error)) (*core.Empty, error) {
	kind, id := resourceTypeKey, core.Text(key)
	named := 0
	for _, name := range []*string{certificate, key, secret} {
		if core.Text(name) != "" {
			named++
		}
	}
	switch {
	case named == 0:
		return nil, core.ErrMissingParameter("KeyId")
	case named > 1:
		return nil, core.ErrInvalidParameter("KeyId")
	case core.Text(certificate) != "":
		return nil, core.ErrCertificates()
	case core.Text(secret) != "":
		kind, id = resourceTypeSecret, core.Text(secret)
	}
	err := e.Update(func(tx *store.Tx) error { return changeTags(e, tx, c, op, kind, id, change) })
	if err != nil {
		return nil, err
	}
	return &core.Empty{}, nil
}

// Resource types of the newer family (KMS: TagResources, ResourceType).
const (
	resourceTypeKey    = "key"
	resourceTypeSecret = "secret"
)

func changeTags(e *core.Engine, tx *store.Tx, c *core.Call, op, kind, id string, change func(map[string]string) (map[string]string, error)) error {
	if kind == resourceTypeSecret {
		s, err := e.SecretNamed(tx, c, op, id)
		if err != nil {
			return err
		}
		if s.Tags, err = change(s.Tags); err != nil {
			return err
		}
		e.Table.Secrets.Put(tx, core.Scope(s.Account, s.Region, s.Name), *s)
		return nil
	}
	k, err := writeKey(e, tx, c, op, id)
	if err != nil {
		return err
	}
	if k.Tags, err = change(k.Tags); err != nil {
		return err
	}
	e.PutKey(tx, k)
	return nil
}

// ListResourceTagsResponse lists a key's tags in the order of their keys.
type ListResourceTagsResponse struct{ Tags struct{ Tag []KeyTag } }

// KeyTag is one tag of a key.
type KeyTag struct{ KeyId, TagKey, TagValue string }

func listResourceTags(e *core.Engine, c *core.Call, in *KeyRequest) (*ListResourceTagsResponse, error) {
	out := &ListResourceTagsResponse{}
	out.Tags.Tag = []KeyTag{}
	err := e.View(func(tx *store.Tx) error {
		k, err := readKey(e, tx, c, "ListResourceTags", core.Text(in.KeyId), false)
		if err != nil {
			return err
		}
		tags := e.TagsOfKey(k)
		for _, key := range slices.Sorted(maps.Keys(tags)) {
			out.Tags.Tag = append(out.Tags.Tag, KeyTag{k.ID, key, tags[key]})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
