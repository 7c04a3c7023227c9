package secrets

import (
	"encoding/json"
	"slices"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
)

// The lists in the values of managed secrets, and what stands in them beside the
// credentials.
const (
	listAccounts   = "Accounts"   // Rds
	listAccessKeys = "AccessKeys" // RAMCredentials
	fieldName      = "AccountName"
	fieldUser      = "UserName"
	fieldGenerated = "GenerateTimestamp"
)

// holdsCredential tells whether a value is what the type's page asks for (KMS:
// CreateSecret): accounts of Rds, AccessKeys of RAMCredentials, a user with a
// password or a pair of SSH keys of ECS, a JSON object with any credential of the others.
func holdsCredential(kind, value string) bool {
	var doc map[string]any
	if json.Unmarshal([]byte(value), &doc) != nil {
		return false
	}
	switch kind {
	case SecretRds:
		return holdsEach(doc[listAccounts], fieldName, fieldAccountPassword)
	case SecretRAM:
		return holdsEach(doc[listAccessKeys], fieldAccessKeyID, fieldAccessKeySecret)
	case SecretECS:
		return holdsAll(doc, fieldUser, fieldPassword) || holdsAll(doc, fieldUser, fieldPublicKey, fieldPrivateKey)
	}
	found := false
	_ = EachObject(doc, func(object map[string]any) error {
		for _, name := range []string{fieldAccountPassword, fieldPassword, fieldPrivateKey, fieldAccessKeySecret} {
			found = found || holdsAll(object, name)
		}
		return nil
	})
	return found
}

func holdsAll(object map[string]any, names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { _, has := object[name].(string); return !has })
}

// holdsEach is holdsAll for every object of a list that has some.
func holdsEach(list any, names ...string) bool {
	items, _ := list.([]any)
	return len(items) > 0 && !slices.ContainsFunc(items, func(item any) bool {
		object, _ := item.(map[string]any)
		return !holdsAll(object, names...)
	})
}

// shownValue is a version's value as GetSecretValue shows it: of Rds and
// RAMCredentials the one account or AccessKey that is to be used, out of its list
// (KMS: GetSecretValue).
func shownValue(s *core.Secret, v *core.SecretVersion) string {
	list := map[string]string{SecretRds: listAccounts, SecretRAM: listAccessKeys}[s.Type]
	var doc map[string]any
	if list == "" || json.Unmarshal(v.Data, &doc) != nil {
		return string(v.Data)
	}
	items, _ := doc[list].([]any)
	if len(items) == 0 {
		return string(v.Data)
	}
	shown, ok := items[0].(map[string]any)
	if !ok {
		return string(v.Data)
	}
	if s.Type == SecretRAM {
		shown[fieldGenerated] = core.Timestamp(v.Created)
	}
	text, _ := json.Marshal(shown) // it came out of JSON
	return string(text)
}
