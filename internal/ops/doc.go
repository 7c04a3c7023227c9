// Package ops runs what kmsplan does with files: the data blocks of a stack and
// the commands encrypt, decrypt, inspect and rewrap share this one engine. It
// chooses the gateway, gets or opens data keys, and rewrites files so that each
// is at every instant the whole old one or the whole new one.
//
// It may import envelope, kms, plan, state, hcl, kind and several. Start reading at
// Engine; place.go and atomic.go say how files are found and replaced, hold.go who may rewrite an
// envelope, scope.go how many files a data key serves, status.go what is stale.
package ops
