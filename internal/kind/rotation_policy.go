package kind

import (
	"time"

	"github.com/zclconf/go-cty/cty"
)

// Rotation intervals that a managed secret accepts: 6 to 8,760 hours (public-gateway.md §1.10; KMS: CreateSecret,
// UpdateSecretRotationPolicy).
const (
	MinSecretRotation = 6 * time.Hour
	MaxSecretRotation = 8760 * time.Hour
)

func rotationPolicyKind() *Kind {
	return &Kind{
		Name:         "rotation_policy",
		OnlyRecorded: true, RemovalRank: 1,
		Removals: []Removal{forget},
		Doc: "Automatic rotation for keys, for managed secrets, or for both. KMS rotates symmetric keys whose material it made itself, and secrets of the types " +
			"`Rds`, `Redis`, `RAMCredentials`, `ECS` and `PolarDB`. " +
			"What leaves `keys` or `secrets`, or a removed block, leaves the rotation as it is; `enabled = false` switches it off.",
		Attributes: []Attribute{
			{Name: "interval", Type: cty.String, Mode: Required, Doc: "As a whole number and a unit (d, h, m, s): from `7d` to `365d` with keys, exactly `365d` for keys outside an instance; from `6h` to `8760h` for secrets alone. `365d` equals `31536000s`.", Equal: equalDurations, Check: checkInterval},
			{Name: "keys", Type: cty.Set(cty.String), Default: noSet, Doc: "The ids of the keys it rotates. A key is in one policy at most.", Refers: append([]string{"keys.ids"}, keyIDs...), Check: checkKeyIDs},
			{Name: "secrets", Type: cty.Set(cty.String), Default: noSet, Doc: "The names of the managed secrets it rotates, `secret.NAME.name`. A secret is in one policy at most.", Refers: []string{"secret.name", "secrets.names"}, Check: checkSecretNames},
			{Name: "enabled", Type: cty.Bool, Default: always(cty.True), Doc: "Whether they rotate; `null` or left out: they do."},
		},
		Rules: []Rule{
			{ID: "rotation-of-something", Summary: invalid, Doc: "A rotation policy has `keys`, `secrets` or both.", Check: rotatesSomething},
			{ID: "key-interval", Summary: "Interval not possible", Doc: "Keys rotate every 7 to 365 days (KMS: UpdateRotationPolicy); secrets every 6 to 8,760 hours (KMS: UpdateSecretRotationPolicy).", Check: keyInterval},
		},
	}
}

// noSet says that a list which is left out is none.
func noSet(string) cty.Value { return cty.NullVal(cty.Set(cty.String)) }

func rotatesSomething(b Values) (string, error) {
	if b.Set("keys") || b.Set("secrets") {
		return "", nil
	}
	return "interval", sentence("The policy rotates nothing. Write keys = [key.NAME.id], or secrets = [secret.NAME.name], or both.")
}

// keyInterval wants of a policy with keys what keys accept, whatever else it rotates.
func keyInterval(b Values) (string, error) {
	text, known := b.String("interval")
	d, err := ParseDuration(text)
	if !known || err != nil || !b.Set("keys") || d >= MinRotation && d <= MaxRotation {
		return "", nil
	}
	return "interval", sentence(`A key's rotation interval is from 7d to 365d; %q is outside. Keys outside a KMS instance rotate every 365d only, managed secrets from 6h: give those a policy of their own.`, text)
}

// checkInterval wants what a key or a secret accepts; keyInterval says the rest.
func checkInterval(v cty.Value) error {
	d, err := ParseDuration(v.AsString())
	if err != nil {
		return err
	}
	if d < min(MinRotation, MinSecretRotation) || d > max(MaxRotation, MaxSecretRotation) {
		return sentence(`A rotation interval is from 7d to 365d for keys and from 6h to 8760h for secrets; %q is outside. Keys outside a KMS instance rotate every 365d only.`, v.AsString())
	}
	return nil
}

// checkSecretNames is checkSecretName for a set.
func checkSecretNames(v cty.Value) error {
	if v.LengthInt() == 0 {
		return sentence("The set of secrets is empty. Name at least one secret, or leave it out.")
	}
	for it := v.ElementIterator(); it.Next(); {
		_, name := it.Element()
		if name.IsNull() {
			return sentence("A secret's name is null. Write secret.NAME.name.")
		}
		if name.IsKnown() {
			if err := checkSecretName(name); err != nil {
				return err
			}
		}
	}
	return nil
}
