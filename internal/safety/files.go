package safety

// Of envelopes and of the files that hold them.
const (
	HeaderMAC           Switch = "header-mac"
	HostileSlot         Switch = "hostile-slot"
	ExpectedContext     Switch = "expected-context"
	NotTwiceDocument    Switch = "not-twice-document"
	DocumentPath        Switch = "document-path"
	DocumentMAC         Switch = "document-mac"
	CachePeer           Switch = "cache-peer"
	DocumentProof       Switch = "document-proof"
	DocumentEdited      Switch = "document-edited"
	DocumentFresh       Switch = "document-fresh"
	BoundContext        Switch = "bound-context"
	SlotSync            Switch = "slot-sync"
	KeyCommitment       Switch = "key-commitment"
	LastChunk           Switch = "last-chunk"
	ChunkOrder          Switch = "chunk-order"
	OwnedPlaces         Switch = "owned-places"
	OverItself          Switch = "over-itself"
	HardLinks           Switch = "hard-links"
	SourceAtRest        Switch = "source-at-rest"
	ModeNoWider         Switch = "mode-no-wider"
	NameAgain           Switch = "name-again"
	NotTwice            Switch = "not-twice"
	VerifiedFirst       Switch = "verified-first"
	DataKeyProved       Switch = "data-key-proved"
	AnewProved          Switch = "anew-proved"
	RunUntouched        Switch = "run-untouched"
	NobodyLockedOut     Switch = "nobody-locked-out"
	DataKeyLimits       Switch = "data-key-limits"
	WrapProved          Switch = "wrap-proved"
	WrapKey             Switch = "wrap-key"
	OneKeyAFile         Switch = "one-key-a-file"
	NothingEditedLost   Switch = "nothing-edited-lost"
	NothingElseReplaced Switch = "nothing-else-replaced"
	ChangedUnderneath   Switch = "changed-underneath"
	SetSealed           Switch = "set-sealed"
)

func files() []Safety {
	return []Safety{
		{HeaderMAC, "A header that is not the one its body was sealed with opens nothing.", "internal/envelope", "TestSwappedHeaders"},
		{HostileSlot, "A header slot that somebody else wrote does not make an envelope unreadable.", "internal/envelope", "TestAHostileSlotCostsNothing"},
		{NotTwiceDocument, "A document whose values are sealed is not encrypted again.", "internal/ops", "TestDocumentIsNotEncryptedTwice"},
		{DocumentPath, "A sealed value opens only where in its document it was sealed.", "internal/document", "TestValueIsBoundToItsPlace"},
		{DocumentMAC, "A document in which anything was moved, renamed, added, left out or put back is not opened.", "internal/document", "TestTamper"},
		{CachePeer, "A data key that is kept for git is given to no other user.", "internal/keycache", "TestAnotherUserIsTurnedAway"},
		{DocumentProof, "A file that would read otherwise with its values exchanged is refused, and not written.", "internal/document", "TestProof"},
		{DocumentEdited, "A document that was changed after it was sealed is not written over while it holds a value that the source has not.", "internal/ops", "TestDocumentOntoAnother"},
		{DocumentFresh, "A document of which a recipient is left out takes a new data key.", "internal/ops", "TestTheOldDataKeyOpensNothingNew"},
		{ExpectedContext, "An envelope of another context than the one expected is not opened.", "internal/envelope", "TestExpectedContext"},
		{BoundContext, "The body's keys are bound to the encryption context.", "internal/envelope", "TestChangedContext"},
		{SlotSync, "A new header is on disk before the old one is wiped.", "internal/envelope", "TestRewrapSurvivesEveryCrash"},
		{KeyCommitment, "A body opens under no other data key than the one it commits to.", "internal/envelope", "TestWrongCommitment"},
		{LastChunk, "An envelope that was cut between two chunks is not taken for a whole one.", "internal/envelope", "TestTruncation"},
		{ChunkOrder, "Chunks that were moved, doubled or taken from another file do not open.", "internal/envelope", "TestMovedChunks"},
		{OwnedPlaces, "No data block writes over the state, the journal, the configuration or git's files.", "internal/ops", "TestWhatIsOwnedIsAskedBeforeAndWhenItIsWritten"},
		{OverItself, "No file is encrypted or decrypted over itself, by whatever name.", "internal/ops", "TestRefusesOverItself"},
		{HardLinks, "No name of an envelope is left behind by a rewrap of another.", "internal/ops", "TestRefusesOverItself"},
		{SourceAtRest, "A source that is written to while it is read is not taken for what it was.", "internal/ops", "TestAnEnvelopeThatChangesWhileItIsCopiedStays"},
		{ModeNoWider, "A plaintext is readable for nobody who was not meant.", "internal/ops", "TestPlaintextModes"},
		{NameAgain, "Who waited for a file's lock does not work on one that has lost its name.", "internal/ops", "TestTheNameIsLookedAtAgain"},
		{NotTwice, "Nothing is encrypted twice by mistake.", "internal/ops", "TestNothingIsEncryptedTwice"},
		{VerifiedFirst, "No plaintext leaves before the whole envelope is authenticated.", "internal/ops", "TestBadEnvelopes"},
		{DataKeyProved, "A data key is opened once before it seals anything.", "internal/ops", "TestADataKeyIsProvedBeforeItSealsAnything/corrupt plaintext"},
		{NothingEditedLost, "A plaintext that was edited is not decrypted over unasked.", "internal/ops", "TestWhatWasEditedStays"},
		{NothingElseReplaced, "A file that is no envelope of the same context is not encrypted over unasked.", "internal/ops", "TestWhatIsNoEnvelopeStays"},
		{AnewProved, "A file that is encrypted anew is opened from the disk before the old one goes.", "internal/ops", "TestReencryptProvesWhatItWrote"},
		{RunUntouched, "A run that goes on does not take for done what was touched since it was noted.", "internal/ops", "TestRunNoteOfPairs"},
		{NobodyLockedOut, "Encrypting anew takes no identity away from a file unasked.", "internal/ops", "TestReencryptLocksNobodyOut"},
		{DataKeyLimits, "No data key serves more files, bytes or time than its scope allows.", "internal/ops/keys", "TestScopesLimitADataKey"},
		{WrapProved, "A new wrap is opened once before the old one goes.", "internal/ops", "TestANewWrapIsProvedBeforeTheOldOneGoes"},
		{OneKeyAFile, "No two blocks undo each other's rewraps of one file at every run.", "internal/ops", "TestBlocksThatWouldUndoEachOther"},
		{ChangedUnderneath, "A file that changed while its text was edited is not written over unasked.", "internal/ops", "TestAFileThatChangedUnderneathStays"},
		{SetSealed, "A value that was given unseen is not written where it stays readable, and a sealed one is not taken from the command line.", "internal/cli", "TestSetGuardsItsValue"},
		{WrapKey, "A wrap under another key than the one asked for is not used.", "internal/ops", "TestADataKeyIsProvedBeforeItSealsAnything/another key's id"},
	}
}
