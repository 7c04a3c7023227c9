package resource

import (
	"context"
	"encoding/json"
	"maps"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
)

// customData is the member of ExtendedConfig that can be changed.
const customData = "CustomData"

// describe sends the description and the custom data that configuration gives, in one call.
func (w *secretWork) describe(ctx context.Context) error {
	in := kms.UpdateSecretInput{Name: w.object.ID, Description: w.optional("description")}
	if v, ok := w.want("custom_data"); ok {
		in.CustomData = anyMap(plan.StringMap(w.Body.WithIgnored("custom_data", v, w.object.Attrs["custom_data"])))
	}
	if in.Description == nil && in.CustomData == nil {
		return nil
	}
	return w.Call(ctx, "UpdateSecret", in.Name, nil, func(ctx context.Context) (string, error) {
		return in.Name, settle(w.Manager.UpdateSecret(ctx, in), func() (bool, error) {
			info, err := w.Manager.DescribeSecret(ctx, in.Name)
			_, custom := configOf(info)
			return (in.Description == nil || info.Description == *in.Description) && (in.CustomData == nil || maps.Equal(anyMap(custom), in.CustomData)), err
		})
	})
}

// extendedConfig is what CreateSecret takes; nil = nothing.
func (w *secretWork) extendedConfig() map[string]any {
	v, configured := w.want("extended_config")
	out := anyMap(plan.StringMap(v))
	if custom, ok := w.want("custom_data"); ok && custom.LengthInt() > 0 {
		out[customData] = plan.StringMap(custom)
		configured = true
	}
	if !configured {
		return nil
	}
	return out
}

// configOf takes a live ExtendedConfig apart. What is no text is the service's own, and none of it that a
// configuration could name.
func configOf(s kms.SecretInfo) (config, custom map[string]string) {
	config, custom = map[string]string{}, map[string]string{}
	var doc map[string]any
	if json.Unmarshal([]byte(s.ExtendedConfig), &doc) != nil {
		return config, custom
	}
	texts(doc, config)
	pairs, _ := doc[customData].(map[string]any)
	texts(pairs, custom)
	return config, custom
}

func texts(from map[string]any, to map[string]string) {
	for name, v := range from {
		if text, ok := v.(string); ok {
			to[name] = text
		}
	}
}

func anyMap(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

func (w *secretWork) setPolicy(ctx context.Context) error {
	text, ok := w.policyText(w.object.Attrs["arn"])
	if !ok {
		return nil
	}
	id := w.object.ID
	err := w.Call(ctx, "SetSecretPolicy", id, nil, func(ctx context.Context) (string, error) {
		return id, settle(w.Manager.SetSecretPolicy(ctx, id, text), func() (bool, error) {
			live, err := w.Manager.GetSecretPolicy(ctx, id)
			return samePolicy(text, live), err
		})
	})
	if err == nil {
		w.policy = &text
	}
	return err
}

// policyText is the policy configuration asks for. The default one names the
// account, which the object's own ARN tells.
func (s *Session) policyText(arn cty.Value) (string, bool) {
	if v, written := s.Body.Attrs["policy"]; written && unmarked(v).IsNull() {
		return kind.Lookup(plan.KindKey, false).ServiceDefault("policy", accountOf(text(arn))).AsString(), true
	}
	return s.wantText("policy")
}
