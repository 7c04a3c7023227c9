package secrets

import (
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/crypto"
)

// Operations lists secrets. Of these the dedicated gateway serves
// GetSecretValue only (KMS: Alibaba Cloud SDK, dedicated gateway).
func Operations() []core.Operation {
	return []core.Operation{
		core.Op("CreateSecret", core.GroupSecretWrite, createSecret).Mutating(),
		core.Op("DescribeSecret", core.GroupSecretRead, describeSecret),
		core.Op("ListSecrets", core.GroupSecretRead, listSecrets),
		core.Op("UpdateSecret", core.GroupSecretWrite, updateSecret).Mutating(),
		core.Op("DeleteSecret", core.GroupSecretWrite, deleteSecret).Mutating(),
		core.Op("RestoreSecret", core.GroupSecretWrite, restoreSecret).Mutating(),
		core.Op("PutSecretValue", core.GroupSecretWrite, putSecretValue).Mutating(),
		core.Op("GetSecretValue", core.GroupSecretRead, getSecretValue).OnDedicated(),
		core.Op("ListSecretVersionIds", core.GroupSecretRead, listSecretVersionIDs),
		core.Op("UpdateSecretVersionStage", core.GroupSecretWrite, updateSecretVersionStage).Mutating(),
		core.Op("RotateSecret", core.GroupSecretWrite, rotateSecret).Mutating(),
		core.Op("UpdateSecretRotationPolicy", core.GroupSecretWrite, updateSecretRotationPolicy).Mutating(),
		core.Op("GetRandomPassword", core.GroupSecretRead, getRandomPassword),
	}
}

// InstanceOperation is what the instance gateway serves of secrets.
func InstanceOperation() core.InstanceOperation {
	return crypto.InWordsOfTheInstance(core.Iop("GetSecretValue", instanceSecretValue))
}
