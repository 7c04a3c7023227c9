package ops

import "io/fs"

// ownerOf knows no user and group: files have access lists here, which a rewrite does not carry over.
func ownerOf(fs.FileInfo) (uid, gid int) { return -1, -1 }

// links counts one name: how many a file has is not in its facts here.
func links(fs.FileInfo) uint64 { return 1 }
