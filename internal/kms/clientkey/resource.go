package clientkey

import (
	"strings"
)

// keyResource strips a key's or alias's ARN to the id or alias that the
// instance gateway takes: acs:kms:<region>:<uid>:key/<id>.
func keyResource(keyID string) string {
	if !strings.HasPrefix(keyID, "acs:kms:") {
		return keyID
	}
	resource := keyID[strings.LastIndexByte(keyID, ':')+1:]
	return strings.TrimPrefix(resource, "key/")
}
