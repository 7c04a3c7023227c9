package kms

import (
	"context"
	"time"
)

// Manager is the management half of KMS, served by the public gateway only.
//
// Every method returns *Error on failure. A method that writes and fails with
// IsAmbiguous(err) may have been carried out; the caller finds out by reading.
// Calls are retried as policy.go says: reads and idempotent writes freely,
// other writes only after an answer that proves that nothing happened.
// List methods return all pages, without duplicates, in the service's order.
type Manager interface {
	KeyManager
	AliasManager
	RotationManager
	TagManager
	PolicyManager
	SecretManager
	ImportManager
	InstanceManager
	AccessManager
}

// KeyManager creates keys and changes their state.
type KeyManager interface {
	// CreateKey has no idempotency token: after an ambiguous error the caller
	// searches by tag before it tries again.
	CreateKey(ctx context.Context, in CreateKeyInput) (Key, error)
	// DescribeKey accepts a key id, an ARN or an alias.
	DescribeKey(ctx context.Context, keyID string) (Key, error)
	ListKeys(ctx context.Context, filter KeyFilter) ([]KeyRef, error)
	UpdateKeyDescription(ctx context.Context, keyID, description string) error
	EnableKey(ctx context.Context, keyID string) error
	DisableKey(ctx context.Context, keyID string) error
	// ScheduleKeyDeletion starts the window, 7–366 days.
	ScheduleKeyDeletion(ctx context.Context, keyID string, days int) error
	// CancelKeyDeletion brings the key back, always Enabled.
	CancelKeyDeletion(ctx context.Context, keyID string) error
	// SetDeletionProtection takes the key's ARN; description only counts when on.
	SetDeletionProtection(ctx context.Context, keyARN string, on bool, description *string) error
	// GetPublicKey of an asymmetric key version.
	GetPublicKey(ctx context.Context, keyID, versionID string) (PublicKey, error)
}

// AliasManager names keys. Names carry their alias/ prefix.
type AliasManager interface {
	CreateAlias(ctx context.Context, name, keyID string) error
	UpdateAlias(ctx context.Context, name, keyID string) error
	DeleteAlias(ctx context.Context, name string) error
	// ListAliases includes the service's own alias/acs/* names.
	ListAliases(ctx context.Context) ([]Alias, error)
	ListAliasesByKeyID(ctx context.Context, keyID string) ([]Alias, error)
}

// RotationManager rotates keys and reads their versions.
type RotationManager interface {
	UpdateRotationPolicy(ctx context.Context, in RotationPolicyInput) error
	// CreateKeyVersion rotates now. It has no idempotency token: after an
	// ambiguous error the caller compares ListKeyVersions.
	CreateKeyVersion(ctx context.Context, keyID string) (KeyVersion, error)
	ListKeyVersions(ctx context.Context, keyID string) ([]KeyVersion, error)
	DescribeKeyVersion(ctx context.Context, keyID, versionID string) (KeyVersion, error)
}

// TagManager tags keys and secrets. TagResources and UntagResources take any
// number of ids and tags and call in batches of 50 ids and 20 tags; a batch
// that fails stops the rest, and the error names it.
type TagManager interface {
	TagResources(ctx context.Context, kind ResourceKind, ids []string, tags map[string]string) error
	UntagResources(ctx context.Context, kind ResourceKind, ids, keys []string) error
	// ListTagResources returns tags by resource id; resources without tags are absent.
	ListTagResources(ctx context.Context, kind ResourceKind, query TagQuery) (map[string]map[string]string, error)
	// ListResourceTags of one key; its own quota group of 300 QPS.
	ListResourceTags(ctx context.Context, keyID string) (map[string]string, error)
}

// PolicyManager reads and sets resource policies, which only instance keys and
// secrets have. Get returns "" when none is set.
type PolicyManager interface {
	SetKeyPolicy(ctx context.Context, keyID, policy string) error
	GetKeyPolicy(ctx context.Context, keyID string) (string, error)
	SetSecretPolicy(ctx context.Context, name, policy string) error
	GetSecretPolicy(ctx context.Context, name string) (string, error)
}

// SecretManager manages secrets and their versions.
type SecretManager interface {
	CreateSecret(ctx context.Context, in CreateSecretInput) (SecretInfo, error)
	// DescribeSecret returns metadata with tags, never the value.
	DescribeSecret(ctx context.Context, name string) (SecretInfo, error)
	ListSecrets(ctx context.Context, fetchTags bool) ([]SecretRef, error)
	UpdateSecret(ctx context.Context, in UpdateSecretInput) error
	PutSecretValue(ctx context.Context, in PutSecretValueInput) error
	GetSecretValue(ctx context.Context, query SecretValueQuery) (SecretValue, error)
	ListSecretVersionIDs(ctx context.Context, name string, includeDeprecated bool) ([]SecretVersion, error)
	UpdateSecretVersionStage(ctx context.Context, in MoveStageInput) error
	// DeleteSecret returns the planned time of deletion, zero when forced.
	DeleteSecret(ctx context.Context, in DeleteSecretInput) (time.Time, error)
	RestoreSecret(ctx context.Context, name string) error
	// RotateSecret of a managed type; the version id is the idempotency token.
	RotateSecret(ctx context.Context, name, versionID string) error
	UpdateSecretRotationPolicy(ctx context.Context, name string, rotate bool, every *time.Duration) error
}

// ImportManager imports material into keys of origin EXTERNAL.
type ImportManager interface {
	GetParametersForImport(ctx context.Context, keyID, wrappingSpec, wrappingAlgorithm string) (ImportParameters, error)
	ImportKeyMaterial(ctx context.Context, in ImportMaterialInput) error
	DeleteKeyMaterial(ctx context.Context, keyID string) error
}

// InstanceManager reads KMS instances.
type InstanceManager interface {
	GetKmsInstance(ctx context.Context, instanceID string) (Instance, error)
	ListKmsInstances(ctx context.Context) ([]InstanceRef, error)
}
