package stack_test

import (
	"context"
	"fmt"
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
)

// acts are what is asked for in the changes of the same name.
var acts = map[string]plan.Request{
	"a rotation that is asked for":        {Addr: addr.Address{Kind: "key", Name: "k"}, Act: plan.ActRotate},
	"a value given by hand":               {Addr: addr.Address{Kind: "secret", Name: "s"}, Act: plan.ActPut},
	"a rollback":                          {Addr: addr.Address{Kind: "secret", Name: "s"}, Act: plan.ActRollback},
	"a fresh generated value":             {Addr: addr.Address{Kind: "secret", Name: "s"}, Act: plan.ActRotate},
	"a managed secret's fresh value":      {Addr: addr.Address{Kind: "secret", Name: "m"}, Act: plan.ActRotate},
	"material that is asked for":          {Addr: addr.Address{Kind: "key", Name: "k"}, Act: plan.ActImport, Import: plan.Import{Match: state.Same, Said: true, Expires: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)}},
	"a rescue that is asked for":          {Addr: addr.Address{Kind: "key", Name: "k"}, Act: plan.ActRescue},
	"a secret's rescue that is asked for": {Addr: addr.Address{Kind: "secret", Name: "s"}, Act: plan.ActRescue},
}

const (
	material   = "0123456789abcdef0123456789abcdef" // of anImported
	aGenerated = aKey + "secret \"s\" {\n  name = \"s\"\n  encryption_key = key.k.id\n  generate {}\n}\n"
	aManaged   = aKey + "secret \"m\" {\n  name = \"m\"\n  type = \"Rds\"\n}\nimport {\n  to = secret.m\n  id = \"m\"\n}\n"
)

// asked are the calls of what a person asks of single objects.
func asked() []changing {
	keyOnly, withSecret := [3]int{1, 0, 1}, [3]int{1, 0, 2}
	return []changing{
		{"CreateKeyVersion", "a rotation that is asked for", aKey, aKey, nil, keyOnly, versionsOf("key", "k", 2)},
		{"CancelKeyDeletion", "a rescue that is asked for", aKey, aKey, func(r *rig) {
			r.call("ScheduleKeyDeletion", map[string]any{"KeyId": r.idOf("key.k"), "PendingWindowInDays": 7})
		}, keyOnly, keyIs("KeyState", "Enabled")},
		{"ImportKeyMaterial", "material that is asked for", anImported, anImported, func(r *rig) {
			r.call("DeleteKeyMaterial", map[string]any{"KeyId": r.idOf("key.k")})
		}, keyOnly, keyIs("KeyState", "Enabled")},
		{"PutSecretValue", "a value given by hand", with(aSecret, "first-value", "by-hand"), with(aSecret, "first-value", "by-hand"), func(r *rig) {
			r.write("main.kms.hcl", attached+bold+with(aSecret, "first-value", "other"))
			r.apply() // what is given by hand is declared then
			r.write("main.kms.hcl", attached+bold+with(aSecret, "first-value", "other"))
		}, withSecret, secretIs("by-hand", 3)},
		{"UpdateSecretVersionStage", "a rollback", aSecret, with(aSecret, "first", "second"), func(r *rig) {
			r.write("main.kms.hcl", attached+bold+with(aSecret, "first", "second"))
			r.apply()
			r.ask(acts["a rollback"])
		}, withSecret, secretIs("second-value", 2)},
		{"PutSecretValue", "a fresh generated value", aGenerated, aGenerated, nil, withSecret, versionsOf("secret", "s", 2)},
		{"RotateSecret", "a managed secret's fresh value", aKey, aManaged, func(r *rig) {
			r.call("CreateSecret", map[string]any{
				"SecretName": "m", "SecretType": "Rds", "VersionId": "v1", "ExtendedConfig": "{\"SecretSubType\":\"SingleUser\",\"DBInstanceId\":\"rm-1\"}",
				"SecretData": "{\"Accounts\":[{\"AccountName\":\"app\",\"AccountPassword\":\"first\"}]}",
			})
			r.write("main.kms.hcl", attached+bold+aManaged)
			r.apply()
		}, withSecret, versionsOf("secret", "m", 2)},
		{"RestoreSecret", "a secret's rescue that is asked for", aSecret, aSecret, func(r *rig) {
			r.call("DeleteSecret", map[string]any{"SecretName": "s"})
		}, withSecret, secretIs("first-value", 1)},
	}
}

// versionsOf counts the versions of a key or a secret.
func versionsOf(kind, name string, want int) func(r *rig) string {
	return func(r *rig) string {
		operation, params := "ListSecretVersionIds", map[string]any{"SecretName": name, "IncludeDeprecated": "true"}
		if kind == "key" {
			operation, params = "ListKeyVersions", map[string]any{"KeyId": r.idOf("key." + name)}
		}
		if got := r.call(operation, params)["TotalCount"]; got != float64(want) {
			return fmt.Sprintf("it has %v versions, want %d", got, want)
		}
		return ""
	}
}

// ask does what is asked for, without a mistake.
func (r *rig) ask(what plan.Request) {
	r.t.Helper()
	if err := r.tryAsk(r.t.Context(), what); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) tryAsk(ctx context.Context, what plan.Request) error {
	s, err := stack.Open(r.module(), r.options)
	if err != nil {
		return err
	}
	defer r.close(s)
	asks := []plan.Request{what}
	if err := s.Survey(ctx, "apply", stack.ScopeOf(asks)); err != nil {
		return err
	}
	p, _, err := s.PlanAsked(ctx, asks)
	if err != nil {
		return err
	}
	if p.Refused() {
		return fmt.Errorf("refused: %v", p.Refusals)
	}
	given := "by-hand"
	if what.Act == plan.ActImport {
		given = material
	}
	_, err = s.Apply(ctx, p, stack.Applying{Given: map[addr.Address]resource.Given{what.Addr: {Value: kms.NewSecret(given)}}})
	return err
}

// tryDoing applies a change, or does what is asked for in its place.
func (r *rig) tryDoing(ctx context.Context, c changing) error {
	if what, ok := acts[c.what]; ok {
		return r.tryAsk(ctx, what)
	}
	return r.tryApply(ctx)
}

// askAgain asks once more for what turned out not to have happened: no run does that by itself.
func (r *rig) askAgain(c changing) {
	if what, ok := acts[c.what]; ok && c.look(r) != "" {
		r.ask(what)
	}
}
