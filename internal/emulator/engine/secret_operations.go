package engine

// secretOperations lists secrets. Of these the dedicated gateway serves
// GetSecretValue only (KMS: Alibaba Cloud SDK, dedicated gateway).
func secretOperations() []Operation {
	return []Operation{
		op("CreateSecret", GroupSecretWrite, (*Engine).createSecret).mutating(),
		op("DescribeSecret", GroupSecretRead, (*Engine).describeSecret),
		op("ListSecrets", GroupSecretRead, (*Engine).listSecrets),
		op("UpdateSecret", GroupSecretWrite, (*Engine).updateSecret).mutating(),
		op("DeleteSecret", GroupSecretWrite, (*Engine).deleteSecret).mutating(),
		op("RestoreSecret", GroupSecretWrite, (*Engine).restoreSecret).mutating(),
		op("PutSecretValue", GroupSecretWrite, (*Engine).putSecretValue).mutating(),
		op("GetSecretValue", GroupSecretRead, (*Engine).getSecretValue).dedicated(),
		op("ListSecretVersionIds", GroupSecretRead, (*Engine).listSecretVersionIDs),
		op("UpdateSecretVersionStage", GroupSecretWrite, (*Engine).updateSecretVersionStage).mutating(),
		op("RotateSecret", GroupSecretWrite, (*Engine).rotateSecret).mutating(),
		op("UpdateSecretRotationPolicy", GroupSecretWrite, (*Engine).updateSecretRotationPolicy).mutating(),
		op("GetRandomPassword", GroupSecretRead, (*Engine).getRandomPassword),
	}
}
