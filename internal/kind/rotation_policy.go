package kind

import "github.com/zclconf/go-cty/cty"

func rotationPolicyKind() *Kind {
	return &Kind{
		Name:         "rotation_policy",
		OnlyRecorded: true, RemovalRank: 1,
		Removals: []Removal{forget},
		Doc: "Automatic rotation for one or more keys. KMS rotates symmetric keys whose material it made itself. " +
			"A key that leaves `keys`, or a removed block, leaves the key's rotation as it is.",
		Attributes: []Attribute{
			{Name: "interval", Type: cty.String, Mode: Required, Doc: "From `7d` to `365d`, as a whole number and a unit (d, h, m, s); exactly `365d` for keys outside an instance. `365d` equals `31536000s`.", Equal: equalDurations, Check: checkInterval},
			{Name: "keys", Type: cty.Set(cty.String), Mode: Required, Doc: "The ids of the keys it rotates. A key is in one policy at most.", Refers: append([]string{"keys.ids"}, keyIDs...), Check: checkKeyIDs},
			{Name: "enabled", Type: cty.Bool, Default: always(cty.True), Doc: "Whether the keys rotate; `null` or left out: they do."},
		},
	}
}
