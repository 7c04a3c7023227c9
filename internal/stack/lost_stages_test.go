package stack_test

import (
	"fmt"
	"slices"
	"strings"
)

// aStaged is a secret whose version has an id and a stage of its own; aSecondStaged is the next one.
var (
	aStaged       = with(aSecret, "value       = var.value\n", "value       = var.value\n  version_id  = \"v1\"\n  stages      = { blue = \"v1\" }\n")
	aSecondStaged = with(with(with(aStaged, "first-value", "second-value"), "\"v1\"\n", "\"v2\"\n"), "blue = \"v1\"", "blue = \"v2\", green = \"v1\"")
)

// stageChanges are the calls that give versions their ids and stages.
func stageChanges() []changing {
	withSecret := [3]int{1, 0, 2}
	second := func(r *rig) {
		r.write("main.kms.hcl", attached+bold+aSecondStaged)
		r.apply()
	}
	return []changing{
		{"CreateSecret", "a version with an id of its own", aKey, aStaged, nil, withSecret, stagesAre("v1: ACSCurrent blue")},
		{"PutSecretValue", "a version with an id of its own", aStaged, aSecondStaged, nil, withSecret, stagesAre("v1: ACSPrevious green", "v2: ACSCurrent blue")},
		{"PutSecretValue", "a version that is there already", aStaged, aStaged, second, withSecret, stagesAre("v1: ACSCurrent blue green", "v2: ACSPrevious")},
		{"UpdateSecretVersionStage", "a version that is there already", aStaged, aStaged, second, withSecret, stagesAre("v1: ACSCurrent blue green", "v2: ACSPrevious")},
		{"UpdateSecretVersionStage", "a stage of a new secret", aKey, aStaged, nil, withSecret, stagesAre("v1: ACSCurrent blue")},
		{"UpdateSecretVersionStage", "a new stage", aStaged, with(aStaged, "blue =", "green ="), nil, withSecret, stagesAre("v1: ACSCurrent blue green")},
		{"UpdateSecretVersionStage", "a stage that others took off", aStaged, aSecondStaged, func(r *rig) {
			second(r)
			r.call("UpdateSecretVersionStage", map[string]any{"SecretName": "s", "VersionStage": "blue", "RemoveFromVersion": "v2"})
		}, withSecret, stagesAre("v1: ACSPrevious green", "v2: ACSCurrent blue")},
		{"UpdateSecretVersionStage", "a stage that goes", aStaged, with(aStaged, "blue = \"v1\"", "blue = null"), nil, withSecret, stagesAre("v1: ACSCurrent")},
	}
}

// stagesAre looks at the stages of every version of the secret.
func stagesAre(want ...string) func(r *rig) string {
	return func(r *rig) string {
		answer := r.call("ListSecretVersionIds", map[string]any{"SecretName": "s", "IncludeDeprecated": "true"})
		list, _ := answer["VersionIds"].(map[string]any)
		versions, _ := list["VersionId"].([]any)
		var got []string
		for _, x := range versions {
			v, _ := x.(map[string]any)
			nested, _ := v["VersionStages"].(map[string]any)
			var stages []string
			for _, s := range nested["VersionStage"].([]any) {
				stages = append(stages, fmt.Sprint(s))
			}
			slices.Sort(stages)
			got = append(got, fmt.Sprintf("%v: %s", v["VersionId"], strings.Join(stages, " ")))
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			return fmt.Sprintf("the stages are %q, want %q", got, want)
		}
		return ""
	}
}
