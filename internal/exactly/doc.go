// Package exactly writes records to a Kafka cluster exactly once, for readers that
// read committed records only, and goes on after any crash by being run again.
//
// [Run] takes items from a [Source], leaves out those that the [Ledger] holds, and
// writes the rest in small transactions. The ledger is a topic in the cluster that
// is written to; its entries are part of the transaction of the records they tell of.
// So either both are there or neither is, and whoever runs the same again finds in
// the ledger what is left to do. What an item is, only the caller and its ledger know:
// dead letters to replay, or a span of a topic to copy.
//
// The protocol, and why each rule is there:
//
//  1. One transactional id for each source topic, never for a job or a person. It is
//     the mutex: two runs of the same source fence each other by it, so that one of
//     them ends with a [*TakenOverError]. With ids of their own both would write
//     everything. In truth it is a pair of ids, the second with [SecondSuffix], that
//     take turns: while one transaction is being committed, the records of the next
//     are on their way. Both are initialised, the first one first; transactions commit
//     one after the other, in order; and the second id only ever commits right after
//     the first. So a run that holds only one of them commits nothing.
//  2. First the producers are initialised. That fences a predecessor and ends its open
//     transaction, and returns only when that has become visible.
//  3. Then the ledger's high watermark is taken, and the ledger is read, committed
//     records only, up to that mark. Reading to the last stable offset would not do: a
//     stranger's open transaction holds it back, and everything behind it would be
//     written again. Such a transaction is waited out, and [Config.Notice] says so.
//  4. Only then is it decided what is left to do.
//  5. A transaction has at most 12,000 records and 20 MiB and is to take less than a
//     second: while it is open, no read_committed reader of the target gets on. The
//     limit on the rate rests between transactions for the same reason. Its timeout is
//     10 seconds, since a crashed run that nobody resumes blocks those readers so long.
//  6. Within a transaction the records are written first. Their offsets are final
//     when they are acknowledged, before the commit. Then come the ledger's entries,
//     which therefore name where each record is: nothing has to be added later, and no
//     entry can name an offset that the commit doesn't cover.
//  7. A transaction with any record that wasn't acknowledged is aborted, never
//     committed. The client would commit what did arrive.
//  8. A commit whose outcome is unknown is decided by the ledger: the producers are
//     initialised again, the ledger read on, and what it doesn't hold is written again.
//     Nothing is remembered in files.
//     The same goes for a transaction that the coordinator ended because it took too
//     long, as long as nobody else has initialised the first id since.
//  9. A run joins no consumer group. After a kill -9 a member's partitions would be
//     held for the session timeout; without, the next run goes on at once.
//
// One bad record fails its whole batch, at the broker. So the target's settings are
// read first (partitions, max.message.bytes, cleanup.policy), and where the broker
// refuses nevertheless, the batch is halved until the bad record is alone. It is then
// reported as failed, and the rest is written.
//
// What isn't promised: readers that read uncommitted records (the default of the Java
// client) may see records of aborted transactions. Records of one partition keep the
// order of the source, except those that come after a failed one.
//
// Where the transactional id isn't permitted, [AtLeastOnce] does without it, by name
// only: see there.
package exactly
