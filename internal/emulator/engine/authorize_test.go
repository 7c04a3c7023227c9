package engine_test

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// In strict mode an access point reaches what one of its policies grants.
func TestStrictModeEnforcesAccessPoints(t *testing.T) {
	for _, tc := range []struct {
		name      string
		policy    fields // nil: the one that stands below, unchanged
		permitted bool
	}{
		{"granted", nil, true},
		{"by wildcard", fields{"Resources": `["key/key-*"]`}, true},
		{"everything", fields{"Resources": `["*"]`}, true},
		{"another key", fields{"Resources": `["key/other"]`}, false},
		{"secrets only", fields{"Permissions": `["RbacPermission/Template/CryptoServiceSecretUser"]`}, false},
		{"another instance", fields{"KmsInstance": hardware}, false},
	} {
		for _, strict := range []bool{true, false} {
			w := newWorld(t, func(o *engine.Options) { o.Strict = strict }).withHardware()
			id := w.instanceKey(nil)
			w.do("CreatePolicy", merge(fields{
				"Name": "p", "KmsInstance": w.e.Bootstrap().Instance, "Resources": `["key/` + id + `"]`,
				"Permissions": `["RbacPermission/Template/CryptoServiceKeyUser"]`,
			}, tc.policy))
			w.do("CreateApplicationAccessPoint", fields{"Name": "app", "Policies": `["p"]`})
			key := w.do("CreateClientKey", fields{"AapName": "app", "Password": "passw0rd"})["ClientKeyId"].(string)
			c := w.call
			c.Gateway, c.Instance, c.ClientKey = engine.Instance, w.e.Bootstrap().Instance, key
			encrypt := engine.InstanceOperations()["AdvanceEncrypt"]
			_, err := encrypt.Handle(w.e, &c, &dkms.AdvanceEncryptRequest{KeyId: id, Plaintext: []byte("text")})
			if permitted := err == nil; permitted != (tc.permitted || !strict) {
				t.Errorf("%s, strict %v: %v", tc.name, strict, err)
			}
		}
	}
}
