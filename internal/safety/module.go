package safety

// Of a module: its language, its places, and how its state is sealed.
const (
	SecretArgument   Switch = "secret-argument"
	SecretOutput     Switch = "secret-output"
	SecretMessage    Switch = "secret-message"
	SecretCondition  Switch = "secret-condition"
	HandedOn         Switch = "handed-on"
	OwnedOutput      Switch = "owned-output"
	InsideModule     Switch = "inside-module"
	NoLinks          Switch = "no-links"
	SealKeyElsewhere Switch = "seal-key-elsewhere"
	SealInWords      Switch = "seal-in-words"
	SealContext      Switch = "seal-context"
	SealAbout        Switch = "seal-about"
	SealKey          Switch = "seal-key"
	SeenSerial       Switch = "seen-serial"
	LeastSerial      Switch = "least-serial"
	RollbackKeys     Switch = "rollback-keys"
)

func module() []Safety {
	return []Safety{
		{SecretArgument, "A sensitive value reaches no argument that plans and state show.", "internal/hcl", "TestBadInputIsExplained/sensitive"},
		{SecretOutput, "A sensitive value reaches no output that is stored.", "internal/hcl", "TestBadInputIsExplained/sensitive"},
		{SecretMessage, "A message about an expression that failed shows no sensitive value.", "internal/hcl", "TestBadInputIsExplained/sensitive"},
		{SecretCondition, "The error_message of a condition that holds a sensitive value is not shown.", "internal/hcl", "TestConditions"},
		{HandedOn, "What an ephemeral block hands on reaches write-only arguments and nothing else.", "internal/hcl", "TestAnEphemeralValueIsOnlyHandedOn"},
		{OwnedOutput, "No block whose output is kmsplan's or git's own file is planned.", "internal/hcl", "TestNoBlockWritesWhatKmsplanOwns"},
		{InsideModule, "A configuration does not choose what is written outside its own directory.", "internal/stack", "TestNothingIsWrittenOutsideTheModule/a path upwards"},
		{NoLinks, "No symbolic link leads the state or the emulator out of the module.", "internal/stack", "TestNothingIsWrittenOutsideTheModule/a path that is a link"},
		{SealKeyElsewhere, "The key that seals a stack's state is none that the stack itself declares.", "internal/hcl", "TestTheKeyOfEncryptionIsNoneThatTheStackDeclares"},
		{SealInWords, "A state on a server is in clear only where the configuration says so.", "internal/stack", "TestARemoteStateIsEncryptedOrNotInWords"},
		{SealContext, "A state that was sealed for another stack or place does not open.", "internal/stack", "TestWhatWasSealedAsSomethingElseDoesNotOpen/another lineage"},
		{SealAbout, "A state that was sealed as another serial does not open.", "internal/stack", "TestWhatWasSealedAsSomethingElseDoesNotOpen/another serial"},
		{SealKey, "A state comes under another key only when somebody says so.", "internal/stack", "TestAStateStaysUnderItsKey"},
		{SeenSerial, "A state that is older than what this machine has seen is refused.", "internal/stack", "TestAStateThatThisMachineHasSeenPastIsRefused"},
		{LeastSerial, "A state older than -min-serial is refused.", "internal/stack", "TestAStateBelowTheLeastSerialIsRefused"},
		{RollbackKeys, "A rollback does not lose sight of a key that lives.", "internal/stack", "TestARollbackLosesNoKeyByAccident"},
	}
}
