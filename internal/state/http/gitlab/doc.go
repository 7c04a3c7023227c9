// Package gitlab is a server for tests that answers as GitLab's managed Terraform state does, by its documentation: one
// document an address, versions that are taken once, locks by POST and DELETE that a write has to name. It can also be a
// plain server that honours If-Match, or one that honours nothing.
//
// Of ours it imports nothing. What it was checked against is named beside each answer.
package gitlab
