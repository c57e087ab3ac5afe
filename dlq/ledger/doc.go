// Package ledger remembers what became of dead letters, in two topics of the cluster
// that replayed letters are written to: the ledger, which is compacted and holds the
// newest [Entry] of each letter, and the audit topic, which keeps all of them, many to a
// record.
//
// [Create] or [Open] find the topics and refuse those that can't be trusted. An
// [Index] tells a letter's [Disposition] in little memory. A [Book] is the ledger of
// one run, for package exactly: it makes the entries that are written in the
// transaction of the replayed records. [Topics.History] tells who did what and when,
// and [CommitPrefix] shows the undisposed letters to ordinary lag tools.
//
// The DLQ itself is never changed. A letter is named by its cluster's id, its topic's
// id, partition and offset, so that a topic made anew under the same name has no
// dispositions.
package ledger
