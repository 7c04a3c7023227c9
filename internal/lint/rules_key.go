package lint

import (
	"strings"

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
			ID: "KP003", Name: "rotation-interval", Severity: Warning, Title: "Key that rotates seldom",
			Why:    "The longer a key version is primary, the more data it protects.",
			Fix:    "Write a shorter `interval`; `-max-rotation` says how long it may be (default 365d). A key outside an instance rotates every 365 days only.",
			Source: "KMS: UpdateRotationPolicy, 7 to 365 days",
			check:  (*pass).rotationInterval,
		},
		{
			ID: "KP004", Name: "key-in-instance", Severity: Note, Title: "Key outside an instance",
			Why: "A key in no KMS instance is a default key: it has no policy of its own, one spec (Aliyun_AES_256), one rotation interval (365 days), and shares quota and " +
				"request rate with the whole account and region.",
			Fix:    "Write `instance = gateway.NAME.instance.id` when the key is made; it cannot be moved later.",
			Source: "KMS: CreateKey, DKMSInstanceId; product limits",
			check: func(p *pass) {
				for _, key := range p.module.of("key") {
					if key.NoInstance {
						p.about(key, "instance", "%s lives in no KMS instance.", key.addr.Block())
					}
				}
			},
		},
		{
			ID: "KP006", Name: "key-alias", Severity: Note, Title: "Key in use without an alias",
			Why:    "Who names a key by its id has to be changed with it. An alias stays, and is pointed at the successor in one call.",
			Fix:    "Declare an `alias` for it, and let applications name that.",
			Source: "KMS: CreateAlias, UpdateAlias",
			check: func(p *pass) {
				for _, key := range p.module.of("key") {
					if p.module.used(key.addr) && !p.module.usedBy(key.addr, "alias") {
						p.about(key, "", "%s is used, and no alias names it.", key.addr.Block())
					}
				}
			},
		},
		{
			ID: "KP018", Name: "key-usage", Severity: Note, Title: "Key usage left to the service",
			Why:    "KMS makes every key that can sign a signing key, RSA included, when nothing else is said. Its usage cannot be changed later.",
			Fix:    "Write `usage = \"ENCRYPT/DECRYPT\"` or `usage = \"SIGN/VERIFY\"`.",
			Source: "KMS: CreateKey, KeyUsage",
			check: func(p *pass) {
				for _, key := range p.module.of("key") {
					name, _ := key.String("spec")
					if spec, known := kind.LookupSpec(name); known && len(spec.Usages) > 1 && key.unset("usage") {
						p.about(key, "spec", "%s of spec %s becomes a key for %s.", key.addr.Block(), name, spec.Usages[0])
					}
				}
			},
		},
		{
			ID: "KP030", Name: "unused-key", Severity: Note, Title: "Key that nothing refers to",
			Why:    "A key that nobody uses costs money and attention, and somebody begins to use it by its id.",
			Fix:    "Give it an alias, use it in a secret or a data block, or let it go with a `removed` block.",
			Source: "docs/language.md, Leaving, renaming, adopting",
			check: func(p *pass) {
				for _, key := range p.module.of("key") {
					if !p.module.used(key.addr) && !p.module.outputs[key.addr.Block()] {
						p.about(key, "", "Nothing in this module refers to %s.", key.addr.Block())
					}
				}
			},
		},
		{
			ID: "KP035", Name: "disabled-key-in-use", Severity: Error, Title: "Disabled key in use",
			Why:    "A disabled key neither encrypts nor decrypts: what uses it fails.",
			Fix:    "Take `enabled = false` out, or point what uses the key at another one first.",
			Source: "KMS: DisableKey",
			check: func(p *pass) {
				for _, key := range p.module.of("key") {
					if users := p.module.userNames(key.addr); isFalse(key, "enabled") && len(users) > 0 {
						p.about(key, "enabled", "%s is disabled and is used by %s.", key.addr.Block(), strings.Join(users, ", "))
					}
				}
			},
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

func (p *pass) rotationInterval() {
	for _, policy := range p.module.of("rotation_policy") {
		text, _ := policy.String("interval")
		if interval, err := kind.ParseDuration(text); err == nil && interval > p.Bounds.MaxRotation {
			p.about(policy, "interval", "%s rotates every %s, and at most %s is allowed.", policy.addr.Block(), text, days(p.Bounds.MaxRotation))
		}
	}
	for _, o := range p.Recorded {
		text, _ := o.Attributes["rotation_interval"].(string)
		interval, err := kind.ParseDuration(text)
		if key := p.module.byAddr[o.Addr]; err == nil && interval > p.Bounds.MaxRotation && key != nil && p.module.rotatedBy[o.Addr] == nil {
			p.about(key, "", "%s was last seen to rotate every %s, and at most %s is allowed.", o.Addr, days(interval), days(p.Bounds.MaxRotation))
		}
	}
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
