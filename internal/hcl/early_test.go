package hcl

import (
	"strings"
	"testing"

	hclv2 "github.com/hashicorp/hcl/v2"
)

// Case T13: an argument that takes an id takes no ARN and no name.
func TestReferencesToAnotherKindOfValueAreRefused(t *testing.T) {
	const alias, policy, secret, data = "alias \"x\" {\n name = \"alias/x\"\n key = VALUE\n}", "rotation_policy \"x\" {\n interval = \"365d\"\n keys = VALUE\n}",
		"secret \"x\" {\n name = \"x\"\n encryption_key = VALUE\n}", "data \"encrypt\" \"x\" {\n source = \"a\"\n output = \"b\"\n key = VALUE\n}"
	for _, c := range []struct {
		block, value string
		want         int
	}{
		{alias, `key.a.arn`, 1}, {alias, `(key.a.arn)`, 1}, {alias, `"${key.a.arn}"`, 1}, {alias, `local.arn`, 1},
		{alias, `true ? key.a.arn : key.a.id`, 1}, {alias, `alias.b.name`, 1}, {alias, `key.each["k"].arn`, 1},
		{policy, `[key.a.arn]`, 1}, {policy, `[key.a.id, key.a.arn]`, 1}, {secret, `key.a.arn`, 1}, {secret, `alias.b.name`, 1},
		{data, `key.a.state`, 1}, {data, `alias.b.arn`, 1}, {"key \"x\" {\n instance = VALUE\n}", `key.a.id`, 1},
		{alias, `key.a.id`, 0}, {alias, `key.each["k"].id`, 0}, {data, `key.a.arn`, 0}, {data, `alias.b.name`, 0},
		{alias, `replace(key.a.arn, "/.*\\//", "")`, 0}, {policy, `[for k in key.each : k.id]`, 0},
	} {
		src := dev + strings.ReplaceAll(c.block, "VALUE", c.value) + `
locals { arn = key.a.arn }
key "a" {}
key "each" { for_each = toset(["k"]) }
alias "b" {
  name = "alias/b"
  key  = key.a.id
}
`
		_, diags := inModule(t, map[string]string{"main.kms.hcl": src}, Inputs{})
		if got := strings.Count(shown(diags), "Reference to another kind"); got != c.want || len(diags) != c.want {
			t.Errorf("%s in %s: %s", c.value, c.block, shown(diags))
		}
	}
}

// Case W12.
func TestRegionsAndEndpointsAreRefusedEarly(t *testing.T) {
	for gateway, want := range map[string]string{
		"region = \"cn-hangzou\"\n public {}":                                            `Did you mean "cn-hangzhou"?`,
		"region = \"mars\"\n public {}":                                                  "no region id",
		"region = \"cn-hangzhou\"\n public { endpoint = \"http://example.com\" }":        "not encrypted",
		"region = \"cn-hangzhou\"\n public { endpoint = \"ftp://example.com\" }":         "scheme",
		"region = \"cn-hangzhou\"\n public { endpoint = \"https://u:p@example.com\" }":   "no endpoint",
		"region = \"cn-hangzhou\"\n public { endpoint = \"https://example.com/path\" }":  "no endpoint",
		"region = \"ap-southeast-9\"\n public {}":                                        "",
		"region = \"cn-hangzhou\"\n public { endpoint = \"http://127.0.0.1:8080\" }":     "",
		"region = \"cn-hangzhou\"\n public { endpoint = \"kms.example.com\" }":           "",
		"region = \"cn-hangzhou\"\n public { endpoint = \"https://kms.example.com:1\" }": "",
	} {
		_, diags := inModule(t, map[string]string{"main.kms.hcl": "gateway \"g\" {\n" + gateway + "\n}\n"}, Inputs{})
		if got := shown(diags); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %s", gateway, got)
		}
	}
}

// Case W7.
func TestDataBlocksMove(t *testing.T) {
	c := mustLoad(t, dev+"key \"k\" {}\ndata \"encrypt\" \"new\" {\n key = key.k.id\n source = \"a\"\n output = \"b\"\n}\nmoved {\n from = data.encrypt.old\n to = data.encrypt.new\n}\n", Inputs{})
	if len(c.Moved) != 1 || c.Moved[0].From != parseAddr(t, "data.encrypt.old") {
		t.Error(c.Moved)
	}
}

func TestAnUnknownBlockIsToldByItsAddress(t *testing.T) {
	_, diags := inModule(t, map[string]string{"main.kms.hcl": dev + "output \"x\" { value = key.gone.id }\n"}, Inputs{})
	if u, ok := hclv2.DiagnosticExtra[UnknownBlock](diags[0]); !ok || u.Addr != parseAddr(t, "key.gone") {
		t.Errorf("%#v", diags[0].Extra)
	}
}
