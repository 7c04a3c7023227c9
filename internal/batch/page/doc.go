// Package page shows batches to people who would rather look: a handler over any queue, that works without JavaScript, and
// the server for it. Start reading at New.
//
// Whoever reaches it is not trusted with more than the token lets them: the Host header is one of the page's own (a foreign
// name that resolves to it is DNS rebinding), changes need the token, a form of the page's own and a browser that says where
// it comes from. Without a token the page only shows, and Listen keeps it on this machine.
//
// Of ours it imports batch, batch/queue, batch/quota, and durable for who owns a token's file.
package page
