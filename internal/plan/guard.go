package plan

import "kmsplan.dev/kmsplan/internal/addr"

// The guards, by the names that messages, JSON and pipelines see.
const (
	GuardKeyVanished         = "key-vanished"               // a key's block is gone and nothing says what to do with the key
	GuardSecretVanished      = "secret-vanished"            // likewise a secret
	GuardAliasVanished       = "alias-vanished"             // an alias with prevent_destroy
	GuardPolicyVanished      = "rotation-policy-vanished"   // a rotation policy with prevent_destroy
	GuardImmutable           = "immutable-attribute"        // an attribute changed that KMS cannot change
	GuardStillInUse          = "still-in-use"               // a key with users would be disabled or scheduled
	GuardTooMany             = "too-many-destructive"       // more than kmsplan { limits { … } } allows
	GuardUnseenSecretVersion = "unseen-secret-version"      // a value that someone else wrote would be overwritten
	GuardKeyLost             = "key-lost"                   // a key of this stack no longer exists
	GuardSecretLost          = "secret-lost"                // a generated secret no longer exists
	GuardDuplicateID         = "duplicate-id"               // two addresses claim one object
	GuardAliasTaken          = "alias-taken"                // the alias exists and points elsewhere
	GuardSecretTaken         = "secret-name-taken"          // the secret exists and is not ours
	GuardSecretInRecovery    = "secret-in-recovery"         // the name is taken by a deleted secret that is not ours
	GuardImportNotFound      = "import-not-found"           // an import block names nothing
	GuardAlreadyManaged      = "already-managed"            // an import block for an address that holds another object
	GuardKeyNotDeletable     = "key-not-deletable"          // removed { action = "delete" } on a key
	GuardRotationDisabled    = "rotation-needs-enabled-key" // a rotation change on a key that stays or becomes disabled
	GuardKeyUnusable         = "key-unusable"               // an alias, a secret or a policy needs a key that waits for deletion
)

// refuse records a guard that fired. Every refusal names at least two ways
// forward, most likely first.
func (p *planner) refuse(guard string, a addr.Address, reason string, ways ...string) {
	p.plan.Refusals = append(p.plan.Refusals, Refusal{Guard: guard, Addr: a, Reason: reason, WaysForward: ways})
}

func (p *planner) warn(a addr.Address, summary, detail string) {
	p.plan.Warnings = append(p.plan.Warnings, Warning{Addr: a, Summary: summary, Detail: detail})
}
