package keys_test

import (
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
)

// documentedStates is the service's table "Impact of CMK status on API
// operations": columns Enabled, Disabled, PendingDeletion, PendingImport; "ok"
// or the code without "Rejected.". Cryptographic operations below the first two
// rows follow Encrypt.
const documentedStates = `
Encrypt                          ok Disabled PendingDeletion PendingImport
Decrypt                          ok Disabled PendingDeletion PendingImport
GenerateDataKey                  ok Disabled PendingDeletion PendingImport
GenerateDataKeyWithoutPlaintext  ok Disabled PendingDeletion PendingImport
UpdateRotationPolicy             ok Disabled PendingDeletion PendingImport
CreateKeyVersion                 ok Disabled PendingDeletion PendingImport
UpdateKeyDescription             ok ok PendingDeletion ok
TagResource                      ok ok PendingDeletion ok
UntagResource                    ok ok PendingDeletion ok
TagResources                     ok ok PendingDeletion ok
UntagResources                   ok ok PendingDeletion ok
EnableKey                        ok ok StateModifiedFailed StateModifiedFailed
DisableKey                       ok ok StateModifiedFailed StateModifiedFailed
ScheduleKeyDeletion              ok ok StateModifiedFailed ok
CancelKeyDeletion                StateModifiedFailed StateModifiedFailed ok StateModifiedFailed
CreateAlias                      ok ok StateModifiedFailed ok
UpdateAlias                      ok ok PendingDeletion ok
DeleteAlias                      ok ok ok ok
ListAliases                      ok ok ok ok
ListAliasesByKeyId               ok ok ok ok
DescribeKey                      ok ok ok ok
ListKeys                         ok ok ok ok
ListResourceTags                 ok ok ok ok
ListTagResources                 ok ok ok ok
DescribeKeyVersion               ok ok ok ok
ListKeyVersions                  ok ok ok ok
GetParametersForImport           ok ok ok ok
DeleteKeyMaterial                ok ok ok ok
ImportKeyMaterial                ok ok StateModifiedFailed ok
SetDeletionProtection            ok ok PendingDeletion ok
GetKeyPolicy                     ok ok ok ok
SetKeyPolicy                     ok ok ok ok
`

// stateFixture is a key in a state, with what calls need to know about it.
type stateFixture struct {
	id, version, blob string
	token, material   string
}

func (f stateFixture) parameters(op string) enginetest.Fields {
	id := enginetest.Fields{"KeyId": f.id}
	with := func(more enginetest.Fields) enginetest.Fields {
		more["KeyId"] = f.id
		return more
	}
	switch op {
	case "Encrypt":
		return with(enginetest.Fields{"Plaintext": enginetest.Base64Of("text")})
	case "Decrypt":
		return enginetest.Fields{"CiphertextBlob": f.blob}
	case "UpdateRotationPolicy":
		return with(enginetest.Fields{"EnableAutomaticRotation": true, "RotationInterval": "365d"})
	case "UpdateKeyDescription":
		return with(enginetest.Fields{"Description": "new"})
	case "TagResource":
		return with(enginetest.Fields{"Tags": `[{"TagKey":"k","TagValue":"v"}]`})
	case "UntagResource":
		return with(enginetest.Fields{"TagKeys": `["k"]`})
	case "TagResources":
		return enginetest.Fields{"RegionId": "cn-hangzhou", "ResourceType": "key", "ResourceId": []string{f.id}, "Tag": []enginetest.Fields{{"Key": "k", "Value": "v"}}}
	case "UntagResources":
		return enginetest.Fields{"RegionId": "cn-hangzhou", "ResourceType": "key", "ResourceId": []string{f.id}, "TagKey": []string{"k"}}
	case "ListTagResources":
		return enginetest.Fields{"RegionId": "cn-hangzhou", "ResourceType": "key", "ResourceId": []string{f.id}}
	case "ScheduleKeyDeletion":
		return with(enginetest.Fields{"PendingWindowInDays": 30})
	case "CreateAlias":
		return with(enginetest.Fields{"AliasName": "alias/new"})
	case "UpdateAlias":
		return with(enginetest.Fields{"AliasName": "alias/elsewhere"})
	case "DeleteAlias":
		return enginetest.Fields{"AliasName": "alias/here"}
	case "ListAliases", "ListKeys":
		return enginetest.Fields{}
	case "DescribeKeyVersion":
		return with(enginetest.Fields{"KeyVersionId": f.version})
	case "GetParametersForImport":
		return with(enginetest.Fields{"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"})
	case "ImportKeyMaterial":
		return with(enginetest.Fields{"ImportToken": f.token, "EncryptedKeyMaterial": f.material})
	case "SetDeletionProtection":
		return with(enginetest.Fields{"EnableDeletionProtection": true})
	case "SetKeyPolicy":
		return with(enginetest.Fields{"Policy": enginetest.PolicyText})
	default:
		return id
	}
}

// keyInState makes a key whose material is imported, or, where the operation is
// about the service's own material, one of the software instance.
func keyInState(w *enginetest.World, op, state string) stateFixture {
	own := op == "UpdateRotationPolicy" || op == "CreateKeyVersion"
	var f stateFixture
	if own && state != "PendingImport" {
		f.id = w.InstanceKey(nil)
	} else {
		f.id = "external"
		w.Seed(`{"keys":[{"id":"external","instance":"` + enginetest.Hardware + `","origin":"EXTERNAL","versions":[{"material":"` + enginetest.Base64Of(goodMaterial) + `"}]}]}`)
		if op == "ImportKeyMaterial" {
			f.token, f.material = wrappedFor(w, f.id, goodMaterial)
		}
	}
	f.version = w.Metadata(f.id)["PrimaryKeyVersion"].(string)
	f.blob = w.Do("Encrypt", enginetest.Fields{"KeyId": f.id, "Plaintext": enginetest.Base64Of("text")})["CiphertextBlob"].(string)
	w.Do("CreateAlias", enginetest.Fields{"AliasName": "alias/here", "KeyId": f.id})
	w.Do("CreateAlias", enginetest.Fields{"AliasName": "alias/elsewhere", "KeyId": w.InstanceKey(nil)})
	switch state {
	case "Disabled":
		w.Do("DisableKey", enginetest.Fields{"KeyId": f.id})
	case "PendingDeletion":
		w.Do("ScheduleKeyDeletion", enginetest.Fields{"KeyId": f.id, "PendingWindowInDays": 7})
	case "PendingImport":
		w.Do("DeleteKeyMaterial", enginetest.Fields{"KeyId": f.id})
	}
	if got := w.Metadata(f.id)["KeyState"]; got != state {
		w.Fatalf("the key is %v, want %s", got, state)
	}
	return f
}

func TestEveryStateRefusesWhatTheServiceRefuses(t *testing.T) {
	states := []string{"Enabled", "Disabled", "PendingDeletion", "PendingImport"}
	for line := range strings.Lines(strings.TrimSpace(documentedStates)) {
		columns := strings.Fields(line)
		op := columns[0]
		for i, state := range states {
			t.Run(op+"/"+state, func(t *testing.T) {
				w := enginetest.NewWorld(t).WithHardware()
				f := keyInState(w, op, state)
				if want := columns[1+i]; want == "ok" {
					w.Do(op, f.parameters(op))
				} else {
					w.Refused("Rejected."+want, 409, op, f.parameters(op))
				}
			})
		}
	}
}
