package tfstate

import (
	"encoding/json"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/plan"
)

// reading is how one type of Terraform's provider becomes an object. Its attributes are in reference terms of
// terraform-provider-alicloud 1.289.
type reading struct {
	kind   string
	object func(r Resource) (id string, attrs map[string]cty.Value)
}

var readings = map[string]reading{
	"alicloud_kms_key":                      {plan.KindKey, readKey},
	"alicloud_kms_alias":                    {plan.KindAlias, readAlias},
	"alicloud_kms_secret":                   {plan.KindSecret, readSecret},
	"alicloud_kms_network_rule":             {"network_rule", readNetworkRule},
	"alicloud_kms_policy":                   {"access_policy", readPolicy},
	"alicloud_kms_application_access_point": {"application_access_point", readAccessPoint},
}

func readKey(r Resource) (string, map[string]cty.Value) {
	enabled := switched(r.first("status", "key_state"))
	if on, ok := r.Attrs["is_enabled"].(bool); ok && enabled.IsNull() && r.first("status", "key_state") == "" {
		enabled = cty.BoolVal(on)
	}
	protected := switched(r.text("deletion_protection"))
	return r.text("id"), map[string]cty.Value{
		"description": cty.StringVal(r.text("description")), "spec": str(r.text("key_spec")), "usage": str(r.text("key_usage")),
		"origin": str(r.text("origin")), "protection_level": str(r.text("protection_level")), "instance": str(r.text("dkms_instance_id")),
		"deletion_protection": protected, "deletion_protection_description": cty.StringVal(r.text("deletion_protection_description")),
		"enabled": enabled, "policy": str(r.text("policy")), "tags": plan.MapOf(plan.UserTags(r.tags())),
		"automatic_rotation": str(r.text("automatic_rotation")), "rotation_interval": str(r.text("rotation_interval")), "arn": str(r.text("arn")),
	}
}

func readAlias(r Resource) (string, map[string]cty.Value) {
	name := r.first("alias_name", "id")
	return name, map[string]cty.Value{"name": str(name), "key": str(r.text("key_id"))}
}

// readSecret reads no value: a block without one does not manage it.
func readSecret(r Resource) (string, map[string]cty.Value) {
	name := r.first("secret_name", "id")
	attrs := map[string]cty.Value{
		"name": str(name), "type": str(r.text("secret_type")), "encryption_key": str(r.text("encryption_key_id")), "instance": str(r.text("dkms_instance_id")),
		"description": cty.StringVal(r.text("description")), "tags": plan.MapOf(plan.UserTags(r.tags())), "arn": str(r.text("arn")),
	}
	if r.text("dkms_instance_id") != "" {
		attrs["policy"] = str(r.text("policy"))
	}
	if days, ok := r.Attrs["recovery_window_in_days"].(float64); ok && days >= 7 && days != 30 {
		attrs["recovery_window_days"] = cty.NumberFloatVal(days)
	}
	return name, attrs
}

func readNetworkRule(r Resource) (string, map[string]cty.Value) {
	name := r.first("network_rule_name", "id")
	return name, map[string]cty.Value{"name": str(name), "source_private_ip": set(r.texts("source_private_ip")), "description": cty.StringVal(r.text("description"))}
}

func readPolicy(r Resource) (string, map[string]cty.Value) {
	name := r.first("policy_name", "id")
	var rules struct{ NetworkRules []string }
	if json.Unmarshal([]byte(r.text("access_control_rules")), &rules) != nil {
		rules.NetworkRules = nil
	}
	return name, map[string]cty.Value{
		"name": str(name), "instance": str(r.text("kms_instance_id")), "permissions": set(r.texts("permissions")), "resources": set(r.texts("resources")),
		"network_rules": set(rules.NetworkRules), "description": cty.StringVal(r.text("description")),
	}
}

func readAccessPoint(r Resource) (string, map[string]cty.Value) {
	name := r.first("application_access_point_name", "id")
	return name, map[string]cty.Value{"name": str(name), "policies": set(r.texts("policies")), "description": cty.StringVal(r.text("description"))}
}

// instead says what becomes of types that no block stands for.
var instead = map[string]string{
	"alicloud_kms_key_version":          "a version is no object: rotate with a rotation_policy block, or kmsplan kms CreateKeyVersion. Its removal from Terraform does nothing to the key",
	"alicloud_kms_ciphertext":           "declare the plaintext's file in a data \"encrypt\" block, and rotate what it is: Terraform's state holds it",
	"alicloud_kms_client_key":           "its private key and password cannot be read again: keep it in Terraform until a new one, made here or with kmsplan kms CreateClientKey, has taken its place",
	"alicloud_kms_instance":             "kmsplan uses instances and neither buys nor releases them: leave it in Terraform, and name it in gateway { instance { id = … } }",
	"alicloud_kms_value_added_service":  "kmsplan buys nothing: leave it in Terraform",
	"alicloud_ecs_disk_default_kms_key": "it is a setting of ECS: leave it in Terraform, with the key's id as a text",
}

// goes reports whether Terraform may forget a type although no block stands for it.
func goes(kind string) bool { return kind == "alicloud_kms_key_version" }
