package access_test

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// In strict mode an access point reaches what one of its policies grants.
func TestStrictModeEnforcesAccessPoints(t *testing.T) {
	for _, tc := range []struct {
		name      string
		policy    enginetest.Fields // nil: the one that stands below, unchanged
		permitted bool
	}{
		{"granted", nil, true},
		{"by wildcard", enginetest.Fields{"Resources": `["key/key-*"]`}, true},
		{"everything", enginetest.Fields{"Resources": `["*"]`}, true},
		{"another key", enginetest.Fields{"Resources": `["key/other"]`}, false},
		{"secrets only", enginetest.Fields{"Permissions": `["RbacPermission/Template/CryptoServiceSecretUser"]`}, false},
		{"another instance", enginetest.Fields{"KmsInstance": enginetest.Hardware}, false},
	} {
		for _, strict := range []bool{true, false} {
			w := enginetest.NewWorld(t, func(o *core.Options) { o.Strict = strict }).WithHardware()
			id := w.InstanceKey(nil)
			w.Do("CreatePolicy", enginetest.Merge(enginetest.Fields{
				"Name": "p", "KmsInstance": w.E.Bootstrap().Instance, "Resources": `["key/` + id + `"]`,
				"Permissions": `["RbacPermission/Template/CryptoServiceKeyUser"]`,
			}, tc.policy))
			w.Do("CreateApplicationAccessPoint", enginetest.Fields{"Name": "app", "Policies": `["p"]`})
			key := w.Do("CreateClientKey", enginetest.Fields{"AapName": "app", "Password": "passw0rd"})["ClientKeyId"].(string)
			c := w.Call
			c.Gateway, c.Instance, c.ClientKey = core.Instance, w.E.Bootstrap().Instance, key
			encrypt := engine.InstanceOperations()["AdvanceEncrypt"]
			_, err := encrypt.Handle(w.E, &c, &dkms.AdvanceEncryptRequest{KeyId: id, Plaintext: []byte("text")})
			if permitted := err == nil; permitted != (tc.permitted || !strict) {
				t.Errorf("%s, strict %v: %v", tc.name, strict, err)
			}
		}
	}
}
