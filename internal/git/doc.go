// Package git is what kmsplan asks of git and sets up in a repository: the attributes and the configuration that let
// git show and merge encrypted files, and the contents of its index. It runs the git that is installed and reads no
// object itself.
//
// It may import durable. Start reading at Repository; install.go is what is set up, attributes.go the lines in
// .gitattributes.
package git
