// Package connect makes connections to PostgreSQL for whatever of ours keeps something there, so that one rule stands in one
// place: TLS where the server is not this machine, no password in what is written down, nothing that a pooler in
// transaction mode would not carry, no connection without a deadline.
//
// It also carries a transaction from whoever began it to whoever takes part in it, in a context: see tx.go.
//
// Read connect.go. Of ours it imports safety alone.
package connect
