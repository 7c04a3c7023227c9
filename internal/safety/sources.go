package safety

// Of where the objects of a batch are.
const (
	FilesUnchanged Switch = "files-unchanged"
	FilesHead      Switch = "files-head"
	StoreCondition Switch = "store-condition"
	LostAnswer     Switch = "lost-answer"
	StoreMeasured  Switch = "store-measured"
)

func sources() []Safety {
	return []Safety{
		{FilesUnchanged, "A file that another wrote since a batch opened it is not written over.", "internal/batch/source/files", "TestWhatAnotherWroteStays"},
		{FilesHead, "Nor is one that was written within a tick of the file system's clock.", "internal/batch/source/files", "TestAWriteWithinOneTickIsSeen"},
		{StoreCondition, "An object of a store is not written over where another wrote it first.", "internal/batch/source/s3", "TestOfManyWorkersOneWrites"},
		{LostAnswer, "A write whose answer was lost is neither made again nor taken for another's.", "internal/batch/source/s3", "TestALostAnswerIsFoundAgain"},
		{StoreMeasured, "A store that writes an object whose condition does not hold is refused.", "internal/batch/source/s3", "TestStoresAreMeasured"},
	}
}
