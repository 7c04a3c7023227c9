// Package kmstest is the gateway that the tests of the clients talk to: a TLS server with its own CA that
// answers as a test says and keeps every request, with canaries to look for and a clock that never waits.
//
// Only tests import it. It imports internal/kms, its transport and the wire codecs. Start reading at gateway.go;
// truths.go holds answers that name what was asked for, and the same as lies.
package kmstest
