package safety

// Of the planner and of saved plans.
const (
	PlanVanished       Switch = "plan-vanished"
	PlanGateway        Switch = "plan-gateway"
	PlanOwner          Switch = "plan-owner"
	PlanSameMaterial   Switch = "plan-same-material"
	PlanImmutable      Switch = "plan-immutable"
	PlanKeyLost        Switch = "plan-key-lost"
	PlanForeignVersion Switch = "plan-foreign-version"
	ConditionHolds     Switch = "condition-holds"
	PlanSealsState     Switch = "plan-seals-state"
	PlanInUse          Switch = "plan-in-use"
	MissingCounts      Switch = "census-missing-counts"
	BlocksKeepTheirs   Switch = "census-blocks-keep-theirs"
	UsedSinceDisabled  Switch = "plan-used-since-disabled"
	PlanAccessInUse    Switch = "plan-access-in-use"
	PlanLimits         Switch = "plan-limits"
	PlanFreeze         Switch = "plan-freeze"
	PlanDestroyKeeps   Switch = "plan-destroy-keeps"
	PlanDyingTarget    Switch = "plan-dying-target"
	PlanDuplicates     Switch = "plan-duplicates"
	PlanUnread         Switch = "plan-unread"
	PlanSoak           Switch = "plan-soak"
	PlanOnlyRescue     Switch = "plan-only-rescue"
	PlanReading        Switch = "plan-reading"
	SavedReadsAgain    Switch = "saved-reads-again"
	PredecessorKept    Switch = "predecessor-kept"
	PredecessorRescued Switch = "predecessor-rescued"
	PredecessorsFirst  Switch = "predecessors-first"
	SavedSeal          Switch = "saved-seal"
	SavedLineage       Switch = "saved-lineage"
	SavedSerial        Switch = "saved-serial"
	SavedVariables     Switch = "saved-variables"
	SavedGateways      Switch = "saved-gateways"
	SavedSources       Switch = "saved-sources"
	SavedID            Switch = "saved-id"
	SavedCalls         Switch = "saved-calls"
	SavedPreImage      Switch = "saved-pre-image"
	SavedNothingMore   Switch = "saved-nothing-more"
	SavedTime          Switch = "saved-time"
	SavedNoSecret      Switch = "saved-no-secret"
	SavedLookups       Switch = "saved-lookups"
	DescribedNoSecret  Switch = "described-no-secret"
	SamePlace          Switch = "same-place"
)

func planning() []Safety {
	return []Safety{
		{PlanVanished, "A protected object whose block is gone is not forgotten.", "internal/plan", "TestGuards/key-vanished"},
		{PlanGateway, "An object is not looked for, and not called lost, in another account, region or instance than it is in.", "internal/plan", "TestGuards/other-gateway"},
		{PlanOwner, "An object that carries another stack's tags is not changed.", "internal/plan", "TestGuards/owned-elsewhere"},
		{PlanSameMaterial, "Other material than a key was made with is not imported into it.", "internal/plan", "TestGuards/other-material"},
		{PlanImmutable, "A change that KMS cannot make is refused; nothing is replaced for it.", "internal/plan", "TestGuards/immutable-attribute"},
		{PlanKeyLost, "A key that no longer exists is not created anew under its address.", "internal/plan", "TestGuards/key-lost"},
		{PlanForeignVersion, "A secret's version that others wrote is not overwritten.", "internal/plan", "TestGuards/unseen-secret-version"},
		{ConditionHolds, "Nothing but a rescue is done with an object whose condition does not hold, nor with what depends on it.", "internal/plan", "TestConditionsHoldUp"},
		{PlanSealsState, "The key that seals this stack's own state is not taken out of use.", "internal/plan", "TestGuards/seals-the-state"},
		{PlanAccessInUse, "A network rule, an access policy or an access point that something still names is not deleted.", "internal/plan", "TestWhatIsStillNamedIsNotDeleted"},
		{UsedSinceDisabled, "A key that somebody asked for after it was disabled is not scheduled for deletion.", "internal/plan", "TestAKeyThatSomebodyAskedForStays"},
		{MissingCounts, "A file of the census that is not there, or that nobody can read, goes on needing its key.", "internal/census", "TestWhatIsMissingGoesOnCounting"},
		{BlocksKeepTheirs, "An edited file is not taken for what its block would write: the census stays, and the next run finds it.", "internal/census", "TestWroteLeavesBlocksWhatTheyKeep"},
		{PlanInUse, "A key that aliases, secrets, policies or files use is not disabled or scheduled for deletion.", "internal/plan", "TestGuards/still-in-use"},
		{PlanLimits, "No plan takes away more than its limits say.", "internal/plan", "TestGuards/too-many-destructive"},
		{PlanFreeze, "While a freeze lasts, nothing but rescues is called.", "internal/plan", "TestGuards/frozen"},
		{PlanDestroyKeeps, "What is protected is not destroyed.", "internal/plan", "TestDestroyTakesNothingThatIsProtected"},
		{PlanDyingTarget, "Nothing is pointed at a key that waits for deletion.", "internal/plan", "TestGuards/key-unusable"},
		{PlanDuplicates, "One object is not managed under two addresses.", "internal/plan", "TestGuards/duplicate-id"},
		{PlanUnread, "A gateway that was not read is not taken for an empty one.", "internal/plan", "TestWhatWasNotReadDecidesNothing"},
		{PlanSoak, "A retired key is not scheduled for deletion before it was disabled for as long as its block says.", "internal/plan", "TestRetirementTakesOneStepPerApply"},
		{PlanOnlyRescue, "Of a refused rescue the one call is left that takes the object out of its deletion window.", "internal/plan", "TestOfARefusedRescueOneCallIsLeft"},
		{PlanReading, "Nothing is taken away on the word of the state, when -refresh left the service unread.", "internal/plan", "TestNothingIsTakenAwayUnread"},
		{SavedReadsAgain, "A plan that was made without reading everything is not carried out before everything was read.", "internal/stack", "TestAPlanThatReadLittleIsReadAgain"},
		{PredecessorKept, "A key whose place another takes is not dropped from the state.", "internal/stack", "TestASuccessorKeepsWhatItSucceeded"},
		{PredecessorRescued, "A predecessor that something needs is taken out of its deletion window.", "internal/plan", "TestPredecessors/scheduled by others"},
		{PredecessorsFirst, "A key is not retired while the state knows keys that it succeeded only through it.", "internal/plan", "TestGuards/predecessors-left"},
		{SavedSeal, "A saved plan that was edited is not applied.", "internal/plan/planfile", "TestEditedPlans/a raised limit"},
		{SavedLineage, "A saved plan is not applied to another stack.", "internal/plan/planfile", "TestWhatItWasMadeFrom/another stack"},
		{SavedSerial, "A saved plan is not applied once the objects of the state have changed.", "internal/plan/planfile", "TestWhatItWasMadeFrom/the state's serial"},
		{SavedVariables, "A saved plan is not applied with other variables.", "internal/plan/planfile", "TestWhatItWasMadeFrom/another value for a variable"},
		{SavedGateways, "A saved plan is not applied to another region, instance or account.", "internal/plan/planfile", "TestWhatItWasMadeFrom/the account"},
		{SavedSources, "A saved plan is not applied with another configuration, secret or source.", "internal/plan/planfile", "TestWhatItWasMadeFrom/another secret"},
		{SavedID, "A saved plan reaches no other object than was approved.", "internal/plan/planfile", "TestEditedPlans/another id"},
		{SavedCalls, "A saved plan makes no other calls than were approved.", "internal/plan/planfile", "TestEditedPlans/a further call"},
		{SavedPreImage, "A destructive action is not taken on an object that changed since it was approved.", "internal/plan/planfile", "TestEditedPlans/a pre-image"},
		{SavedNothingMore, "What only a plan made now has is not done with a saved one.", "internal/plan/planfile", "TestWhatIsNotComparedAndWhatIsLeft"},
		{SavedTime, "An edited date ends no soak.", "internal/plan/planfile", "TestTimeIsNeverLaterThanNow"},
		{SamePlace, "Objects are not given the name of a gateway that leads to another place.", "internal/stack", "TestAGatewayOfAnotherPlaceIsNotTakenForTheOldOne"},
		{SavedLookups, "A saved plan does nothing with what a lookup gives otherwise by now.", "internal/plan/planfile", "TestLookupsOfASavedPlan"},
		{SavedNoSecret, "No sensitive value is written into a plan.", "internal/plan/planfile", "TestEncodeRefusesSensitiveValues"},
		{DescribedNoSecret, "A saved plan has no constant of its configuration that is sensitive, or that flows into what is never shown.", "internal/hcl", "TestADescribedConfigurationHasNoSecret"},
	}
}
