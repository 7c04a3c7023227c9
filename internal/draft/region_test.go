package draft_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/draft"
	"kmsplan.dev/kmsplan/internal/plan"
)

func aKey(id string, tags map[string]string, more map[string]cty.Value) *plan.Object {
	attrs := map[string]cty.Value{"description": cty.StringVal(id), "spec": cty.StringVal("Aliyun_AES_256"), "origin": cty.StringVal("Aliyun_KMS"), "tags": plan.MapOf(plan.UserTags(tags))}
	for name, v := range more {
		attrs[name] = v
	}
	return &plan.Object{Kind: plan.KindKey, ID: id, Tags: tags, Attrs: attrs}
}

func anAlias(name, key string) *plan.Object {
	return &plan.Object{Kind: plan.KindAlias, ID: name, Attrs: map[string]cty.Value{"name": cty.StringVal(name), "key": cty.StringVal(key)}}
}

func account(keys ...*plan.Object) draft.Account {
	return draft.Account{Keys: keys, Lineage: "ours", Known: draft.Known{}, Names: draft.Names{}}
}

func drawn(r draft.Region) string {
	var all []draft.Block
	for _, g := range r.Groups {
		all = append(all, g.Blocks...)
	}
	return string(draft.Source(append(all, r.Imports...)))
}

func TestWhatIsOthersIsNotDrawn(t *testing.T) {
	theirs := aKey("key-theirs", map[string]string{plan.TagOwner: "theirs", plan.TagAddress: "key.x"}, nil)
	ours := aKey("key-stray", map[string]string{plan.TagOwner: "ours"}, nil)
	a := account(theirs, ours)
	a.Aliases = []*plan.Object{anAlias("alias/theirs", "key-theirs")}
	r := draft.DrawRegion(a)
	if text := drawn(r); strings.Contains(text, "theirs") || !strings.Contains(text, "key-stray") {
		t.Error(text)
	}
	if len(r.Left) != 1 || !strings.Contains(r.Left[0].Why, "lineage theirs, address key.x") {
		t.Error(r.Left)
	}
}

// An object of a module, and a key that another one succeeded, are managed: drawn anew they would have two addresses. No
// expression of the root module refers to either.
func TestWhatNoExpressionRefersToIsManagedAllTheSame(t *testing.T) {
	orders := addr.Resource("key", "orders")
	inModule := orders
	inModule.Module = "module.team"
	for name, held := range map[string]addr.Address{"a module": inModule, "a predecessor": addr.Predecessor(orders, "key-held")} {
		a := account(aKey("key-held", nil, nil))
		a.Known.Set(plan.KindKey, "key-held", held)
		a.Aliases = []*plan.Object{anAlias("alias/of/held", "key-held")}
		r := draft.DrawRegion(a)
		if text := drawn(r); strings.Contains(text, "key \"") || !strings.Contains(text, `= "key-held"`) || len(r.Left) != 1 || !strings.Contains(r.Left[0].Why, held.String()) {
			t.Errorf("of %s: %v\n%s", name, r.Left, text)
		}
	}
}

func TestWhatIsManagedOrDyingIsLeft(t *testing.T) {
	a := account(aKey("key-held", nil, nil), aKey("key-dying", nil, nil), aKey("key-service", nil, nil), aKey("key-new", nil, nil))
	a.Known.Set(plan.KindKey, "key-held", addr.Resource("key", "orders"))
	a.Names[addr.Resource("key", "n")] = true
	a.Dying, a.Service = map[string]bool{"key-dying": true}, map[string]bool{"key-service": true}
	a.Aliases = []*plan.Object{anAlias("alias/of/held", "key-held"), anAlias("alias/n", "key-new")}
	r := draft.DrawRegion(a)
	text := drawn(r)
	for _, want := range []string{`key "n_2"`, `key  = key.orders.id`, `key  = key.n_2.id`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if len(r.Left) != 3 || strings.Contains(text, "dying") || strings.Contains(text, "service") {
		t.Errorf("%v\n%s", r.Left, text)
	}
}

// One policy for the keys of a file that rotate alike, and none for what no policy could say.
func TestPoliciesOfKeysThatRotateAlike(t *testing.T) {
	rotates := func(every string) map[string]cty.Value {
		return map[string]cty.Value{"automatic_rotation": cty.StringVal("Enabled"), "rotation_interval": cty.StringVal(every), "instance": cty.StringVal("kst-hzz65f176a0ogplgq0001")}
	}
	a := account(aKey("key-a", map[string]string{"team": "x"}, rotates("7776000s")), aKey("key-b", map[string]string{"team": "x"}, rotates("90d")),
		aKey("key-c", map[string]string{"team": "y"}, rotates("90d")), aKey("key-d", nil, rotates("800d")))
	var err error
	if a.Group, err = draft.GroupBy("tag:team"); err != nil {
		t.Fatal(err)
	}
	r := draft.DrawRegion(a)
	text := drawn(r)
	for _, want := range []string{"rotation_policy \"x_every_90d\" {\n  interval = \"90d\"\n  keys = [\n    key.key_key-a.id,\n    key.key_key-b.id,\n  ]", `rotation_policy "y_every_90d"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if r.Count[plan.KindRotation] != 2 || strings.Contains(text, "800d") {
		t.Error(text)
	}
	if names := []string{r.Groups[0].Name, r.Groups[1].Name, r.Groups[2].Name}; !slices.Equal(names, []string{"other", "x", "y"}) {
		t.Error(names)
	}
}

// A policy of their own for managed secrets, and none for what KMS does not rotate, or not as a policy could say.
func TestPoliciesOfSecretsThatRotateAlike(t *testing.T) {
	secret := func(name, of, every string) *plan.Object {
		return &plan.Object{Kind: plan.KindSecret, ID: name, Attrs: map[string]cty.Value{
			"name": cty.StringVal(name), "type": cty.StringVal(of), "automatic_rotation": cty.StringVal("Enabled"), "rotation_interval": cty.StringVal(every),
		}}
	}
	a := account(aKey("key-a", nil, map[string]cty.Value{"automatic_rotation": cty.StringVal("Enabled"), "rotation_interval": cty.StringVal("365d")}))
	a.Secrets = []*plan.Object{secret("a", "Rds", "12h"), secret("b", "ECS", "43200s"), secret("year", "Rds", "365d"), secret("long", "Rds", "366d"), secret("short", "Rds", "5h"), secret("generic", "Generic", "12h")}
	text := drawn(draft.DrawRegion(a))
	for _, want := range []string{
		"rotation_policy \"every_365d\" {\n  interval = \"365d\"\n  keys     = [key.key_key-a.id]", "rotation_policy \"secrets_every_365d\" {\n  interval = \"365d\"\n  secrets  = [secret.year.name]",
		"rotation_policy \"secrets_every_12h\" {\n  interval = \"12h\"\n  secrets = [\n    secret.a.name,\n    secret.b.name,\n  ]",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if n := strings.Count(text, "rotation_policy"); n != 3 {
		t.Errorf("%d policies in\n%s", n, text)
	}
}
