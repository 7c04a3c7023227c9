package safety

// Of ciphertexts that move to another key.
const (
	TransferOpened Switch = "transfer-opened"
	TransferSame   Switch = "transfer-same"
)

func transfers() []Safety {
	return []Safety{
		{TransferOpened, "A ciphertext that moves goes only after the new one was opened under the new key.", "internal/transfer", "TestANewCiphertextThatDoesNotOpenTakesNothingsPlace"},
		{TransferSame, "A ciphertext that moves goes only if the new one holds the same.", "internal/transfer", "TestANewCiphertextOfSomethingElseTakesNothingsPlace"},
	}
}
