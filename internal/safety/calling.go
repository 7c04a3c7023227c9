package safety

// Of an apply and of what it does with one object.
const (
	IntentFirst     Switch = "intent-first"
	LostStaysOpen   Switch = "lost-stays-open"
	PendingWaits    Switch = "pending-waits"
	RefusedStops    Switch = "refused-stops"
	StalePlan       Switch = "stale-plan"
	UsersFirst      Switch = "users-first"
	FailureStops    Switch = "failure-stops"
	BrokenStops     Switch = "broken-stops"
	ReadAgain       Switch = "read-again"
	TagsAgain       Switch = "tags-again"
	NoSecondKey     Switch = "no-second-key"
	NoSecondValue   Switch = "no-second-value"
	NoSecondVersion Switch = "no-second-version"
	LostIsFound     Switch = "lost-is-found"
	KeyProved       Switch = "key-proved"
	KeyRecorded     Switch = "key-recorded"
	SameARN         Switch = "same-arn"
)

func calling() []Safety {
	return []Safety{
		{IntentFirst, "No call is made whose intent is not durable in the journal.", "internal/apply", "TestNoCallIsMadeWithoutItsIntent"},
		{LostStaysOpen, "A call whose answer was lost is reported as unknown.", "internal/apply", "TestALostAnswerIsUnknownThenAdopted"},
		{PendingWaits, "Nothing is called for an object while an earlier call for it may still take effect.", "internal/apply", "TestNothingIsCreatedAgainWhileALateCommitIsPossible"},
		{RefusedStops, "A plan that a guard refused is not applied.", "internal/apply", "TestARefusedPlanIsNotApplied"},
		{StalePlan, "A plan is not applied to another state than it was made on.", "internal/apply", "TestAStalePlanIsRefused"},
		{UsersFirst, "What uses a key is moved or deleted before the key is taken away.", "internal/apply", "TestTheOrderOfTakingAway"},
		{FailureStops, "What depends on a change that failed is not done.", "internal/apply", "TestAFailureTakesItsDependantsOnly"},
		{BrokenStops, "Nothing more is started once the journal cannot be written.", "internal/apply", "TestABrokenJournalStartsNothingMore"},
		{ReadAgain, "A destructive or rescue call is not made on an object that changed since it was planned.", "internal/resource", "TestPreImageIsReadAgainBeforeTheCall"},
		{TagsAgain, "Tags that others changed since the plan are not overwritten.", "internal/resource", "TestAnUpdateIsHeldAgainstWhatItWasPlannedOn"},
		{NoSecondKey, "A CreateKey whose answer was lost is not repeated while a late commit is possible.", "internal/resource", "TestUnansweredCreateKeyIsNotRepeatedTooEarly"},
		{NoSecondValue, "A secret's value whose answer was lost is not put again while a late commit is possible.", "internal/resource", "TestALostPutSecretValueIsNotRepeatedTooEarly"},
		{NoSecondVersion, "A key whose rotation lost its answer is not rotated again while a late commit is possible.", "internal/resource", "TestALostCreateKeyVersionIsNotRepeatedTooEarly"},
		{LostIsFound, "The key of a CreateKey whose answer was lost is found by its intent tag.", "internal/resource", "TestALostCreateKeyTakesTheOlderOfTwo"},
		{KeyProved, "A created key is read back with its intent tag before it is recorded.", "internal/resource", "TestACreatedKeyIsProvedBeforeItIsRecorded"},
		{KeyRecorded, "A created key is recorded before anything else is called for it.", "internal/resource", "TestAKeyIsRecordedRightAfterItsCreation"},
		{SameARN, "An answer about a key of another account or region is not believed.", "internal/resource", "TestAKeyIsHeldToTheARNThatStateHas"},
	}
}
