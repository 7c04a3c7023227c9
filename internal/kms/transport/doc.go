// Package transport carries one signed request to a gateway of KMS and one answer back, as both clients need
// it: endpoints and certificates, the HTTP exchange, what a failure proves, retries, quotas, and the log.
//
// It knows no operation and no protocol. Whether a byte of a request left is counted on the wire (wirecount.go);
// what that means for another attempt stands in one table (policy.go). It imports internal/kms and nothing
// else of ours. Start reading at exchange.go, then policy.go.
package transport
