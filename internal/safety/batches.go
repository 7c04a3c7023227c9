package safety

// Of jobs over many objects.
const (
	QuotaSlots Switch = "quota-slots"
)

func batches() []Safety {
	return []Safety{
		{QuotaSlots, "Workers that share a quota never make more calls together than its rate, in any second.", "internal/batch/quota", "TestWorkersTogetherKeepToTheRate"},
	}
}
