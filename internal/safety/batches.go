package safety

// Of jobs over many objects.
const (
	QuotaSlots      Switch = "quota-slots"
	TargetSkipped   Switch = "target-skipped"
	BatchProved     Switch = "batch-proved"
	WrapWitnessed   Switch = "wrap-witnessed"
	BatchHolds      Switch = "batch-holds"
	BatchCarried    Switch = "batch-carried"
	BatchUnfinished Switch = "batch-unfinished"
	BatchFrozen     Switch = "batch-frozen"
	BatchOwned      Switch = "batch-owned"
	StaleStep       Switch = "stale-step"
	FailuresCarried Switch = "failures-carried"
	LedgerClaim     Switch = "ledger-claim"
	LedgerAttempt   Switch = "ledger-attempt"
	LedgerLine      Switch = "ledger-line"
	ShardTaken      Switch = "shard-taken"
	PageHost        Switch = "page-host"
	PageToken       Switch = "page-token"
	PageLoopback    Switch = "page-loopback"
	PageEngine      Switch = "page-engine"
	RowsWithStep    Switch = "rows-with-step"
	SameDatabase    Switch = "same-database"
)

func batches() []Safety {
	return []Safety{
		{TargetSkipped, "What is under a batch's target is neither asked for nor written again.", "internal/batch/work", "TestASecondRunMakesNoCallAndWritesNothing"},
		{BatchProved, "What a batch encrypts is opened and compared before the old content goes.", "internal/batch/work", "TestWhatDoesNotOpenLeavesTheOldContent"},
		{WrapWitnessed, "A batch that verifies holds the key version that KMS opened a wrap with against the one that the header names.", "internal/batch/work", "TestVerifyFindsWhatAHeaderClaims"},
		{BatchHolds, "A key that a batch's objects are under, or may be as long as not every wrap was opened, is not disabled or scheduled for deletion.", "internal/plan", "TestGuards/still-in-use"},
		{BatchCarried, "What an unproved batch says of keys stands until a batch of the same objects is proved whole.", "internal/state", "TestALaterBatchTakesOverWhatAnEarlierOneDidNotProve"},
		{BatchUnfinished, "What the state knows of a batch that has not ended is neither moved nor forgotten.", "internal/plan", "TestGuards/batch-unfinished"},
		{BatchFrozen, "An apply starts no batch that writes while a freeze lasts.", "internal/plan", "TestAnApplyStartsABatchWhoseBlockAsksForIt"},
		{BatchOwned, "A batch that another stack planned in the same queue is not worked on.", "internal/stack", "TestABatchOfAnotherStackIsNoneOfOurs"},
		{QuotaSlots, "Workers that share a quota never make more calls together than its rate, in any second.", "internal/batch/quota", "TestWorkersTogetherKeepToTheRate"},
		{StaleStep, "A worker whose chunk was given to another since records no step of it.", "internal/batch/queue/river", "TestAStepOfAnEarlierAttemptIsRefused"},
		{FailuresCarried, "Who goes on with a chunk knows which of its objects failed: they stay in the report.", "internal/batch/queue/river", "TestTheQueueOverRiverIsOne"},
		{LedgerClaim, "On one machine, a chunk is not given to another while the worker that has it lives.", "internal/batch/queue/local", "TestAChunkIsItsWorkersForAsLongAsItLives"},
		{LedgerAttempt, "On one machine, a worker whose chunk was given to another since records no step of it.", "internal/batch/queue/local", "TestTheQueueOfOneMachineIsOne"},
		{LedgerLine, "A line of a batch's ledger that was changed is not believed.", "internal/batch/queue/local", "TestADamagedEarlierLineIsNamed"},
		{ShardTaken, "Of two workers of one shard, the one that began first records nothing more.", "internal/batch/queue/shards", "TestTheFirstOfTwoPodsOfOneIndexEnds"},
		{PageHost, "The page of batches answers no request under a name that is not its own (DNS rebinding).", "internal/batch/page", "TestForeignHostsAreRefused"},
		{PageToken, "On the page of batches, who has not shown the token changes nothing.", "internal/batch/page", "TestChangesNeedTheTokenAndAForm"},
		{PageLoopback, "The page of batches is not reached from other machines unless there is a token.", "internal/batch/page", "TestOtherMachinesNeedAToken"},
		{PageEngine, "On River's pages below the page of batches, who has not shown the token changes nothing.", "internal/batch/page", "TestTheEnginesPagesKeepToTheSameRules"},
		{RowsWithStep, "Rows in the database of the queue, and the step that records them, are there together or not at all.", "internal/batch/work", "TestAStepAndItsRowsAreOneTransaction"},
		{SameDatabase, "Rows are written in another's transaction only where both reach one database, of which a copy has not the locks.", "internal/state/pg/connect", "TestACopyIsNotTheSameDatabase"},
	}
}
