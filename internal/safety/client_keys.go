package safety

// Of client keys and their files.
const (
	ClientKeyFileKept Switch = "client-key-file-kept"
	ClientKeyOnDisk   Switch = "client-key-on-disk"
)

func clientKeys() []Safety {
	return []Safety{
		{ClientKeyOnDisk, "The private half of a client key is on disk before its creation is recorded.", "internal/resource", "TestAClientKeyIsOnDiskBeforeItIsRecorded"},
		{ClientKeyFileKept, "A file that is not the client key's own is not written over by it.", "internal/keyfile", "TestWhatIsNotTheClientKeysIsKept"},
	}
}
