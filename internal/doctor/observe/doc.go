// Package observe looks at consumer groups for a while, and back over the hour before.
// A single look can't tell a group that rebalances over and over from one that has just
// begun, or a partition that stands still from one that is slow.
//
// [Groups] gives an [Observation]. It has a report at the beginning of a window and one
// at its end, and for each group an [Activity] from the looks between and, where the
// user may read it, from the topic in which Kafka keeps commits and generations
// (__consumer_offsets): how often the group rebalanced, and when it committed what.
// Commits have times there; from those, and from the time stamps of the records that
// were committed, comes the latency between producing and consuming.
//
// What could not be learnt is unknown and says why. The package only reads: it joins no
// group and commits nothing.
package observe
