package safety

// Of where the objects of a batch are.
const (
	FilesUnchanged Switch = "files-unchanged"
	FilesHead      Switch = "files-head"
)

func sources() []Safety {
	return []Safety{
		{FilesUnchanged, "A file that another wrote since a batch opened it is not written over.", "internal/batch/source/files", "TestWhatAnotherWroteStays"},
		{FilesHead, "Nor is one that was written within a tick of the file system's clock.", "internal/batch/source/files", "TestAWriteWithinOneTickIsSeen"},
	}
}
