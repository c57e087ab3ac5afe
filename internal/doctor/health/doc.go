// Package health answers whether everything is well: one page of figures about a
// cluster and what runs on it, each with its limit, a verdict, the evidence, and the
// command to type next.
//
// [Collect] looks for a while and gives a [Report] of facts: groups with their lag,
// rebalances and latency, dead-letter topics, partitions without all of their replicas,
// open transactions. [Judge] holds it against [Limits] and fills in its [Figure]s, the
// most urgent first. [Metrics] shows both to Prometheus.
//
// How each figure is measured is in its Measured field. A figure that could not be
// learnt has the verdict "unknown" and says why; it is never zero.
//
// The package only reads: it joins no group, and writes nothing.
package health
