package engine

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

func tagOperations() []Operation {
	return []Operation{
		op("TagResource", GroupKeyWrite, (*Engine).tagResource).mutating(),
		op("UntagResource", GroupKeyWrite, (*Engine).untagResource).mutating(),
		op("ListResourceTags", GroupKeyTags, (*Engine).listResourceTags),
		op("TagResources", GroupKeyWrite, (*Engine).tagResources).mutating(),
		op("UntagResources", GroupKeyWrite, (*Engine).untagResources).mutating(),
		op("ListTagResources", GroupKeyRead, (*Engine).listTagResources),
	}
}

// validTagText: at most 128 letters, digits and / \ _ - . + = : @
// (KMS: TagResources).
func validTagText(s string) bool {
	return utf8.RuneCountInString(s) <= tagTextLimit && strings.IndexFunc(s, func(r rune) bool {
		return r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(`/\_-.+=:@`, r)
	}) < 0
}

func validTagKey(k string) bool {
	return k != "" && validTagText(k) && !strings.HasPrefix(k, "aliyun") && !strings.HasPrefix(k, "acs:")
}

// parseTags reads [{"TagKey":…,"TagValue":…}] with at most limit entries; ""
// gives nil.
func parseTags(s string, limit int) (map[string]string, error) {
	if s == "" {
		return nil, nil
	}
	var list []struct{ TagKey, TagValue string }
	if err := parseJSON("Tags", s, &list); err != nil {
		return nil, err
	}
	tags := map[string]string{}
	for _, t := range list {
		if !validTagKey(t.TagKey) || !validTagText(t.TagValue) {
			return nil, errInvalidParameter("Tags")
		}
		tags[t.TagKey] = t.TagValue
	}
	if len(list) > limit || len(tags) != len(list) {
		return nil, errInvalidParameter("Tags")
	}
	return tags, nil
}

// withTags adds tags to those a resource has.
func withTags(have, add map[string]string, limit int) (map[string]string, error) {
	all := maps.Clone(have)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, add)
	if len(all) > limit {
		return nil, errLimitExceeded("tag")
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

func (e *Engine) tagResource(c *Call, in *TagResourceRequest) (*empty, error) {
	s, err := required("Tags", in.Tags)
	if err != nil {
		return nil, err
	}
	add, err := parseTags(s, undocumented.TagLimitOld)
	if err != nil {
		return nil, err
	}
	return e.retag(c, "TagResource", in.CertificateId, in.KeyId, in.SecretName,
		func(have map[string]string) (map[string]string, error) {
			return withTags(have, add, undocumented.TagLimitOld)
		})
}

func (e *Engine) untagResource(c *Call, in *UntagResourceRequest) (*empty, error) {
	s, err := required("TagKeys", in.TagKeys)
	if err != nil {
		return nil, err
	}
	var keys []string
	if !strings.HasPrefix(strings.TrimSpace(s), "[") {
		keys = strings.Split(s, ",")
	} else if err := parseJSON("TagKeys", s, &keys); err != nil {
		return nil, err
	}
	if len(keys) == 0 || slices.ContainsFunc(keys, func(k string) bool { return k == "" || len(k) > tagTextLimit }) {
		return nil, errInvalidParameter("TagKeys")
	}
	return e.retag(c, "UntagResource", in.CertificateId, in.KeyId, in.SecretName,
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
func (e *Engine) retag(c *Call, op string, certificate, key, secret *string, change func(map[string]string) (map[string]string, error)) (*empty, error) {
	kind, id := resourceTypeKey, text(key)
	named := 0
	for _, name := range []*string{certificate, key, secret} {
		if text(name) != "" {
			named++
		}
	}
	switch {
	case named == 0:
		return nil, errMissingParameter("KeyId")
	case named > 1:
		return nil, errInvalidParameter("KeyId")
	case text(certificate) != "":
		return nil, errCertificates()
	case text(secret) != "":
		kind, id = resourceTypeSecret, text(secret)
	}
	err := e.update(func(tx *store.Tx) error { return e.changeTags(tx, c, op, kind, id, change) })
	if err != nil {
		return nil, err
	}
	return &empty{}, nil
}

// Resource types of the newer family (KMS: TagResources, ResourceType).
const (
	resourceTypeKey    = "key"
	resourceTypeSecret = "secret"
)

func (e *Engine) changeTags(tx *store.Tx, c *Call, op, kind, id string, change func(map[string]string) (map[string]string, error)) error {
	if kind == resourceTypeSecret {
		s, err := e.secretNamed(tx, c, op, id)
		if err != nil {
			return err
		}
		if s.Tags, err = change(s.Tags); err != nil {
			return err
		}
		e.table.secrets.Put(tx, scope(s.Account, s.Region, s.Name), *s)
		return nil
	}
	k, err := e.writeKey(tx, c, op, id)
	if err != nil {
		return err
	}
	if k.Tags, err = change(k.Tags); err != nil {
		return err
	}
	e.putKey(tx, k)
	return nil
}

// ListResourceTagsResponse lists a key's tags in the order of their keys.
type ListResourceTagsResponse struct{ Tags struct{ Tag []KeyTag } }

// KeyTag is one tag of a key.
type KeyTag struct{ KeyId, TagKey, TagValue string }

func (e *Engine) listResourceTags(c *Call, in *KeyRequest) (*ListResourceTagsResponse, error) {
	out := &ListResourceTagsResponse{}
	out.Tags.Tag = []KeyTag{}
	err := e.view(func(tx *store.Tx) error {
		k, err := e.readKey(tx, c, "ListResourceTags", text(in.KeyId), false)
		if err != nil {
			return err
		}
		tags := e.tagsOfKey(k)
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
