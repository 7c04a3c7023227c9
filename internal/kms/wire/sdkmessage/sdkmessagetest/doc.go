// Package sdkmessagetest is a second writer and reader of the vendor's encryption messages, made from the format's description in
// docs/transfer.md and sharing no code with package sdkmessage. Tests hold one against the other; the program does not
// import it.
//
// It imports nothing of ours. Start reading at Message.
package sdkmessagetest
