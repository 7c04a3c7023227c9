package resource

import (
	"context"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
)

// secret reads what is known about a secret. There is no call here that could return its value.
func (l *looking) secret(ctx context.Context) (map[string]cty.Value, error) {
	name := l.text("name")
	info, err := l.Manager.DescribeSecret(ctx, name)
	if err != nil {
		return nil, l.nothing(err, "name", "There is no secret %s in the account and region of gateway %q.", name, l.Gateway.Name)
	}
	versions, err := l.Manager.ListSecretVersionIDs(ctx, name, false)
	if err != nil {
		return nil, err
	}
	found, stages := secretObject(info, versions).Attrs, map[string]cty.Value{}
	for _, v := range versions {
		stages[v.ID] = list(v.Stages)
	}
	found["versions"], found["updated"] = mapping(cty.List(cty.String), stages), date(info.Updated)
	found["automatic_rotation"], found["rotation_interval"] = str(info.AutomaticRotation), seconds(info.RotationInterval)
	found["last_rotation"], found["next_rotation"] = date(info.LastRotation), date(info.NextRotation)
	return found, nil
}

// secrets lists those that fit the filters.
func (l *looking) secrets(ctx context.Context) (map[string]cty.Value, error) {
	fits, err := l.fits()
	if err != nil {
		return nil, err
	}
	all, err := l.Manager.ListSecrets(ctx, true)
	if err != nil {
		return nil, err
	}
	element := kind.Lookup("secrets", true).Attribute("secrets").Type.ElementType()
	var names []string
	secrets, want := map[string]cty.Value{}, plan.StringMap(unmarked(l.args["tags"]))
	for _, s := range all {
		if !fits(s.Name) || !l.wants(s) || !tagged(want, s.Tags) {
			continue
		}
		names = append(names, s.Name)
		secrets[s.Name] = cty.ObjectVal(map[string]cty.Value{
			"type": str(s.Type), "created": date(s.Created), "updated": date(s.Updated), "planned_delete_time": date(s.DeleteAt), "tags": plan.MapOf(plan.UserTags(s.Tags)),
		})
	}
	return map[string]cty.Value{"names": list(names), "secrets": mapping(element, secrets)}, nil
}

// wants holds a secret against the filters type and state.
func (l *looking) wants(s kms.SecretRef) bool {
	state := kind.SecretInUse
	if !s.DeleteAt.IsZero() {
		state = kind.SecretPendingDeletion
	}
	typed, stated := l.text("type"), l.text("state")
	return (typed == "" || typed == s.Type) && (stated == "" || stated == state)
}
