// Package keyfile keeps the files of client keys: the one with the private half, which the service tells once, and the
// one with the password that kmsplan made for it. What was answered is on disk before anything else is done (Keep), beside
// the file that an application may be reading, and takes that one's place in one step (Take). Whoever comes after a crash
// finds it by the client key's id.
//
// A file that is not the recorded client key's is never written over. Files have the mode 0600, or are encrypted to age
// recipients as well. No error holds anything of what is in them.
//
// Of ours it imports durable and the form of a client key's file. Start reading at Place.
package keyfile
