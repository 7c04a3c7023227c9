package draft_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/draft"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
)

// loads writes blocks beside a gateway, and loads them.
func loads(t *testing.T, blocks ...draft.Block) *hcl.Config {
	t.Helper()
	dir := t.TempDir()
	gateway := "gateway \"dev\" {\n  region = \"cn-hangzhou\"\n  public {}\n}\n"
	source := append([]byte(gateway), draft.Source(blocks)...)
	if err := os.WriteFile(filepath.Join(dir, "main.kms.hcl"), source, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, diags := hcl.Load(hcl.Inputs{Dir: dir})
	if diags.HasErrors() {
		t.Fatalf("%s%v", source, diags)
	}
	return cfg
}

func liveKey(description, tag, policy string) *plan.Object {
	return &plan.Object{Kind: plan.KindKey, ID: "key-1", Attrs: map[string]cty.Value{
		"description": cty.StringVal(description), "spec": cty.StringVal("RSA_2048"), "usage": cty.StringVal("ENCRYPT/DECRYPT"), "origin": cty.StringVal("Aliyun_KMS"),
		"instance": cty.StringVal("kst-hzz65f176a0ogplgq0001"), "enabled": cty.False, "policy": cty.StringVal(policy),
		"tags": cty.MapVal(map[string]cty.Value{"t": cty.StringVal(tag)}), "state": cty.StringVal("Disabled"),
	}}
}

const livePolicy = `{"Statement":[{"Action":["kms:*"],"Effect":"Allow","Resource":["*"],"Note":"${x} \"%{y}\"\n","n":12345678901234567890,"for":null,"a b":[]}],"Version":"1"}`

// A live object's block has what the object has, compared as the planner compares, or says that it does not manage it.
func TestLiveValuesComeBack(t *testing.T) {
	for _, s := range hostile {
		liveComesBack(t, s, s, livePolicy)
	}
	liveComesBack(t, "e\u0301", "combining", livePolicy)
	liveComesBack(t, "bad tag", "a b", "no JSON ${x}")
}

func FuzzLiveValuesComeBack(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, s, `{"Statement":[`+livePolicy+`]}`)
	}
	f.Add("e\u0301", "x", `{"Statement":[{"a":1e400,"b":0.1,"c":-0,"\u0065\u0301":"\ud800"}]}`)
	f.Fuzz(func(t *testing.T, description, tag, policy string) {
		if len(description)+len(tag)+len(policy) < 4000 {
			liveComesBack(t, description, tag, policy)
		}
	})
}

func liveComesBack(t *testing.T, description, tag, policy string) {
	t.Helper()
	o := liveKey(description, tag, policy)
	a := addr.Resource("key", "k")
	b, err := draft.Draw(a, o, draft.Place{Account: "1"}, draft.Known{})
	if err != nil {
		t.Fatal(err)
	}
	body, diags := loads(t, b).Body(a, hcl.NewObjectMap())
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	k := kind.Lookup("key", false)
	for name, v := range body.Attrs {
		if at := k.Attribute(name); !plan.Same(at, v, o.Attrs[name]) || at.Equal == nil && !v.RawEquals(o.Attrs[name]) {
			t.Errorf("%s is %#v, and came back as %#v, from\n%s", name, o.Attrs[name], v, draft.Source([]draft.Block{b}))
		}
	}
	if _, written := body.Attrs["description"]; !written && description != "" && hcl.TextProblem(description) == nil && len(description) < kind.MaxDescription {
		t.Errorf("the description %q is left out", description)
	}
	if len(body.Attrs) < 4 {
		t.Errorf("too little was written:\n%s", draft.Source([]draft.Block{b}))
	}
}

// What the service gives any new key stands in no block.
func TestDefaultsAreNotWritten(t *testing.T) {
	plain := &plan.Object{Kind: plan.KindKey, ID: "key-1", Attrs: map[string]cty.Value{
		"description": cty.StringVal(""), "spec": cty.StringVal("Aliyun_AES_256"), "usage": cty.StringVal("ENCRYPT/DECRYPT"), "origin": cty.StringVal("Aliyun_KMS"), "protection_level": cty.StringVal("SOFTWARE"),
		"instance": cty.NullVal(cty.String), "deletion_protection": cty.False, "enabled": cty.True, "tags": cty.MapValEmpty(cty.String), "state": cty.StringVal("Enabled"),
	}}
	b, err := draft.Draw(addr.Resource("key", "k"), plain, draft.Place{}, draft.Known{})
	if got, want := string(draft.Source([]draft.Block{b})), "key \"k\" {\n}\n"; err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

// A key from before today's rules is declared without what breaks them.
func TestWhatRulesRefuseIsLeftToAComment(t *testing.T) {
	old := liveKey("old", "x", livePolicy)
	old.Attrs["instance"] = cty.NullVal(cty.String)
	b, err := draft.Draw(addr.Resource("key", "k"), old, draft.Place{}, draft.Known{})
	if err != nil || len(b.Comments) == 0 {
		t.Fatalf("%v %v", b, err)
	}
	loads(t, b)
}

// An object whose name cannot be declared is none of a stack's.
func TestWhatCannotBeNamedIsNotDrawn(t *testing.T) {
	o := &plan.Object{Kind: plan.KindAlias, ID: "alias/acs/oss", Attrs: map[string]cty.Value{"name": cty.StringVal("alias/acs/oss"), "key": cty.StringVal("key-1")}}
	if _, err := draft.Draw(addr.Resource("alias", "a"), o, draft.Place{}, draft.Known{}); err == nil {
		t.Error("a reserved alias was drawn")
	}
}
