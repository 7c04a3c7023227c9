// Package http is the place of a state on a server that keeps one document under one address: GitLab's managed state,
// and every server that speaks the protocol of Terraform's http backend.
//
// Head, states and journal travel in one document, so each write is a whole one (document.go). What keeps a writer from
// writing over another is If-Match where the server honours it, otherwise that the server refuses a write under another
// lock's id; which of the two was measured with the first write and stands in the document (measure.go). A server
// that does neither is refused.
//
// Read from the top down: options.go, place.go, document.go, lock.go, measure.go, exchange.go. Package gitlab is a server
// for tests. Of ours it imports state and state/remote.
package http
