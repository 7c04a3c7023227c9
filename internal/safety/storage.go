package safety

// Of the packages that keep the state.
const (
	RemoteFence    Switch = "remote-fence"
	RemoteVersion  Switch = "remote-version"
	RemoteOwnWrite Switch = "remote-own-write"
	RemoteOwnState Switch = "remote-own-state"
	RemoteBirth    Switch = "remote-birth"
	RemoteDigest   Switch = "remote-digest"
	FoldBase       Switch = "fold-base"
	FoldLineage    Switch = "fold-lineage"
	FoldOnce       Switch = "fold-once"
	StateChecksum  Switch = "state-checksum"
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
		{RemoteDigest, "An object that a server damaged is not taken for the state.",
			"internal/state/remote", "TestStoreContract/a damaged state is refused and left alone"},
		{FoldBase, "A journal is not folded into a state that is older than the one it continues.",
			"internal/state", "TestAJournalFitsItsStateOnly/an older state"},
		{FoldLineage, "A journal is not folded into another stack's state.",
			"internal/state", "TestAJournalFitsItsStateOnly/another stack"},
		{FoldOnce, "A journal that the state holds already is not folded into it again.",
			"internal/state", "TestAJournalFitsItsStateOnly/a state that holds it, and moved on"},
		{StateChecksum, "A state of which a bit flipped is not read.",
			"internal/state", "TestEveryFlippedBitIsNoticed"},
	}
}
