// Package kms holds the typed clients of both gateways of Alibaba Cloud KMS.
//
// [Public] speaks to the public gateway (management, and cryptography for
// accounts without an instance) and, given an instance's endpoint and CA, to
// the dedicated gateway with RAM credentials. [ClientKey] speaks the instance
// gateway's protobuf protocol with a ClientKey. Callers see two interfaces,
// [Manager] and [Cryptographer], typed records and one error type, [Error];
// no type of a vendor SDK appears in a signature.
//
// The package owns everything between a typed request and the wire: endpoints and
// certificates (endpoint.go, ca.go), the HTTP exchange (exchange.go), retries
// (policy.go, retry.go), quotas (quota.go) and redaction (secret.go, redact.go).
// An answer is held against its request in one place (named.go). The table of
// operations (operation.go) drives the generic calls, the command line and the
// documentation. Where credentials come from is package credential.
//
// It may import the vendor's SDKs and internal/kms/wire, and nothing else of
// ours. Start reading at manager.go and cryptographer.go, then public_call.go
// and clientkey_call.go: each is one call from top to bottom.
package kms
