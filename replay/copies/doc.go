// Package copies brings a span of a topic into another topic, or another cluster,
// exactly once.
//
// [NewPlan] works out a [Plan] with two [View]s, which can't write: which offsets of
// each partition, as of now, and what of them is there already. [Writer.Apply] copies
// the rest and gives a [Receipt]; the same again goes on after any interruption.
// [Plan.Verify] reads both sides and says what differs.
//
// A record keeps its key, value, headers and partition; a null stays null. Its time
// becomes that of the copy, unless [Request.KeepTime] says otherwise, and the old one
// goes into [HeaderTime]: a topic with retention deletes old records at once.
//
// What was copied is kept in the topic [Topic] of the cluster that is written to, as
// spans of offsets by source partition, in the transaction of the records. A copy is
// known there by the topics' ids and all that decides what is written, see [Identity];
// so a record is copied once, however often and with whatever span the same copy is
// asked for. Readers of uncommitted records may see records of aborted transactions:
// [HeaderID] and [HeaderFrom] are the same in all of them.
//
// The package never writes to the source, and to no target that is the source.
package copies
