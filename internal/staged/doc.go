// Package staged holds what stands in git's index against what a configuration says of files: which are encrypted when
// they are committed. It reads the index and not the work tree, opens nothing, and repeats no content.
//
// It may import git, lint (whose findings it makes), hcl, kind, ops and document. Start reading at Check; rules.go says
// what is found.
package staged
