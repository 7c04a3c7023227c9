package stack_test

import "fmt"

const (
	aRule = "network_rule \"r\" {\n  name = \"r\"\n  source_private_ip = [\"10.0.0.0/8\"]\n}\n"
	aDoor = aRule + "access_policy \"d\" {\n  name = \"d\"\n  permissions = [\"RbacPermission/Template/CryptoServiceKeyUser\"]\n  resources = [\"key/*\"]\n" +
		"  network_rules = [network_rule.r.name]\n}\n"
	aPoint     = aDoor + "application_access_point \"a\" {\n  name = \"a\"\n  description = \"one\"\n  policies = [access_policy.d.name]\n}\n"
	aClientKey = aPoint + "client_key \"c\" {\n  access_point = application_access_point.a.name\n  file = \"client.json\"\n  password_file = \"client.password\"\n" +
		"  keep_previous = \"0s\"\n  generation = 1\n  lifecycle {\n    ignore_changes = [file]\n  }\n}\n"
)

// accessChanges are the calls on what opens an instance.
func accessChanges() []changing {
	ruleOnly, ruleAndPolicy, all, withKey := [3]int{0, 0, 1}, [3]int{0, 0, 2}, [3]int{0, 0, 3}, [3]int{0, 0, 4}
	accessIs := func(operation, name, field, want string) func(r *rig) string {
		return func(r *rig) string {
			if got := fmt.Sprint(r.call(operation, map[string]any{"Name": name})[field]); got != want {
				return fmt.Sprintf("its %s is %s, want %s", field, got, want)
			}
			return ""
		}
	}
	kept := with(aClientKey, "keep_previous = \"0s\"", "")
	return []changing{
		{"CreateNetworkRule", "a network rule", "", aRule, nil, ruleOnly, nil},
		{"UpdateNetworkRule", "its addresses", aRule, with(aRule, "10.0.0.0/8", "10.1.0.0/16"), nil, ruleOnly, accessIs("DescribeNetworkRule", "r", "SourcePrivateIp", `["10.1.0.0/16"]`)},
		{"DeleteNetworkRule", "a rule whose block is gone", aRule, aKey, nil, [3]int{1, 0, 1}, nil},
		{"CreatePolicy", "an access policy", aRule, aDoor, nil, ruleAndPolicy, nil},
		{"UpdatePolicy", "its resources", aDoor, with(aDoor, "key/*", "key/k"), nil, ruleAndPolicy, accessIs("DescribePolicy", "d", "Resources", "[key/k]")},
		{"DeletePolicy", "a policy whose block is gone", aDoor, aRule, nil, ruleOnly, nil},
		{"CreateApplicationAccessPoint", "an access point", aDoor, aPoint, nil, all, nil},
		{"UpdateApplicationAccessPoint", "its description", aPoint, with(aPoint, "one", "two"), nil, all, accessIs("DescribeApplicationAccessPoint", "a", "Description", "two")},
		{"DeleteApplicationAccessPoint", "an access point that is removed", aPoint, aDoor + "removed {\n  from   = application_access_point.a\n  action = \"delete\"\n}\n", nil, ruleAndPolicy, nil},
		{"CreateClientKey", "a client key", aPoint, aClientKey, nil, withKey, hasClientKeys(1)},
		{"CreateClientKey", "the next client key", kept, with(kept, "generation = 1", "generation = 2"), nil, withKey, hasClientKeys(2)},
		{"DeleteClientKey", "the one before", aClientKey, with(aClientKey, "generation = 1", "generation = 2"), func(r *rig) {
			r.write("main.kms.hcl", attached+bold+with(aClientKey, "generation = 1", "generation = 2"))
			r.apply()
		}, withKey, hasClientKeys(1)},
		{"DeleteClientKey", "a client key that is removed", aClientKey, aPoint + "removed {\n  from   = client_key.c\n  action = \"delete\"\n}\n", nil, all, hasClientKeys(0)},
	}
}

// hasClientKeys looks at how many client keys there are when all is done, beside the emulator's own.
func hasClientKeys(want int) func(r *rig) string {
	return func(r *rig) string {
		if keys, _ := r.call("ListClientKeys", nil)["ClientKeys"].([]any); len(keys) != want+1 {
			return fmt.Sprintf("there are %d client keys, want %d", len(keys)-1, want)
		}
		return ""
	}
}
