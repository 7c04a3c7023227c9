package lint

import (
	"kmsplan.dev/kmsplan/internal/kind"
)

func keyRules() []*Rule {
	return []*Rule{
		{
			ID: "KP001", Name: "deletion-protection", Severity: Warning, Title: "Key without deletion protection",
			Why: "Whoever may call ScheduleKeyDeletion can begin to delete the key, and with it all that was encrypted under it, also past kmsplan: " +
				"in the console, or with another tool.",
			Fix:    "Write `deletion_protection = true`.",
			Source: "KMS: SetDeletionProtection",
			check: func(p *pass) {
				for _, key := range p.module.of("key") {
					if v, written := key.Attrs["deletion_protection"]; !key.True("deletion_protection") && (!written || v.IsKnown()) {
						p.about(key, "deletion_protection", "KMS does not refuse to schedule the deletion of %s.", key.addr.Block())
					}
				}
			},
		},
		{
			ID: "KP002", Name: "rotation", Severity: Warning, Title: "Key that does not rotate",
			Why: "A key version that is never changed protects more data every year, and whoever gets at it once reads all of it. KMS rotates symmetric keys whose material " +
				"it made itself, outside hardware instances; what older versions encrypted stays readable.",
			Fix:    "Name the key in `keys` of a `rotation_policy`. For a key outside an instance its interval is `365d`, and KMS sells that rotation as a service of its own.",
			Source: "KMS: UpdateRotationPolicy",
			check:  (*pass).rotation,
		},
		{
			ID: "KP017", Name: "owner-tag", Severity: Note, Title: "Nobody's key or secret",
			Why:    "Keys outlive teams. Before one is disabled somebody has to be asked, and a tag says who.",
			Fix:    "Add a tag `owner` or `team`, or name the tags that your organisation uses with `-owner-tag`.",
			Source: "KMS: TagResources",
			check:  (*pass).ownerTag,
		},
	}
}

func (p *pass) rotation() {
	for _, key := range p.module.of("key") {
		if !rotates(key) {
			continue
		}
		policy := p.module.rotatedBy[key.addr]
		switch {
		case policy == nil:
			p.about(key, "", "%s is in no rotation_policy.", key.addr.Block())
		case isFalse(policy, "enabled"):
			p.about(policy, "enabled", "%s is off, so %s does not rotate.", policy.addr.Block(), key.addr.Block())
		}
	}
}

// rotates reports whether KMS can rotate the key (KMS: UpdateRotationPolicy): symmetric, its own material, no
// hardware instance.
func rotates(key *instance) bool {
	for _, argument := range []string{"spec", "origin", "protection_level"} {
		if v, written := key.Attrs[argument]; written && !v.IsKnown() {
			return false
		}
	}
	name, written := key.String("spec")
	spec, _ := kind.LookupSpec(name)
	origin, _ := key.String("origin")
	level, _ := key.String("protection_level")
	return (!written || spec.Symmetric) && origin != kind.OriginExternal && level != "HSM"
}

func isFalse(in *instance, argument string) bool {
	v, known := in.known(argument)
	return known && v.False()
}

func (p *pass) ownerTag() {
	for _, in := range p.module.instances {
		if in.addr.Data || in.block.Kind.Attribute("tags") == nil {
			continue
		}
		if v, written := in.Attrs["tags"]; written && !v.IsNull() && !v.IsWhollyKnown() || in.tagged(p.Bounds.OwnerTags) {
			continue
		}
		p.about(in, "tags", "%s has none of the tags %s.", in.addr.Block(), quotedList(p.Bounds.OwnerTags))
	}
}

func (in *instance) tagged(names []string) bool {
	v, known := in.known("tags")
	if !known {
		return false
	}
	tags := v.AsValueMap()
	for _, name := range names {
		if t, ok := tags[name]; ok && !t.IsNull() && t.AsString() != "" {
			return true
		}
	}
	return false
}
