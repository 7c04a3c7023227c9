// Package pgtest starts a PostgreSQL of one test's own, which the test may stop, start again and cut the sessions of, and
// PgBouncer before it. It is the server's real program on an empty directory; where there is none the test skips.
//
// It imports nothing of ours. Start reading at Start.
package pgtest
