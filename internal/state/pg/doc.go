// Package pg is the place of a state in PostgreSQL: a row for the head, which is replaced where its revision still is the
// one that was seen, rows for objects, and a history that SQL can read.
//
// No session is relied on: there are no advisory locks and no prepared statements, each promise is one statement, and a
// pooler in transaction mode changes nothing. The schema is made with the first write.
//
// Read options.go, place.go and schema.go. Of ours it imports state, state/remote and, for its connections, state/pg/connect.
package pg
