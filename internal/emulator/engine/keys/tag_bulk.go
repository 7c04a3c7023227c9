package keys

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// Tag is a tag of the newer family's requests.
type Tag struct{ Key, Value *string }

// TagResourcesRequest tags up to 50 keys or secrets at once, all or none.
type TagResourcesRequest struct {
	RegionId     *string
	ResourceId   []string // 1–50
	ResourceType *string  // key, secret
	Tag          []Tag    // 1–20
}

// UntagResourcesRequest takes tags from up to 50 keys or secrets.
type UntagResourcesRequest struct {
	All          *bool // all tags; counts only where no TagKey is given
	RegionId     *string
	ResourceId   []string
	ResourceType *string
	TagKey       []string // 1–20; those a resource lacks are ignored
}

// checkBulk holds the parameters the family shares against their limits.
func checkBulk(c *core.Call, region, kind *string, ids []string, needIDs bool) error {
	r, err := core.Required("RegionId", region)
	if err != nil {
		return err
	}
	if r != c.Region {
		return core.ErrInvalidParameter("RegionId")
	}
	k, err := core.Required("ResourceType", kind)
	if err != nil {
		return err
	}
	if k != resourceTypeKey && k != resourceTypeSecret {
		return core.ErrInvalidParameter("ResourceType")
	}
	if len(ids) == 0 && needIDs {
		return core.ErrMissingParameter("ResourceId")
	}
	if len(ids) > core.ResourceIDLimit {
		return core.ErrInvalidParameter("ResourceId")
	}
	return nil
}

func tagResources(e *core.Engine, c *core.Call, in *TagResourcesRequest) (*core.Empty, error) {
	if err := checkBulk(c, in.RegionId, in.ResourceType, in.ResourceId, true); err != nil {
		return nil, err
	}
	if len(in.Tag) == 0 {
		return nil, core.ErrMissingParameter("Tag")
	}
	add := map[string]string{}
	for _, t := range in.Tag {
		if !core.ValidTagKey(core.Text(t.Key)) || !core.ValidTagText(core.Text(t.Value)) {
			return nil, core.ErrInvalidParameter("Tag")
		}
		add[core.Text(t.Key)] = core.Text(t.Value)
	}
	if len(in.Tag) > core.TagLimit || len(add) != len(in.Tag) {
		return nil, core.ErrInvalidParameter("Tag")
	}
	return retagAll(e, c, "TagResources", *in.ResourceType, in.ResourceId,
		func(have map[string]string) (map[string]string, error) { return withTags(have, add, core.TagLimit) })
}

func untagResources(e *core.Engine, c *core.Call, in *UntagResourcesRequest) (*core.Empty, error) {
	if err := checkBulk(c, in.RegionId, in.ResourceType, in.ResourceId, true); err != nil {
		return nil, err
	}
	all := core.Flag(in.All) && len(in.TagKey) == 0
	switch {
	case len(in.TagKey) == 0 && !all:
		return nil, core.ErrMissingParameter("TagKey")
	case len(in.TagKey) > core.TagLimit, slices.ContainsFunc(in.TagKey, core.ReservedTag):
		return nil, core.ErrInvalidParameter("TagKey")
	}
	return retagAll(e, c, "UntagResources", *in.ResourceType, in.ResourceId,
		func(have map[string]string) (map[string]string, error) {
			if all {
				return nil, nil
			}
			return without(have, in.TagKey), nil
		})
}

func retagAll(e *core.Engine, c *core.Call, op, kind string, ids []string, change func(map[string]string) (map[string]string, error)) (*core.Empty, error) {
	err := e.Update(func(tx *store.Tx) error {
		for _, id := range ids {
			if err := changeTags(e, tx, c, op, kind, id, change); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &core.Empty{}, nil
}

// ListTagResourcesRequest asks for the tags of some or all keys or secrets.
type ListTagResourcesRequest struct {
	NextToken    *string
	RegionId     *string
	ResourceId   []string // ≤ 50; none = all
	ResourceType *string
	Tag          []Tag // ≤ 20; only resources that have all of them; no Value = any
}

// ListTagResourcesResponse holds up to 200 tags; NextToken is "" at the end.
type ListTagResourcesResponse struct {
	NextToken    string
	TagResources struct{ TagResource []TagResource }
}

// TagResource is one tag of one resource.
type TagResource struct{ ResourceId, ResourceType, TagKey, TagValue string }

func listTagResources(e *core.Engine, c *core.Call, in *ListTagResourcesRequest) (*ListTagResourcesResponse, error) {
	if err := checkBulk(c, in.RegionId, in.ResourceType, in.ResourceId, false); err != nil {
		return nil, err
	}
	if len(in.Tag) > core.TagLimit {
		return nil, core.ErrInvalidParameter("Tag")
	}
	first, err := parseTagPlace(core.Text(in.NextToken))
	if err != nil {
		return nil, err
	}
	rows := &tagRows{kind: *in.ResourceType, filter: in.Tag, at: first}
	rows.list = []TagResource{}
	err = e.View(func(tx *store.Tx) error {
		if rows.kind == resourceTypeSecret {
			secretTags(e, tx, c, in.ResourceId, rows)
		} else {
			keyTags(e, tx, c, in.ResourceId, rows)
		}
		return nil
	})
	out := &ListTagResourcesResponse{}
	out.TagResources.TagResource = rows.list
	if rows.more {
		out.NextToken = rows.at.token()
	}
	return out, err
}

// tagPlace is a place in a list of tags: behind so many resources, and so many tags of the next.
type tagPlace struct{ resources, tags int }

func (p tagPlace) token() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%d", p.resources, p.tags))
}

func parseTagPlace(token string) (p tagPlace, err error) {
	if token == "" {
		return p, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return p, core.ErrInvalidParameter("NextToken")
	}
	if _, err := fmt.Sscanf(string(b), "%d.%d", &p.resources, &p.tags); err != nil || p.resources < 0 || p.tags < 0 {
		return p, core.ErrInvalidParameter("NextToken")
	}
	return p, nil
}

// tagRows collects one page of tags.
type tagRows struct {
	kind   string
	filter []Tag
	at     tagPlace // of the next tag
	list   []TagResource
	more   bool
}

// add appends a resource's tags, from the place on, and tells whether the page has room.
func (r *tagRows) add(id string, tags map[string]string) bool {
	if r.wanted(tags) {
		for _, key := range slices.Sorted(maps.Keys(tags))[min(r.at.tags, len(tags)):] {
			if len(r.list) == core.TagPageSize {
				r.more = true
				return false
			}
			r.list = append(r.list, TagResource{id, r.kind, key, tags[key]})
			r.at.tags++
		}
	}
	r.pass()
	return true
}

// pass goes on to the next resource.
func (r *tagRows) pass() { r.at = tagPlace{resources: r.at.resources + 1} }

// wanted reports whether a resource has all tags that are asked for.
func (r *tagRows) wanted(tags map[string]string) bool {
	return !slices.ContainsFunc(r.filter, func(t Tag) bool {
		value, found := tags[core.Text(t.Key)]
		return !found || t.Value != nil && value != *t.Value
	})
}

func keyTags(e *core.Engine, tx *store.Tx, c *core.Call, ids []string, rows *tagRows) {
	if len(ids) == 0 {
		for _, k := range e.Table.Keys.ScanIndex(tx, core.ByCreation, c.Scope(""), rows.at.resources) {
			if !rows.add(k.ID, e.TagsOfKey(k)) {
				return
			}
		}
	}
	for _, id := range ids[min(rows.at.resources, len(ids)):] {
		k, err := readKey(e, tx, c, "ListTagResources", id, false)
		if err != nil {
			rows.pass()
		} else if !rows.add(k.ID, e.TagsOfKey(k)) {
			return
		}
	}
}

func secretTags(e *core.Engine, tx *store.Tx, c *core.Call, names []string, rows *tagRows) {
	if len(names) == 0 {
		for _, s := range e.Table.Secrets.ScanIndex(tx, core.ByCreation, c.Scope(""), rows.at.resources) {
			if !rows.add(s.Name, e.TagsOfSecret(s)) {
				return
			}
		}
	}
	for _, name := range names[min(rows.at.resources, len(names)):] {
		s, err := e.SecretNamed(tx, c, "ListTagResources", name)
		if err != nil {
			rows.pass()
		} else if !rows.add(s.Name, e.TagsOfSecret(s)) {
			return
		}
	}
}
