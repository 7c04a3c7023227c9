// Package compare holds the answers of a gateway against their requests: where both name an object, they must
// name the same one. Nothing that a gateway says is believed before that.
//
// What is compared are tables, pairs and rowChecks, of all operations of both gateways. It imports internal/kms
// and the layout of ciphertext, and nothing else of ours. Start reading at compare.go.
package compare
