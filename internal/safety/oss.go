package safety

// Of batches in OSS, which has no conditional write.
const (
	OSSVersioned  Switch = "oss-versioned"
	OSSLooksFirst Switch = "oss-looks-first"
	OSSForeign    Switch = "oss-foreign"
	OSSLostAnswer Switch = "oss-lost-answer"
)

func ossBatches() []Safety {
	const room = "internal/batch/source/oss"
	return []Safety{
		{OSSVersioned, "An object in OSS is not written over where its bucket would not keep the old content.", room, "TestABucketWithoutVersionsIsNotWritten"},
		{OSSLooksFirst, "An object in OSS that is another by now is not written over.", room, "TestSuite"},
		{OSSForeign, "A version that another wrote in OSS in between is named.", room, "TestWhatAnotherWritesInBetweenIsNamed"},
		{OSSLostAnswer, "A write in OSS whose answer was lost is looked for before it is repeated.", room, "TestAnAnswerThatIsLost"},
	}
}
