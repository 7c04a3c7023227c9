package tfstate_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"kmsplan.dev/kmsplan/internal/draft"
	"kmsplan.dev/kmsplan/internal/draft/tfstate"
	"kmsplan.dev/kmsplan/internal/hcl"
)

const canary = "canary-3e90"

const state = `{"version":4,"resources":[
 {"module":"module.a[\"x.y\"].module.b[0]","mode":"managed","type":"alicloud_kms_key","name":"k","instances":[
  {"index_key":"a","attributes":{"id":"key-1","arn":"acs:kms:cn-beijing:1:key/key-1","status":"Enabled","key_spec":"Aliyun_AES_256"}},
  {"index_key":"b","attributes":{"id":"key-2","status":"PendingDeletion"}}]},
 {"mode":"managed","type":"alicloud_kms_secret","name":"s","instances":[{"attributes":{"id":"s","secret_name":"s","secret_data":"` + canary + `","description":"d"}}]},
 {"mode":"managed","type":"alicloud_kms_network_rule","name":"n","instances":[{"attributes":{"id":"n","network_rule_name":"n","source_private_ip":["10.0.0.0/8"]}}]}]}`

func anywhere(string) draft.Place { return draft.Place{} }

func source(taken tfstate.Taken) []byte {
	return bytes.Join([][]byte{draft.Source(taken.Blocks), draft.Source(taken.Imports), tfstate.RemovedSource(taken.Removed)}, nil)
}

func TestAStateIsTaken(t *testing.T) {
	resources, err := tfstate.Read([]byte(state))
	if err != nil {
		t.Fatal(err)
	}
	var regions []string
	taken := tfstate.Take(resources, func(region string) draft.Place {
		regions = append(regions, region)
		return draft.Place{}
	})
	text := string(source(taken))
	for _, want := range []string{`key "a_x_y_b_0_k_a"`, `secret "s"`, `# Terraform: module.a["x.y"].module.b[0].alicloud_kms_key.k["a"]`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if strings.Contains(text, canary) {
		t.Error("a secret's value was copied")
	}
	if !slices.Contains(regions, "cn-beijing") {
		t.Errorf("regions: %v", regions)
	}
	// A removed block is about all instances: one that is left keeps the whole resource in Terraform.
	if slices.ContainsFunc(taken.Removed, func(a string) bool { return strings.Contains(a, "alicloud_kms_key") }) {
		t.Errorf("Terraform would forget an instance that nobody took over: %v", taken.Removed)
	}
	if len(taken.Exposed) != 1 || taken.Exposed[0].Address != "alicloud_kms_secret.s" || taken.Exposed[0].Attribute != "secret_data" {
		t.Errorf("exposed: %v", taken.Exposed)
	}
}

func TestUsesOfTerraformsConfiguration(t *testing.T) {
	module := fstest.MapFS{
		"a.tf":      {Data: []byte("resource \"alicloud_kms_key\" \"k\" {\n}\noutput \"o\" {\n  value = [alicloud_kms_key.k.id]\n}\n")},
		"broken.tf": {Data: []byte("resource {{{")},
	}
	uses, err := tfstate.Uses(module, []string{"alicloud_kms_key.k"})
	if err != nil || len(uses) != 2 || !uses[0].Declares || uses[1].Line != 4 {
		t.Errorf("%v %v", uses, err)
	}
}

// Whatever a state holds, what is written is canonical configuration without the secrets of it.
func FuzzStates(f *testing.F) {
	f.Add([]byte(state))
	f.Add([]byte(`{"format_version":"1.0","values":{"root_module":{"child_modules":[{"address":"module.\"","resources":[{"mode":"managed","type":"alicloud_kms_alias","name":"\n","index":"${","values":{"alias_name":"alias/x","key_id":"${"}}]}]}}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		resources, err := tfstate.Read(doc)
		if err != nil {
			return
		}
		taken := tfstate.Take(resources, anywhere)
		text := source(taken)
		if _, diags := hcl.Format(text, "x.kms.hcl"); diags.HasErrors() {
			t.Errorf("%s\n%v", text, diags)
		}
		if bytes.Contains(text, []byte(canary)) && !bytes.Contains(bytes.ReplaceAll(doc, []byte(`"secret_data":"`+canary), nil), []byte(canary)) {
			t.Errorf("a secret was copied:\n%s", text)
		}
	})
}
