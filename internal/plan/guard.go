package plan

import (
	"slices"

	"kmsplan.dev/kmsplan/internal/addr"
)

// The guards, by the names that messages, JSON and pipelines see.
const (
	GuardKeyVanished         = "key-vanished"               // a key's block is gone and nothing says what to do with the key
	GuardSecretVanished      = "secret-vanished"            // likewise a secret
	GuardAliasVanished       = "alias-vanished"             // an alias with prevent_destroy
	GuardPolicyVanished      = "rotation-policy-vanished"   // a rotation policy with prevent_destroy
	GuardAccessVanished      = "access-vanished"            // an access point's block is gone, or a rule or policy with prevent_destroy
	GuardNameTaken           = "name-taken"                 // a network rule, an access policy or an access point of that name exists and is not ours
	GuardOtherGateway        = "other-gateway"              // state holds the object in another account or region than its block names
	GuardOwnedElsewhere      = "owned-elsewhere"            // the object carries another stack's ownership tag
	GuardImmutable           = "immutable-attribute"        // an attribute changed that KMS cannot change
	GuardPredecessors        = "predecessors-left"          // a key would go while keys that it succeeded are in state
	GuardStillInUse          = "still-in-use"               // a key with users would be disabled or scheduled
	GuardBatchUnfinished     = "batch-unfinished"           // what an unfinished batch is about would be moved or forgotten
	GuardUsedSince           = "used-since-disabled"        // a key would be scheduled that somebody asked for after it was disabled
	GuardSealsState          = "seals-the-state"            // a key that seals this stack's own state would be taken out of use
	GuardFrozen              = "frozen"                     // kmsplan { freeze { … } } lasts
	GuardNotRead             = "not-read"                   // something would be taken away that -refresh left unread
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
	GuardOtherMaterial       = "other-material"             // other material than the key was made with
	GuardRotationDisabled    = "rotation-needs-enabled-key" // a rotation change on a key that stays or becomes disabled
	GuardImpossible          = "not-possible"               // what was asked of one object, or is declared of its versions, that or KMS cannot do
	GuardKeyUnusable         = "key-unusable"               // an alias, a secret or a policy needs a key that waits for deletion or does not exist
	GuardSecretUnusable      = "secret-unusable"            // a rotation policy needs a secret that waits for deletion, does not exist or is a generic one
)

// guard looks at the plan once everything is decided, and refuses.
type guard struct {
	name  string
	check func(*planner)
}

// guards are walked in this order. An object is refused by the first of them that finds something; those
// about the whole plan come last, and see what is left.
var guards = []guard{
	{GuardAlreadyManaged, each((*planner).checkImport)},
	{GuardOtherGateway, (*planner).checkGateways},
	{GuardKeyVanished, verdict(GuardKeyVanished)},
	{GuardSecretVanished, verdict(GuardSecretVanished)},
	{GuardAliasVanished, verdict(GuardAliasVanished)},
	{GuardPolicyVanished, verdict(GuardPolicyVanished)},
	{GuardAccessVanished, verdict(GuardAccessVanished)},
	{GuardKeyNotDeletable, verdict(GuardKeyNotDeletable)},
	{GuardKeyLost, verdict(GuardKeyLost)},
	{GuardSecretLost, verdict(GuardSecretLost)},
	{GuardImportNotFound, verdict(GuardImportNotFound)},
	{GuardAliasTaken, func(p *planner) { verdict(GuardAliasTaken)(p); each((*planner).checkAlias)(p) }},
	{GuardNameTaken, verdict(GuardNameTaken)},
	{GuardSecretTaken, verdict(GuardSecretTaken)},
	{GuardSecretInRecovery, verdict(GuardSecretInRecovery)},
	{GuardDuplicateID, (*planner).checkDuplicates},
	{GuardOwnedElsewhere, each((*planner).checkOwner)},
	{GuardImmutable, each((*planner).checkImmutable)},
	{GuardUnseenSecretVersion, each((*planner).checkVersion)},
	{GuardOtherMaterial, each((*planner).checkMaterial)},
	{GuardRotationDisabled, each((*planner).checkRotation)},
	{GuardKeyUnusable, (*planner).checkTargets},
	{GuardSecretUnusable, each((*planner).checkRotatedSecrets)},
	{GuardPredecessors, each((*planner).checkPredecessors)},
	{GuardSealsState, (*planner).checkSeals},
	{GuardBatchUnfinished, (*planner).checkBatches},
	{GuardStillInUse, func(p *planner) { p.checkUses(); p.checkAccess() }},
	{GuardUsedSince, (*planner).checkUsed},
	{GuardNotRead, (*planner).checkReading},
	{GuardTooMany, (*planner).checkLimits},
	{GuardFrozen, (*planner).checkFreezes},
}

// each makes a guard of a check of one object.
func each(check func(*planner, *node)) func(*planner) {
	return func(p *planner) {
		for _, n := range p.order {
			if !n.refused {
				check(p, n)
			}
		}
	}
}

// verdict makes a guard of one that the truth table raises.
func verdict(name string) func(*planner) {
	return each(func(p *planner, n *node) {
		switch {
		case n.verdict.Guard != name:
		case n.block == nil:
			p.refuseRemoval(n, name)
		default:
			p.refuseDeclared(n, name)
		}
	})
}

// guard walks the guards.
func (p *planner) guard() {
	for _, g := range guards {
		if !slices.Contains(p.in.without, g.name) {
			g.check(p)
		}
	}
}

// refuse records a guard that fired. Every refusal names at least two ways
// forward, most likely first.
func (p *planner) refuse(guard string, a addr.Address, reason string, ways ...string) {
	p.plan.Refusals = append(p.plan.Refusals, Refusal{Guard: guard, Addr: a, Reason: reason, WaysForward: ways})
}

// refuseObject refuses what would be done with one object.
func (p *planner) refuseObject(n *node, guard, reason string, ways ...string) {
	n.refused = true
	p.refuse(guard, n.addr, reason, ways...)
}

// hold takes everything back that was decided about an object.
func (n *node) hold() {
	n.change.Action, n.change.Calls, n.change.PreImage, n.change.TakenFrom = NoOp, nil, nil, ""
}

// holdBack is hold, but out of its deletion window the object comes all the same.
func (n *node) holdBack() {
	if n.change.Action == Rescue {
		n.change = n.change.OnlyRescue()
		return
	}
	n.hold()
}

func (p *planner) warn(a addr.Address, summary, detail string) {
	p.plan.Warnings = append(p.plan.Warnings, Warning{Addr: a, Summary: summary, Detail: detail})
}

// stands warns of something that is not as it is declared, and that apply leaves as it is.
func (p *planner) stands(a addr.Address, summary, detail string) {
	p.plan.Warnings = append(p.plan.Warnings, Warning{Addr: a, Summary: summary, Detail: detail, Stands: true})
}
