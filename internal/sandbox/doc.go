// Package sandbox runs a Kafka for trying evtctl out, inside evtctl's own
// process: one embedded broker (franz-go's kfake) on a loopback address, and if
// asked a schema registry beside it.
//
// [Start] gives a [Sandbox]; its Brokers are what any Kafka client connects to;
// Close ends it. Without a data folder everything is gone then. With one, topics,
// records, committed offsets, broker settings, access rules and the cluster id
// are there at the next start.
//
// # What a data folder promises
//
// What was acknowledged survives Close, and a process that is killed (even with
// SIGKILL): every write has reached the operating system before it is
// acknowledged. It survives a machine that loses power only with
// [Config.SyncWrites]. After a kill, but not after Close, four things are
// forgotten: the members of groups, which join again; what share groups have
// read; the exact log start after deleting records, so that some deleted ones may
// reappear; and open transactions, which count as aborted.
//
// # How it differs from a production cluster
//
// Topics are not created by being mentioned, because managed services and
// careful operators have that turned off: a mistyped name is an error here as it
// will be there. [Config.AutoCreateTopics] turns it on. A topic that is created
// without a partition count gets 6. There is one broker, so nothing is
// replicated. Quotas are stored and not enforced.
//
// In memory, a partition keeps its newest 32 MiB, so that a demo left running
// doesn't fill the machine; in a data folder, Kafka's defaults hold (7 days, any
// size).
//
// # The registry
//
// With [Config.RegistryAddr], a sandbox also serves a schema registry with the
// HTTP interface of Confluent's. A [Checker] that is handed in decides what is
// compatible, so that it refuses what a real one refuses, with the reasons. It
// keeps all that it is told in the data folder, and everything acknowledged
// survives a kill and a loss of power. It differs in that ids are the same in all contexts, and in
// what it lacks: metadata and rules, GUIDs, the mode IMPORT, and normalising
// schemas.
//
// It is not built on srfake of franz-go, the broker's sibling, because that keeps
// its state to itself, so that nothing could be persistent, and differs from a
// real registry where people would notice: a subject that was softly deleted
// can't be registered again, a refused registration leaves an empty subject, as
// does a setting, READONLY hinders nobody, and deletion has no order.
//
// The sandbox listens on loopback addresses only, and never will on others: it
// asks nobody for a password. See [Notice].
package sandbox
