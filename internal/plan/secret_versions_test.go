package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// staged is a secret with arguments about its versions, and with a value or without.
func staged(value, arguments string) string {
	src := strings.Replace(secret, "value = var.v", arguments, 1)
	if value != "" {
		src = strings.Replace(strings.Replace(secret, "value = var.v", "value = var.v\n  "+arguments, 1), "pass-1", value, 1)
	}
	return src
}

// The versions and stages of a secret by declaration: what is called for them, in which order, and what is refused.
func TestVersionsAndStagesByDeclaration(t *testing.T) {
	have := func(stages map[string]string, current string, versions ...string) func(w *world) {
		return func(w *world) {
			r, o := &w.state.Resources[0], w.live.Objects[plan.KindSecret]["app/s"]
			f := state.NewFingerprint([]byte("pass-1"))
			r.Versions, r.Fingerprints, r.Attributes["version_id"] = versions, map[string]state.Fingerprint{"value": f}, versions[len(versions)-1]
			o.Versions, o.Current, o.Attrs["stages"], o.Attrs["current_version"] = versions, current, plan.MapOf(stages), cty.StringVal(current)
		}
	}
	two := have(map[string]string{"blue": "v1", "theirs": "v1"}, "v2", "v1", "v2")
	held := func(w *world) {
		two(w)
		w.state.Resources[0].Held = &state.Held{Version: "v1", By: "promote", Over: "v2"}
		w.state.Resources[0].Versions = []string{"v2", "v1"}
		w.live.Objects[plan.KindSecret]["app/s"].Current = "v1"
	}
	foreign := func(w *world) {
		two(w)
		o := w.live.Objects[plan.KindSecret]["app/s"]
		o.Versions, o.Current = append(o.Versions, "theirs"), "theirs"
	}
	tests := []struct {
		name, src, calls, guard string
		world                   func(w *world)
		promoted                string
	}{
		{name: "as it is", src: staged("pass-1", `version_id = "v2"`), world: two},
		{name: "stages as they are, and others' beside", src: staged("pass-1", `stages = { blue = "v1" }`), world: two},
		{name: "none that is declared", src: staged("pass-1", `stages = {}`), world: two},
		{name: "a stage moves", src: staged("pass-1", `stages = { blue = "v2" }`), world: two, calls: "UpdateSecretVersionStage"},
		{name: "a stage goes", src: staged("pass-1", `stages = { blue = null }`), world: two, calls: "UpdateSecretVersionStage"},
		{name: "one that is not there goes", src: staged("pass-1", `stages = { nix = null }`), world: two},
		{name: "a stage of no version", src: staged("pass-1", `stages = { blue = "v9" }`), world: two, guard: plan.GuardImpossible},
		{name: "ignored", src: strings.Replace(staged("pass-1", `stages = { blue = "v2" }`), "name ", "lifecycle { ignore_changes = [stages] }\n  name ", 1), world: two},
		{name: "another value under the same id", src: staged("pass-2", `version_id = "v2"`), world: two, guard: plan.GuardImpossible},
		{name: "another value under another id", src: staged("pass-2", `version_id = "v3"`), world: two, calls: "PutSecretValue"},
		{name: "the same value under another id", src: staged("pass-1", `version_id = "v3"`), world: two, calls: "PutSecretValue"},
		{name: "the version of before", src: staged("pass-0", `version_id = "v1"`), world: two, calls: "PutSecretValue UpdateSecretVersionStage", promoted: "v1"},
		{name: "a new one with a stage, and a stage of an old one", src: staged("pass-2", "version_id = \"v3\"\n  stages = { blue = \"v3\", old = \"v2\" }"), world: two, calls: "UpdateSecretVersionStage PutSecretValue UpdateSecretVersionStage"},
		{name: "promoted by hand", src: staged("pass-1", `version_id = "v2"`), world: held},
		{name: "promoted by hand, and declared otherwise since", src: staged("pass-1", `version_id = "v3"`), world: held, calls: "PutSecretValue"},
		{name: "no value: as it is", src: staged("", `version_id = "v2"`), world: two},
		{name: "no value: the one before", src: staged("", `version_id = "v1"`), world: two, calls: "UpdateSecretVersionStage", promoted: "v1"},
		{name: "no value: one that is not there", src: staged("", `version_id = "v9"`), world: two, guard: plan.GuardImpossible},
		{name: "no value: promoted by hand", src: staged("", `version_id = "v2"`), world: held},
		{name: "no value: promoted by hand and declared", src: staged("", `version_id = "v1"`), world: held},
		{name: "no value: others made theirs current", src: staged("", `version_id = "v2"`), world: foreign, guard: plan.GuardUnseenSecretVersion},
		{name: "no value: theirs is declared", src: staged("", `version_id = "theirs"`), world: foreign},
		{name: "others made theirs current", src: staged("pass-2", `version_id = "v3"`), world: foreign, guard: plan.GuardUnseenSecretVersion},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.apply(secret)
			test.world(w)
			p := w.plan(config(t, test.src))
			c := p.Changes[0]
			if got := strings.Join(c.Calls, " "); got != test.calls || c.Promoted != test.promoted && test.guard == "" {
				t.Errorf("%s: calls %q, promoted %q; want %q, %q", lines(p), got, c.Promoted, test.calls, test.promoted)
			}
			if p.Refused() != (test.guard != "") || p.Refused() && !slices.ContainsFunc(p.Refusals, func(r plan.Refusal) bool { return r.Guard == test.guard }) {
				t.Errorf("refused: %+v, want %q", p.Refusals, test.guard)
			}
		})
	}
}

// A stage of others is in what is expected to be there, and an approved change of one is another one when it moved.
func TestAStageIsPartOfThePreImage(t *testing.T) {
	o := &plan.Object{Kind: plan.KindSecret, ID: "s", Attrs: map[string]cty.Value{"name": cty.StringVal("s")}}
	none := *plan.PreImageOf(o)
	o.Attrs["stages"] = cty.MapValEmpty(cty.String)
	if !none.Equal(*plan.PreImageOf(o)) {
		t.Error("a plan from before stages were read is another one")
	}
	o.Attrs["stages"] = plan.MapOf(map[string]string{"blue": "v1"})
	if none.Equal(*plan.PreImageOf(o)) {
		t.Error("a stage counts for nothing")
	}
}
