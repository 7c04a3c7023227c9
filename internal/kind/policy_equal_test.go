package kind

import (
	"fmt"
	"testing"

	"github.com/zclconf/go-cty/cty"
)

// What a service may give back in another order or form is the same policy; what means something else is not.
func TestPoliciesAreComparedByWhatTheyMean(t *testing.T) {
	const two = `{"Version":"1","Statement":[{"Sid":"a","Effect":"Allow","Action":["kms:Encrypt","kms:Decrypt"],"Principal":{"RAM":["r1","r2"]},"Resource":["*"]},{"Sid":"b","Effect":"Deny","Action":"kms:*","Principal":{"RAM":["r3"]},"Resource":["*"]}]}`
	for _, c := range []struct {
		name, a, b string
		equal      bool
	}{
		{"order of everything", two, `{"Statement":[{"Resource":["*"],"Sid":"b","Effect":"Deny","Action":["kms:*"],"Principal":{"RAM":"r3"}},{"Sid":"a","Effect":"Allow","Action":["kms:Decrypt","kms:Encrypt"],"Principal":{"RAM":["r2","r1"]},"Resource":"*"}],"Version":"1"}`, true},
		{"one statement, no list", `{"Statement":{"Effect":"Allow"}}`, `{"Statement":[{"Effect":"Allow"}]}`, true},
		{"a repetition", `{"Statement":[{"Action":["a","a"]}]}`, `{"Statement":[{"Action":"a"}]}`, true},
		{"order in conditions", `{"Statement":[{"Condition":{"StringEquals":{"k":["a","b"]}}}]}`, `{"Statement":[{"Condition":{"StringEquals":{"k":["b","a"]}}}]}`, true},
		{"another action", `{"Statement":[{"Action":["a","b"]}]}`, `{"Statement":[{"Action":["a","c"]}]}`, false},
		{"one action more", `{"Statement":[{"Action":["a"]}]}`, `{"Statement":[{"Action":["a","b"]}]}`, false},
		{"Action and NotAction", `{"Statement":[{"Action":["a"]}]}`, `{"Statement":[{"NotAction":["a"]}]}`, false},
		{"another principal type", `{"Statement":[{"Principal":{"RAM":["a"]}}]}`, `{"Statement":[{"Principal":{"Service":["a"]}}]}`, false},
		{"everyone and a list of everyone", `{"Statement":[{"Principal":"*"}]}`, `{"Statement":[{"Principal":{"RAM":["*"]}}]}`, false},
		{"moved between statements", `{"Statement":[{"Effect":"Allow","Action":"a"},{"Effect":"Deny","Action":"b"}]}`, `{"Statement":[{"Effect":"Allow","Action":"b"},{"Effect":"Deny","Action":"a"}]}`, false},
		{"another operator", `{"Statement":[{"Condition":{"StringEquals":{"k":"a"}}}]}`, `{"Statement":[{"Condition":{"StringLike":{"k":"a"}}}]}`, false},
		{"order where it is not known to mean nothing", `{"Statement":[{"Other":["a","b"]}]}`, `{"Statement":[{"Other":["b","a"]}]}`, false},
		{"a text and a number", `{"Statement":[{"Action":"1"}]}`, `{"Statement":[{"Action":1}]}`, false},
		{"null members", `{"Statement":null}`, `{"Statement":null}`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, p := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
				if got := equalPolicy(cty.StringVal(p[0]), cty.StringVal(p[1])); got != c.equal {
					t.Errorf("%s and %s: %v", p[0], p[1], got)
				}
			}
		})
	}
}

// Any two texts can be compared and shown, and equal policies have equal parts.
func FuzzPolicies(f *testing.F) {
	f.Add(`{"Statement":[{"Sid":"a","Action":["b","c"]},{"Sid":"a"},1,null]}`, `{"Statement":{"Principal":"*","Condition":[1]}}`)
	f.Add(`{"Statement":[[["a"]]]}`, `[]`)
	f.Fuzz(func(t *testing.T, a, b string) {
		equal := equalPolicy(cty.StringVal(a), cty.StringVal(b))
		was, is, ok := PolicyParts(a, b)
		if ok && equal != was.RawEquals(is) {
			t.Errorf("equal: %v\n%s", equal, fmt.Sprintf("%#v\n%#v", was, is))
		}
	})
}
