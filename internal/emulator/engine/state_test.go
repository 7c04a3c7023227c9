package engine_test

import (
	"strings"
	"testing"
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

const policyText = `{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":["*"]},"Action":["kms:*"],"Resource":["*"]}]}`

func (f stateFixture) parameters(op string) fields {
	id := fields{"KeyId": f.id}
	with := func(more fields) fields {
		more["KeyId"] = f.id
		return more
	}
	switch op {
	case "Encrypt":
		return with(fields{"Plaintext": base64Of("text")})
	case "Decrypt":
		return fields{"CiphertextBlob": f.blob}
	case "UpdateRotationPolicy":
		return with(fields{"EnableAutomaticRotation": true, "RotationInterval": "365d"})
	case "UpdateKeyDescription":
		return with(fields{"Description": "new"})
	case "TagResource":
		return with(fields{"Tags": `[{"TagKey":"k","TagValue":"v"}]`})
	case "UntagResource":
		return with(fields{"TagKeys": `["k"]`})
	case "TagResources":
		return fields{"ResourceType": "key", "ResourceId": []string{f.id}, "Tag": []fields{{"Key": "k", "Value": "v"}}}
	case "UntagResources":
		return fields{"ResourceType": "key", "ResourceId": []string{f.id}, "TagKey": []string{"k"}}
	case "ListTagResources":
		return fields{"ResourceType": "key", "ResourceId": []string{f.id}}
	case "ScheduleKeyDeletion":
		return with(fields{"PendingWindowInDays": 30})
	case "CreateAlias":
		return with(fields{"AliasName": "alias/new"})
	case "UpdateAlias":
		return with(fields{"AliasName": "alias/elsewhere"})
	case "DeleteAlias":
		return fields{"AliasName": "alias/here"}
	case "ListAliases", "ListKeys":
		return fields{}
	case "DescribeKeyVersion":
		return with(fields{"KeyVersionId": f.version})
	case "GetParametersForImport":
		return with(fields{"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"})
	case "ImportKeyMaterial":
		return with(fields{"ImportToken": f.token, "EncryptedKeyMaterial": f.material})
	case "SetDeletionProtection":
		return with(fields{"EnableDeletionProtection": true})
	case "SetKeyPolicy":
		return with(fields{"Policy": policyText})
	default:
		return id
	}
}

// keyInState makes a key whose material is imported, or, where the operation is
// about the service's own material, one of the software instance.
func keyInState(w *world, op, state string) stateFixture {
	own := op == "UpdateRotationPolicy" || op == "CreateKeyVersion"
	var f stateFixture
	if own && state != "PendingImport" {
		f.id = w.instanceKey(nil)
	} else {
		f.id = "external"
		w.seed(`{"keys":[{"id":"external","instance":"` + hardware + `","origin":"EXTERNAL","versions":[{"material":"` + base64Of(goodMaterial) + `"}]}]}`)
		if op == "ImportKeyMaterial" {
			f.token, f.material = wrappedFor(w, f.id, goodMaterial)
		}
	}
	f.version = w.metadata(f.id)["PrimaryKeyVersion"].(string)
	f.blob = w.do("Encrypt", fields{"KeyId": f.id, "Plaintext": base64Of("text")})["CiphertextBlob"].(string)
	w.do("CreateAlias", fields{"AliasName": "alias/here", "KeyId": f.id})
	w.do("CreateAlias", fields{"AliasName": "alias/elsewhere", "KeyId": w.instanceKey(nil)})
	switch state {
	case "Disabled":
		w.do("DisableKey", fields{"KeyId": f.id})
	case "PendingDeletion":
		w.do("ScheduleKeyDeletion", fields{"KeyId": f.id, "PendingWindowInDays": 7})
	case "PendingImport":
		w.do("DeleteKeyMaterial", fields{"KeyId": f.id})
	}
	if got := w.metadata(f.id)["KeyState"]; got != state {
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
				w := newWorld(t).withHardware()
				f := keyInState(w, op, state)
				if want := columns[1+i]; want == "ok" {
					w.do(op, f.parameters(op))
				} else {
					w.refused("Rejected."+want, 409, op, f.parameters(op))
				}
			})
		}
	}
}
