// Package postgres is a source whose objects are the values of one column of a PostgreSQL table: bytea, or text that holds
// an envelope in base64 or a sealed document as it is. A row's primary key names its object.
//
// A write is one statement that takes effect where the value still is the one that was opened, by its SHA-256, and where
// what the table holds afterwards is what was written: a trigger that changes it undoes the statement. Nothing of a session
// is relied on, so that a pooler in transaction mode may stand before the server. In a context that carries a transaction
// of the same database (state/pg/connect), the write is part of that one.
//
// Read options.go, table.go, key.go, then replace.go. Of ours it imports batch/source, state/pg/connect for its connections
// and state/remote for its retries.
package postgres
