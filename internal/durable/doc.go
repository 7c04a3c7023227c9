// Package durable writes files so that a crash or a power cut at any instant leaves what its
// caller was promised: a replaced file is the whole old one or the whole new one, a directory's entries are
// on disk when it says so, and a lock belongs to one living process.
//
// Everything works below a directory that no step leaves (os.Root), follows no symbolic link to a file, and
// passes a Seam, through which tests record every step, fail it, or leave it out; package durabletest makes
// of such a record every disk that a crash may leave behind.
//
// Of ours it imports the switches of package safety alone. Start reading at Dir, then File and Pending.
package durable
