package resource

import (
	"context"
	"maps"
	"slices"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
)

// tagsToSet compares live tags with the configured ones. An object of ours that
// was moved to another address also gets the new address.
func (s *Session) tagsToSet(live map[string]string) map[string]string {
	set := map[string]string{}
	if v, ok := s.want("tags"); ok && s.planned("tags") {
		now := plan.MapOf(plan.UserTags(live))
		set, _ = plan.TagChanges(now, s.Body.WithIgnored("tags", v, now))
	}
	if _, ours := live[plan.TagOwner]; s.Change.TakenFrom != "" || ours && s.Change.MovedFrom.Kind != "" {
		set[plan.TagAddress] = plan.AddressTag(s.Change.Addr)
	}
	if s.Change.TakenFrom != "" {
		set[plan.TagOwner] = s.Lineage
	}
	return set
}

// planned reports whether the change's difference names an attribute: what it does not name is left as it is.
func (s *Session) planned(attr string) bool {
	return slices.ContainsFunc(s.Change.Diff, func(d plan.AttrDiff) bool { return d.Name == attr })
}

// tagsToRemove never names one of kmsplan's own tags.
func (s *Session) tagsToRemove(live map[string]string) []string {
	v, ok := s.want("tags")
	if !ok {
		return nil
	}
	now := plan.MapOf(plan.UserTags(live))
	_, gone := plan.TagChanges(now, s.Body.WithIgnored("tags", v, now))
	return gone
}

func (s *Session) tagObject(ctx context.Context, kind kms.ResourceKind, id string, set map[string]string) error {
	return s.Call(ctx, "TagResources", id, nil, func(ctx context.Context) (string, error) {
		return id, settle(s.Manager.TagResources(ctx, kind, []string{id}, set), func() (bool, error) {
			live, err := s.readTags(ctx, kind, id)
			for k, v := range set {
				if got, ok := live[k]; !ok || got != v {
					return false, err
				}
			}
			return true, err
		})
	})
}

func (s *Session) untagObject(ctx context.Context, kind kms.ResourceKind, id string, gone []string) error {
	return s.Call(ctx, "UntagResources", id, nil, func(ctx context.Context) (string, error) {
		return id, settle(s.Manager.UntagResources(ctx, kind, []string{id}, gone), func() (bool, error) {
			live, err := s.readTags(ctx, kind, id)
			return !slices.ContainsFunc(gone, func(k string) bool { _, has := live[k]; return has }), err
		})
	})
}

func (s *Session) readTags(ctx context.Context, kind kms.ResourceKind, id string) (map[string]string, error) {
	tags, err := s.Manager.ListTagResources(ctx, kind, kms.TagQuery{IDs: []string{id}})
	return tags[id], err
}

// withTags is a tag map after a call.
func withTags(live, set map[string]string, gone []string) map[string]string {
	out := maps.Clone(live)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, set)
	for _, k := range gone {
		delete(out, k)
	}
	return out
}
