package stack_test

import "fmt"

const (
	aRule = "network_rule \"r\" {\n  name = \"r\"\n  source_private_ip = [\"10.0.0.0/8\"]\n}\n"
	aDoor = aRule + "access_policy \"d\" {\n  name = \"d\"\n  permissions = [\"RbacPermission/Template/CryptoServiceKeyUser\"]\n  resources = [\"key/*\"]\n" +
		"  network_rules = [network_rule.r.name]\n}\n"
	aPoint = aDoor + "application_access_point \"a\" {\n  name = \"a\"\n  description = \"one\"\n  policies = [access_policy.d.name]\n}\n"
)

// accessChanges are the calls on what opens an instance.
func accessChanges() []changing {
	ruleOnly, ruleAndPolicy, all := [3]int{0, 0, 1}, [3]int{0, 0, 2}, [3]int{0, 0, 3}
	accessIs := func(operation, name, field, want string) func(r *rig) string {
		return func(r *rig) string {
			if got := fmt.Sprint(r.call(operation, map[string]any{"Name": name})[field]); got != want {
				return fmt.Sprintf("its %s is %s, want %s", field, got, want)
			}
			return ""
		}
	}
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
	}
}
