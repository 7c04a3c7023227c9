package plan

import "strings"

// ByHand is the command that makes one call of KMS on an object's own gateway, for a message: kmsplan kms OPERATION
// with arguments, in backticks.
func ByHand(gateway, operation string, args ...string) string {
	words := []string{"kmsplan kms", operation}
	if gateway != "" {
		words = append(words, "-gateway", gateway)
	}
	return "`" + strings.Join(append(words, args...), " ") + "`"
}

// allVersions is the command that lists a secret's versions, those without a stage too.
func allVersions(n *node) string {
	return ByHand(n.gateway, "ListSecretVersionIds", "-secret-name", n.object.ID, "-include-deprecated", "true")
}
