package kms_test

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/kms"
)

// Operations whose second call differs from the first, or does harm, are never
// repeated after a lost answer.
func TestWhatIsNotIdempotent(t *testing.T) {
	want := map[string]bool{}
	for _, name := range []string{"CreateKey", "CreateKeyVersion", "CreateAlias", "DeleteAlias", "CreateSecret", "DeleteSecret",
		"RestoreSecret", "UpdateSecretVersionStage", "ScheduleKeyDeletion", "CancelKeyDeletion", "OpenKmsService", "ConnectKmsInstance", "ReleaseKmsInstance",
		"CreateClientKey", "DeleteClientKey", "CreateApplicationAccessPoint", "DeleteApplicationAccessPoint", "CreateNetworkRule",
		"DeleteNetworkRule", "CreatePolicy", "DeletePolicy", "CreateCertificate", "DeleteCertificate"} {
		want[name] = true
	}
	for _, o := range kms.PublicOperations() {
		if o.Idempotent == want[o.Name] {
			t.Errorf("%s: idempotent %t", o.Name, o.Idempotent)
		}
	}
	for _, o := range kms.InstanceOperations() {
		if !o.Idempotent || o.Mutating {
			t.Errorf("%s changes nothing", o.Name)
		}
	}
}
