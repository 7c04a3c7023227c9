package safety

// Of jobs over many objects.
const (
	QuotaSlots    Switch = "quota-slots"
	TargetSkipped Switch = "target-skipped"
	BatchProved   Switch = "batch-proved"
)

func batches() []Safety {
	return []Safety{
		{TargetSkipped, "What is under a batch's target is neither asked for nor written again.", "internal/batch/work", "TestASecondRunMakesNoCallAndWritesNothing"},
		{BatchProved, "What a batch encrypts is opened and compared before the old content goes.", "internal/batch/work", "TestWhatDoesNotOpenLeavesTheOldContent"},
		{QuotaSlots, "Workers that share a quota never make more calls together than its rate, in any second.", "internal/batch/quota", "TestWorkersTogetherKeepToTheRate"},
	}
}
