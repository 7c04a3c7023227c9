// Package iam says which permissions a command needs to bring a configuration about, as a RAM policy: the least one,
// from the configuration and what state knows. It is pure: nothing is called and nothing is read.
//
// It imports the language (hcl), the state model, plan and addr. What a call is about follows KMS's page on RAM
// (doc-detail 28953). Tests in internal/cli prove a policy against the emulator, which enforces it: with it the command
// passes, with any one action less it fails.
//
// Start reading at Policy.
package iam
