package safety

// Of jobs over many objects.
const (
	QuotaSlots    Switch = "quota-slots"
	TargetSkipped Switch = "target-skipped"
	BatchProved   Switch = "batch-proved"
	BatchHolds    Switch = "batch-holds"
	BatchCarried  Switch = "batch-carried"
	StaleStep     Switch = "stale-step"
)

func batches() []Safety {
	return []Safety{
		{TargetSkipped, "What is under a batch's target is neither asked for nor written again.", "internal/batch/work", "TestASecondRunMakesNoCallAndWritesNothing"},
		{BatchProved, "What a batch encrypts is opened and compared before the old content goes.", "internal/batch/work", "TestWhatDoesNotOpenLeavesTheOldContent"},
		{BatchHolds, "A key that a batch's objects are under, or may be as long as not every wrap was opened, is not disabled or scheduled for deletion.", "internal/plan", "TestGuards/still-in-use"},
		{BatchCarried, "What an unproved batch says of keys stands until a batch of the same objects is proved whole.", "internal/state", "TestALaterBatchTakesOverWhatAnEarlierOneDidNotProve"},
		{QuotaSlots, "Workers that share a quota never make more calls together than its rate, in any second.", "internal/batch/quota", "TestWorkersTogetherKeepToTheRate"},
		{StaleStep, "A worker whose chunk was given to another since records no step of it.", "internal/batch/queue/river", "TestAStepOfAnEarlierAttemptIsRefused"},
	}
}
