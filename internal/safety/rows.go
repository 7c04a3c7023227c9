package safety

// Of the rows of a database that batches write.
const (
	RowAsOpened  Switch = "row-as-opened"
	RowAsWritten Switch = "row-as-written"
	LostRowAsked Switch = "lost-row-asked"
)

func rows() []Safety {
	const room = "internal/batch/source/postgres"
	return []Safety{
		{RowAsOpened, "A row's value is not written over where it is another than the one that was opened.", room, "TestTwoWritersAtOnce"},
		{RowAsWritten, "A write that a trigger would make another is undone.", room, "TestATriggerThatChangesWhatIsWrittenUndoesTheWrite"},
		{LostRowAsked, "After a lost answer the row says whether it was written.", room, "TestAnAnswerThatIsLost"},
	}
}
