// Package store is the order flow's database: SQLite in a file, or PostgreSQL, by
// the same code.
//
// [Open] gives a [DB] with its tables made. A service does its work in a
// transaction: [DB.Do], or [DB.Once] where doing it twice would do harm.
//
// Two patterns live here. The outbox: what is to be told to others is written in
// the transaction of the work ([Tx.Publish]) and sent later by a relay, so that
// neither is there without the other. And the processed event: its id is written in
// the transaction of the work that it causes, so that a second delivery does
// nothing.
package store
