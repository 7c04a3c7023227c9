package resource

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
)

// keyObject turns a described key and its tags into the planner's object. The
// policy attribute is added where it is read.
func keyObject(k kms.Key, tags map[string]string) *plan.Object {
	return &plan.Object{
		Kind: plan.KindKey, ID: k.ID, State: k.State, Created: k.Created, Tags: tags,
		DeleteAt: k.DeleteAt,
		Attrs: map[string]cty.Value{
			"description":                     cty.StringVal(k.Description),
			"spec":                            str(k.Spec),
			"usage":                           str(k.Usage),
			"origin":                          str(k.Origin),
			"protection_level":                str(k.ProtectionLevel),
			"instance":                        str(k.InstanceID),
			"deletion_protection":             cty.BoolVal(k.DeletionProtection),
			"deletion_protection_description": cty.StringVal(k.DeletionProtectionDescription),
			"enabled":                         enabled(k.State),
			"tags":                            plan.MapOf(plan.UserTags(tags)),
			"id":                              str(k.ID),
			"arn":                             str(k.ARN),
			"state":                           str(k.State),
			"primary_version":                 str(k.PrimaryVersion),
			"created":                         date(k.Created),
			"creator":                         str(k.Creator),
			"automatic_rotation":              str(k.AutomaticRotation),
			"rotation_interval":               seconds(k.RotationInterval),
			"last_rotation":                   date(k.LastRotation),
			"next_rotation":                   date(k.NextRotation),
			"material_expires":                date(k.MaterialExpires),
		},
	}
}

// enabled is null in states in which a key is neither enabled nor disabled.
func enabled(state string) cty.Value {
	switch state {
	case kms.StateEnabled:
		return cty.True
	case kms.StateDisabled:
		return cty.False
	}
	return cty.NullVal(cty.Bool)
}

func aliasObject(name, arn, keyID string) *plan.Object {
	return &plan.Object{Kind: plan.KindAlias, ID: name, Attrs: map[string]cty.Value{
		"name": cty.StringVal(name), "key": cty.StringVal(keyID), "arn": str(arn),
	}}
}

// secretObject turns a described secret and its versions, oldest first, into
// the planner's object.
func secretObject(s kms.SecretInfo, versions []kms.SecretVersion) *plan.Object {
	o := &plan.Object{
		Kind: plan.KindSecret, ID: s.Name, Created: s.Created, DeleteAt: s.DeleteAt, Tags: s.Tags,
		Stages: make(map[string][]string, len(versions)), Rotated: s.Type != "" && s.Type != kms.SecretGeneric,
	}
	for _, v := range versions {
		o.Versions = append(o.Versions, v.ID)
		o.Stages[v.ID] = v.Stages
		if slices.Contains(v.Stages, kms.StageCurrent) {
			o.Current = v.ID
		}
	}
	o.Attrs = map[string]cty.Value{
		"name":                cty.StringVal(s.Name),
		"type":                str(s.Type),
		"encryption_key":      str(s.EncryptionKeyID),
		"instance":            str(s.InstanceID),
		"description":         cty.StringVal(s.Description),
		"tags":                plan.MapOf(plan.UserTags(s.Tags)),
		"arn":                 str(s.ARN),
		"current_version":     str(o.Current),
		"created":             date(s.Created),
		"planned_delete_time": date(s.DeleteAt),
		"automatic_rotation":  str(s.AutomaticRotation),
		"rotation_interval":   seconds(s.RotationInterval),
		"last_rotation":       date(s.LastRotation),
		"next_rotation":       date(s.NextRotation),
	}
	if versions != nil {
		o.Attrs["stages"] = plan.MapOf(ownStages(versions))
	}
	if o.Rotated {
		config, custom := configOf(s)
		o.Attrs["extended_config"], o.Attrs["custom_data"] = plan.MapOf(config), plan.MapOf(custom)
	}
	return o
}

// ownStages are the stages that are not the service's, with the versions that hold them.
func ownStages(versions []kms.SecretVersion) map[string]string {
	out := map[string]string{}
	for _, v := range versions {
		for _, stage := range v.Stages {
			if stage != kms.StageCurrent && stage != plan.StagePrevious {
				out[stage] = v.ID
			}
		}
	}
	return out
}

func str(s string) cty.Value {
	if s == "" {
		return cty.NullVal(cty.String)
	}
	return cty.StringVal(s)
}

func date(t time.Time) cty.Value {
	if t.IsZero() {
		return cty.NullVal(cty.String)
	}
	return cty.StringVal(t.UTC().Format(time.RFC3339))
}

// seconds renders an interval as the service does, 31536000s.
func seconds(d time.Duration) cty.Value {
	if d == 0 {
		return cty.NullVal(cty.String)
	}
	return cty.StringVal(strconv.FormatInt(int64(d/time.Second), 10) + "s")
}

// AccountOf is the account of an object, by its ARN; "" where it has none.
func AccountOf(o *plan.Object) string { return accountOf(text(o.Attrs["arn"])) }

// accountOf reads the account from an ARN, acs:kms:REGION:ACCOUNT:key/ID.
func accountOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 5); len(parts) == 5 {
		return parts[3]
	}
	return ""
}
