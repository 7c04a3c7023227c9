package lint

import (
	"slices"
	"strings"
)

// Pack is a selection of rules that stand for those of somebody else's check.
type Pack struct {
	Name  string // mlps3
	Title string
	Doc   string // what it is, and what it is not
	Rules []Stands
}

// Stands is one rule of a pack, and what others call it.
type Stands struct {
	ID          string
	CloudConfig string // the id of the managed rule of Alibaba Cloud's Cloud Config; "" = it has none
	InfraGuard  string // the id in InfraGuard, Alibaba Cloud's check of templates; "" = it has none
}

// Packs are all packs, by name.
func Packs() []*Pack {
	return []*Pack{{
		Name: "mlps3", Title: "Multi-Level Protection Scheme (等保) 2.0, level 3: keys and secrets",
		Doc: "The rules about KMS that Cloud Config and InfraGuard check. They look at what runs, and at templates; this pack looks at the configuration before it is " +
			"applied, and with `-state` at what was recorded. Generic secrets are exempt from rotation, as they are there. It is a check before the check, and no certificate. " +
			"Their rule `kms-instance-multi-zone` has none that stands for it: kmsplan reads instances and makes none.",
		Rules: []Stands{
			{"KP001", "kms-key-delete-protection-enabled", "rule:aliyun:kms-key-delete-protection-enabled"},
			{"KP002", "kms-key-rotation-enabled", "rule:aliyun:kms-key-rotation-enabled"},
			{"KP036", "kms-secret-rotation-enabled", "rule:aliyun:kms-secret-rotation-enabled"},
			{"KP037", "kms-key-state-not-pending-deletion", ""},
		},
	}}
}

// LookupPack finds a pack by its name; nil = there is none.
func LookupPack(name string) *Pack {
	i := slices.IndexFunc(Packs(), func(p *Pack) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return Packs()[i]
}

// Stands is what a rule stands for in the pack; ok is false for rules that are not in it.
func (p *Pack) Stands(r *Rule) (s Stands, ok bool) {
	i := slices.IndexFunc(p.Rules, func(s Stands) bool { return s.ID == r.ID })
	if i < 0 {
		return s, false
	}
	return p.Rules[i], true
}

// String names the rules of others: Cloud Config kms-…; InfraGuard rule:….
func (s Stands) String() string {
	var parts []string
	if s.CloudConfig != "" {
		parts = append(parts, "Cloud Config "+s.CloudConfig)
	}
	if s.InfraGuard != "" {
		parts = append(parts, "InfraGuard "+s.InfraGuard)
	}
	return strings.Join(parts, "; ")
}
