// Package ops runs what kmsplan does with files: the data blocks of a stack and
// the commands encrypt, decrypt, inspect and rewrap share this one engine. It
// chooses the gateway, gets or opens data keys, and rewrites files so that each
// is at every instant the whole old one or the whole new one.
//
// It may import envelope, kms, plan, state and hcl. Start reading at Engine.
package ops
