// Package sdkmessage reads and writes the messages of the vendor's encryption clients (Alibaba Cloud Encryption SDK for
// Java and for Python): a header with data keys that KMS sealed and their encryption context, and a body that the data
// key encrypted. Messages of other people are hostile input: everything is bounded by the bytes that are there.
//
// It changes the data keys of a message and nothing else. It imports nothing of ours. Start reading at Parse; der.go has
// the layout of a message, stream.go that of one that was written as a stream.
package sdkmessage
