package safety

// Of ciphertexts that move to another key.
const (
	TransferOpened  Switch = "transfer-opened"
	TransferSame    Switch = "transfer-same"
	TransferMessage Switch = "transfer-message"
)

func transfers() []Safety {
	return []Safety{
		{TransferOpened, "A ciphertext that moves goes only after the new one was opened under the new key.", "internal/transfer", "TestANewCiphertextThatDoesNotOpenTakesNothingsPlace"},
		{TransferMessage, "A message whose header its data key did not seal is not sealed anew.", "internal/transfer", "TestAForgedHeaderIsNotSealedAnew"},
		{TransferSame, "A ciphertext that moves goes only if the new one holds the same.", "internal/transfer", "TestANewCiphertextOfSomethingElseTakesNothingsPlace"},
	}
}
