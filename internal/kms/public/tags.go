package public

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"kmsplan.dev/kmsplan/internal/kms"
)

// TagResources implements TagManager.
func (p *Client) TagResources(ctx context.Context, kind kms.ResourceKind, ids []string, tags map[string]string) error {
	if len(ids) == 0 || len(tags) == 0 {
		return nil
	}
	for idBatch := range slices.Chunk(ids, tagIDsAtOnce) {
		for keys := range slices.Chunk(slices.Sorted(maps.Keys(tags)), tagsAtOnce) {
			batch := make(map[string]string, len(keys))
			for _, key := range keys {
				batch[key] = tags[key]
			}
			a := args{"ResourceType": string(kind), "ResourceId": idBatch, "Tag": batch}
			if err := p.invoke(ctx, "TagResources", a, nil); err != nil {
				return inBatch(err, kind, idBatch)
			}
		}
	}
	return nil
}

// UntagResources implements TagManager.
func (p *Client) UntagResources(ctx context.Context, kind kms.ResourceKind, ids, keys []string) error {
	if len(ids) == 0 || len(keys) == 0 {
		return nil
	}
	for idBatch := range slices.Chunk(ids, tagIDsAtOnce) {
		for batch := range slices.Chunk(keys, tagsAtOnce) {
			a := args{"ResourceType": string(kind), "ResourceId": idBatch, "TagKey": batch}
			if err := p.invoke(ctx, "UntagResources", a, nil); err != nil {
				return inBatch(err, kind, idBatch)
			}
		}
	}
	return nil
}

// inBatch names the batch in the error, which carries no single object.
func inBatch(err error, kind kms.ResourceKind, ids []string) error {
	var e *kms.Error
	if errors.As(err, &e) && e.Object == "" {
		e.Object = fmt.Sprintf("%s %s", kind, ids[0])
		if len(ids) > 1 {
			e.Object = fmt.Sprintf("%d %ss from %s", len(ids), kind, ids[0])
		}
	}
	return err
}

// ListTagResources implements TagManager.
func (p *Client) ListTagResources(ctx context.Context, kind kms.ResourceKind, query kms.TagQuery) (map[string]map[string]string, error) {
	found := map[string]map[string]string{}
	if len(query.IDs) == 0 {
		if len(query.Tags) == 0 {
			return found, nil
		}
		return found, p.tagPages(ctx, kind, nil, query.Tags, found)
	}
	for batch := range slices.Chunk(query.IDs, tagIDsAtOnce) {
		if err := p.tagPages(ctx, kind, batch, query.Tags, found); err != nil {
			return nil, inBatch(err, kind, batch)
		}
	}
	return found, nil
}

// tagPages follows NextToken to the end. A token that repeats ends it too, so
// that a confused server cannot keep us here.
func (p *Client) tagPages(ctx context.Context, kind kms.ResourceKind, ids []string, tags map[string]string, found map[string]map[string]string) error {
	a := args{"ResourceType": string(kind)}
	if len(ids) > 0 {
		a["ResourceId"] = ids
	}
	if len(tags) > 0 {
		a["Tag"] = tags
	}
	for seen := map[string]bool{}; ; {
		var out struct {
			NextToken    string
			TagResources struct {
				TagResource []struct{ ResourceID, TagKey, TagValue string }
			}
		}
		if err := p.invoke(ctx, "ListTagResources", a, &out); err != nil {
			return err
		}
		for _, row := range out.TagResources.TagResource {
			if found[row.ResourceID] == nil {
				found[row.ResourceID] = map[string]string{}
			}
			found[row.ResourceID][row.TagKey] = row.TagValue
		}
		if out.NextToken == "" || seen[out.NextToken] {
			return nil
		}
		seen[out.NextToken] = true
		a["NextToken"] = out.NextToken
	}
}

// ListResourceTags implements TagManager.
func (p *Client) ListResourceTags(ctx context.Context, keyID string) (map[string]string, error) {
	var out struct {
		Tags struct {
			Tag []struct{ TagKey, TagValue string }
		}
	}
	if err := p.invoke(ctx, "ListResourceTags", args{"KeyId": keyID}, &out); err != nil {
		return nil, err
	}
	tags := make(map[string]string, len(out.Tags.Tag))
	for _, t := range out.Tags.Tag {
		tags[t.TagKey] = t.TagValue
	}
	return tags, nil
}
