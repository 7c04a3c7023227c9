// Package credential finds credentials for the public and the dedicated gateway: in the environment, by
// OIDC, in the CLI's profiles and files, and on the machine where that is allowed.
//
// It wraps the vendor's credentials-go, which alone speaks to STS and the metadata service, and guards it: a
// profile is checked before the vendor's code reads it, no command runs unasked, and no error quotes
// what it read. It imports internal/kms for the types and nothing else of ours. Start reading at Chain.
package credential
