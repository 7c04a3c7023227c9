// Package files is the source of batches whose objects are the regular files of a tree: names are paths below its root
// with slashes, bytes as the file system has them, and ascend as bytes. No symbolic link is followed, and a file of
// several names (hard links) is not written.
//
// A handle is optimistic: it holds nothing while it is read. Who writes takes the file's advisory lock, as every rewrite of
// kmsplan does, and then holds the file against what was opened: inode, size, times, and its first bytes, which a clock that
// is too coarse cannot hide. So of two workers on one file one writes, and the other is told source.ErrChanged.
//
// Of ours it imports batch/source and durable. Start reading at Source, then handle and replace.
package files
