package safety

// Of the packages that keep the state.
const (
	RemoteFence    Switch = "remote-fence"
	RemoteVersion  Switch = "remote-version"
	RemoteOwnWrite Switch = "remote-own-write"
	RemoteOwnState Switch = "remote-own-state"
	RemoteBirth    Switch = "remote-birth"
	RemoteDigest   Switch = "remote-digest"
	RemoteSum      Switch = "remote-sum"
	RemotePart     Switch = "remote-part"
	RemoteNames    Switch = "remote-names"
	RemoteClear    Switch = "remote-clear"
	RemoteRedirect Switch = "remote-redirect"
	FoldBase       Switch = "fold-base"
	FoldLineage    Switch = "fold-lineage"
	FoldOnce       Switch = "fold-once"
	FoldConflict   Switch = "fold-conflict"
	StateChecksum  Switch = "state-checksum"
	StateLineage   Switch = "state-lineage"
	StateSerial    Switch = "state-serial"
	JournalEnds    Switch = "journal-ends"
	JournalCarries Switch = "journal-carries"
	JournalBroken  Switch = "journal-broken"
	JournalNotes   Switch = "journal-notes"
	EditOpen       Switch = "edit-open"
)

func storage() []Safety {
	return []Safety{
		{RemoteFence, "A run that another took over from writes nothing more to the journal on a server.",
			"internal/state/remote", "TestStoreContract/a writer that was fenced off neither appends nor stores"},
		{RemoteVersion, "A state on a server is replaced only by who has seen it.",
			"internal/state/remote", "TestStoreContract/a write names the version it replaces"},
		{RemoteOwnWrite, "A write whose answer was lost is known again and not taken for somebody else's.",
			"internal/state/remote", "TestALockThatIsBrokenWithALostAnswerIsBroken"},
		{RemoteOwnState, "A state that is stored is not called stale because the lease was renewed before its writer heard of it.",
			"internal/state/remote", "TestAStoredStateIsFoundBehindARenewedLease"},
		{RemoteBirth, "A state of another lineage does not shut out the journal of a run that lets the stack be born.",
			"internal/state/remote", "TestAStateDoesNotShutOutAJournal"},
		{RemoteDigest, "An object that is not the one the head names is not taken for the state.",
			"internal/state/remote", "TestAStateInAnothersPlaceIsDamage"},
		{RemoteNames, "A state is not taken for one of another serial or lineage.",
			"internal/state/remote", "TestAHeadThatNamesAnotherSerialIsDamage"},
		{RemoteSum, "A journal in the head that is not the one it was written with is not read.",
			"internal/state/remote", "TestAnEarlierJournalInTheHeadIsDamage"},
		{RemotePart, "A part of the journal in an object that is not the one named is not read.",
			"internal/state/remote", "TestAPartOfTheJournalInAnothersPlaceIsDamage"},
		{RemoteClear, "No state goes over the network in clear.",
			"internal/state/remote", "TestOnlyThisMachineIsSpokenToInClear"},
		{RemoteRedirect, "No credential of a store is carried to where a redirect points.",
			"internal/state/remote", "TestAClientFollowsNoRedirectAndNoOldTLS"},
		{FoldBase, "A journal is not folded into a state that is older than the one it continues.",
			"internal/state", "TestAJournalFitsItsStateOnly/an older state"},
		{FoldLineage, "A journal is not folded into another stack's state.",
			"internal/state", "TestAJournalFitsItsStateOnly/another stack"},
		{FoldOnce, "A journal that the state holds already is not folded into it again.",
			"internal/state", "TestAJournalFitsItsStateOnly/a state that holds it, and moved on"},
		{FoldConflict, "A journal does not put its object in the place of another that the state got since.",
			"internal/state", "TestAJournalFitsItsStateOnly/a state that moved on, another object there"},
		{StateLineage, "A state is not written over another stack's.",
			"internal/state/remote", "TestStoreContract/a lineage is fixed"},
		{StateSerial, "A state's serial grows by one.",
			"internal/state/remote", "TestStoreContract/a serial grows by one"},
		{JournalEnds, "What a run records behind a journal that the state already holds is not lost.",
			"internal/state/remote", "TestStoreContract/what follows a journal"},
		{JournalCarries, "A call that is open when the state is stored stays open for the next run.",
			"internal/state/local", "TestCommittingStoresWhatWasDoneAndKeepsWhatIsOpen"},
		{JournalBroken, "Nothing is recorded, and so nothing called, after a write to the journal failed.",
			"internal/state", "TestAJournalThatFailedOnceTakesNothingMore"},
		{JournalNotes, "A result that nothing was appended after is recorded before the state is stored.",
			"internal/state", "TestCommitWritesWhatIsNoted"},
		{EditOpen, "No command edits the state while calls of an interrupted run are open.",
			"internal/state", "TestNothingIsEditedWhileCallsAreOpen"},
		{StateChecksum, "A state of which a bit flipped is not read.",
			"internal/state", "TestEveryFlippedBitIsNoticed"},
	}
}
