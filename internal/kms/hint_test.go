package kms_test

import (
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/kms"
)

// TestTheInstancesOwnRefusalsSayWhatToDo goes through the common error codes of the instance gateway, with the words that it has for them.
func TestTheInstancesOwnRefusalsSayWhatToDo(t *testing.T) {
	for _, tt := range []struct{ code, message, want string }{
		{"InvalidApiName", `The ApiName "Encrypt2" is invalid.`, "does not know this operation"},
		{"InvalidApiVersion", `The ApiVersion "x" is invalid.`, "upgrade it"},
		{"InvalidParam", "The Param Date is invalid.", "clock"},
		{"InvalidParam", "The Param x-kms-signaturemethod is invalid.", "proxy"},
		{"InvalidParam", "The Param Authorization is invalid.", "proxy"},
		{"InvalidParam", "The Param Content-SHA256 is invalid.", "proxy"},
		{"MissingParameter", "Parameter x-kms-acccesskeyid does not exist in http header or body.", "proxy"},
		{"RequestTimeTooSkewed", "Request time exceeds server time more than 15 minutes.", "clock"},
		{"InvalidContentType", `Content-Type "text/html" is unsupported.`, "proxy"},
		{"SignatureNotMatch", "Signature is not matched.", "download the ClientKey again"},
		{"Unauthorized", `The AccessKey ID "KAAP.x" does not exist in our records.`, "does not know this ClientKey"},
		{"UnsupportedOperation", "Rejected.UnsupportedOperation", "does not offer this"},
		{"Forbidden.NoPermission", "This operation is forbidden by permission system.", "RAM"},
		{"Forbidden.KeyNotFound", "The specified key does not exist in the key store.", "key id"},
		{"Rejected.PendingDeletion", "", "Bring the key back"},
		{"Rejected.Disabled", "", "Enable the key"},
		{"Rejected.PendingImport", "", "Import key material"},
		{"Rejected.Throttling", "QPS Limit Exceeded", "quota"},
		{"ServiceUnavailableTemporary", "", "run again"},
		{"InvalidParam", "The Param KeyId is invalid.", ""},
	} {
		e := &kms.Error{Operation: "Encrypt", Gateway: kms.GatewayInstance, Code: tt.code, Message: tt.message, Status: 400}
		if got := e.Hint(); !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%s %q: %q, want %q", tt.code, tt.message, got, tt.want)
		}
	}
}
