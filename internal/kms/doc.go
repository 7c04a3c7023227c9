// Package kms says what KMS is to the rest of kmsplan: two interfaces, [Manager] and [Cryptographer], typed
// records, one error type, [Error], and the table of operations with their parameters. No type of a vendor SDK
// appears in a signature.
//
// The clients stand below: public speaks to the public and to the dedicated gateway, clientkey to an instance
// with a ClientKey, both over transport, and compare holds every answer against its request. Where credentials
// come from is package credential. The table of operations (operation.go) drives the generic calls, the
// command line and the documentation.
//
// It imports the clients nowhere, and nothing else of ours but internal/suggest. Start reading at manager.go and
// cryptographer.go, then public/call.go.
package kms
