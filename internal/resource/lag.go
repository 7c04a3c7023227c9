package resource

import (
	"context"
	"maps"
	"slices"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
)

// lookBehind looks again where lists contradict what state knows, and may only lag behind it.
func (r *regionReader) lookBehind(ctx context.Context) error {
	if err := r.lookBehindAliases(ctx); err != nil {
		return err
	}
	for look := r.clients.Timing.patience(); ; {
		keys, secrets := r.lagging(time.Now())
		if len(keys)+len(secrets) == 0 || !look.more(ctx) {
			return nil
		}
		if len(keys) > 0 {
			tags, err := r.clients.Manager.ListTagResources(ctx, kms.KindKey, kms.TagQuery{IDs: keys})
			if err != nil {
				return err
			}
			maps.Copy(r.tags, tags)
		}
		for _, name := range secrets {
			if err := r.readSecret(ctx, name); err != nil {
				return err
			}
		}
	}
}

// lookBehindAliases asks for the target of every alias that is not listed as state has it:
// what a description says does not lag.
func (r *regionReader) lookBehindAliases(ctx context.Context) error {
	listed := make(map[string]int, len(r.aliases))
	for i, a := range r.aliases {
		listed[a.Name] = i
	}
	for name, known := range r.wish.known {
		if known.Kind != plan.KindAlias {
			continue
		}
		i, found := listed[name.id]
		if found && r.aliases[i].KeyID == known.Attributes["key"] {
			continue
		}
		target, err := aliasTarget(ctx, r.clients.Manager, name.id)
		switch {
		case err != nil:
			return err
		case found:
			r.aliases[i].KeyID = target // "" = gone
		case target != "":
			arn, _ := known.Attributes["arn"].(string)
			r.aliases = append(r.aliases, kms.Alias{Name: name.id, ARN: arn, KeyID: target})
		}
	}
	r.aliases = slices.DeleteFunc(r.aliases, func(a kms.Alias) bool { return a.KeyID == "" })
	return nil
}

// lagging lists the keys whose tags do not show the intent that state knows they were created with,
// and the secrets whose versions do not show the last that was written, of those changed so lately that lists
// may lag.
func (r *regionReader) lagging(now time.Time) (keys, secrets []string) {
	for name, known := range r.wish.known {
		if since := now.Sub(known.LastAppliedAt); since > r.clients.Timing.orService().Lag {
			continue
		}
		switch known.Kind {
		case plan.KindKey:
			if _, read := r.keys[name.id]; read && known.Intent != "" && r.tags[name.id][plan.TagIntent] != known.Intent {
				keys = append(keys, name.id)
			}
		case plan.KindSecret:
			if o := r.secrets[name.id]; o != nil && len(known.Versions) > 0 && !slices.Contains(o.Versions, known.Versions[len(known.Versions)-1]) {
				secrets = append(secrets, name.id)
			}
		}
	}
	return keys, secrets
}

// objectID names an object of one gateway.
type objectID struct{ kind, id string }
