package secrets

import (
	"encoding/json"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

// doubleUsers tells whether two accounts take turns in the secret's value
// (KMS: CreateSecret, SecretSubType DoubleUsers).
func doubleUsers(s *core.Secret) bool {
	var config struct{ SecretSubType string }
	return undocumented.DoubleUsersAlternate && json.Unmarshal([]byte(s.ExtendedConfig), &config) == nil && config.SecretSubType == "DoubleUsers"
}

// nextAccount brings the account whose turn it is to the front of the value and
// returns it: the last of several, or the only one under its other name. So the
// account that clients use now keeps its password for one more rotation. Nil
// means that the value lists no accounts.
func nextAccount(doc map[string]any) map[string]any {
	accounts, _ := doc["Accounts"].([]any)
	if len(accounts) == 0 {
		return nil
	}
	last, _ := accounts[len(accounts)-1].(map[string]any)
	if last == nil {
		return nil
	}
	if name, ok := last["AccountName"].(string); ok && len(accounts) == 1 {
		last["AccountName"] = otherName(name)
	}
	doc["Accounts"] = slices.Insert(slices.Clone(accounts[:len(accounts)-1]), 0, any(last))
	return last
}

func otherName(name string) string {
	if first, cloned := strings.CutSuffix(name, undocumented.CloneSuffix); cloned {
		return first
	}
	return name + undocumented.CloneSuffix
}
