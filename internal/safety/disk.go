package safety

// Of what is written to a disk.
const (
	LocalFence    Switch = "local-fence"
	LocalVersion  Switch = "local-version"
	LocalClaim    Switch = "local-claim"
	LocalInLine   Switch = "local-in-line"
	LocalOlder    Switch = "local-older"
	LocalMissing  Switch = "local-missing"
	LocalLine     Switch = "local-line"
	LocalTorn     Switch = "local-torn"
	SyncFile      Switch = "sync-file"
	SyncDirectory Switch = "sync-directory"
	OnlyRegular   Switch = "only-regular"
)

func disk() []Safety {
	return []Safety{
		{LocalFence, "A run that another took over from calls nothing more on account of its own journal.",
			"internal/state/local", "TestLocalKeepsItWhereLocksDoNothing/a writer that was fenced off"},
		{LocalVersion, "A state file is replaced only by who has seen it.",
			"internal/state/local", "TestLocalKeepsTheStoreContract/a write names the version it replaces"},
		{LocalClaim, "Of two writers that saw the same state one gets the next serial, also where locks do nothing.",
			"internal/state/local", "TestAWriterThatSleptThroughManyOthersIsRefused"},
		{LocalInLine, "A writer that slept until its serial was free again is refused.",
			"internal/state/local", "TestAWriterThatSleptThroughManyOthersIsRefused"},
		{LocalOlder, "An older state that somebody put in the place of the newest is not gone on from.",
			"internal/state/local", "TestAnOlderStateThatIsPutBackIsNoticed"},
		{LocalMissing, "A state that is missing, though generations of it are kept, is not taken for a new stack.",
			"internal/state/local", "TestAMissingStateWithGenerationsIsNotANewStack"},
		{LocalLine, "A line of the journal of which a bit flipped is not read.",
			"internal/state/local", "TestDamageInTheMiddleIsAnError"},
		{LocalTorn, "A line that was durable is not cut away as if a crash had torn it.",
			"internal/state/local", "TestDamageInTheMiddleIsAnError"},
		{SyncFile, "A file's content is on disk before its name is, and a journal's line before its call.",
			"internal/durable", "TestACrashLeavesTheOldContentOrTheNew"},
		{SyncDirectory, "A file's name is on disk before anybody is told.",
			"internal/durable", "TestACrashLeavesTheOldContentOrTheNew"},
		{OnlyRegular, "No link is followed from a state, a journal or a file to another file.",
			"internal/durable", "TestOnlyRegularFilesAreOpened"},
	}
}
