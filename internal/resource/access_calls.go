package resource

import (
	"context"
	"slices"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
)

func setOf(values []string) cty.Value {
	if len(values) == 0 {
		return cty.SetValEmpty(cty.String)
	}
	list := make([]cty.Value, len(values))
	for i, v := range values {
		list[i] = cty.StringVal(v)
	}
	return cty.SetVal(list)
}

// clientKeyObject turns a client key into the planner's object; its private half is nobody's to read.
func clientKeyObject(k kms.ClientKeyInfo) *plan.Object {
	return &plan.Object{Kind: plan.KindClientKey, ID: k.ID, Created: k.Created, Attrs: map[string]cty.Value{
		"id": str(k.ID), "access_point": str(k.AccessPoint), "algorithm": str(k.Algorithm),
		"created": date(k.Created), "not_before": date(k.NotBefore), "not_after": date(k.NotAfter),
	}}
}

func told(s *string) cty.Value {
	if s == nil {
		return cty.NullVal(cty.String)
	}
	return cty.StringVal(*s)
}

// wantTexts is a set that configuration asks for, sorted; nil when it asks for none.
func (s *Session) wantTexts(attr string) []string {
	v, ok := s.want(attr)
	if !ok || v.IsNull() {
		return nil
	}
	texts := append([]string{}, plan.Strings(v)...)
	slices.Sort(texts)
	return texts
}

var networkRuleCalls = accessCalls{
	kind: plan.KindNetworkRule,
	list: func(ctx context.Context, m kms.Manager) ([]string, error) { return m.ListNetworkRules(ctx) },
	read: func(ctx context.Context, m kms.Manager, name string) (map[string]cty.Value, error) {
		r, err := m.DescribeNetworkRule(ctx, name)
		return map[string]cty.Value{
			"description": told(r.Description), "type": told(r.Type), "source_private_ip": setOf(r.Sources), "arn": str(r.ARN),
		}, err
	},
	create: func(ctx context.Context, s *Session, name string) error {
		in := s.networkRule(name)
		if in.Type == nil {
			private := "Private" // the service needs it
			in.Type = &private
		}
		return s.Manager.CreateNetworkRule(ctx, in)
	},
	update: func(ctx context.Context, s *Session, name string) error {
		return s.Manager.UpdateNetworkRule(ctx, s.networkRule(name))
	},
	remove: func(ctx context.Context, m kms.Manager, name string) error { return m.DeleteNetworkRule(ctx, name) },
}

func (s *Session) networkRule(name string) kms.NetworkRule {
	return kms.NetworkRule{Name: name, Type: s.optional("type"), Description: s.optional("description"), Sources: s.wantTexts("source_private_ip")}
}

var accessPolicyCalls = accessCalls{
	kind: plan.KindAccessPolicy,
	list: func(ctx context.Context, m kms.Manager) ([]string, error) { return m.ListPolicies(ctx) },
	read: func(ctx context.Context, m kms.Manager, name string) (map[string]cty.Value, error) {
		p, err := m.DescribePolicy(ctx, name)
		instance := cty.NullVal(cty.String)
		if p.InstanceID != nil {
			instance = str(*p.InstanceID)
		}
		return map[string]cty.Value{
			"description": told(p.Description), "instance": instance, "permissions": setOf(p.Permissions),
			"resources": setOf(p.Resources), "network_rules": setOf(p.NetworkRules), "arn": str(p.ARN),
		}, err
	},
	create: func(ctx context.Context, s *Session, name string) error {
		in := s.accessPolicy(name)
		in.InstanceID = s.instance()
		return s.Manager.CreatePolicy(ctx, in)
	},
	update: func(ctx context.Context, s *Session, name string) error {
		return s.Manager.UpdatePolicy(ctx, s.accessPolicy(name))
	},
	remove: func(ctx context.Context, m kms.Manager, name string) error { return m.DeletePolicy(ctx, name) },
}

func (s *Session) accessPolicy(name string) kms.AccessPolicy {
	return kms.AccessPolicy{
		Name: name, Description: s.optional("description"), Permissions: s.wantTexts("permissions"),
		Resources: s.wantTexts("resources"), NetworkRules: s.wantTexts("network_rules"),
	}
}

var accessPointCalls = accessCalls{
	kind: plan.KindAccessPoint,
	list: func(ctx context.Context, m kms.Manager) ([]string, error) { return m.ListApplicationAccessPoints(ctx) },
	read: func(ctx context.Context, m kms.Manager, name string) (map[string]cty.Value, error) {
		p, err := m.DescribeApplicationAccessPoint(ctx, name)
		return map[string]cty.Value{
			"description": told(p.Description), "authentication_method": told(p.Authentication), "policies": setOf(p.Policies), "arn": str(p.ARN),
		}, err
	},
	create: func(ctx context.Context, s *Session, name string) error {
		in := s.accessPoint(name)
		in.Authentication = s.optional("authentication_method")
		return s.Manager.CreateApplicationAccessPoint(ctx, in)
	},
	update: func(ctx context.Context, s *Session, name string) error {
		return s.Manager.UpdateApplicationAccessPoint(ctx, s.accessPoint(name))
	},
	remove: func(ctx context.Context, m kms.Manager, name string) error {
		return m.DeleteApplicationAccessPoint(ctx, name)
	},
}

func (s *Session) accessPoint(name string) kms.AccessPoint {
	return kms.AccessPoint{Name: name, Description: s.optional("description"), Policies: s.wantTexts("policies")}
}
