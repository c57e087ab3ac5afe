// Package lag answers how far consumer groups are behind, in records and in
// time, and whether that is acceptable.
//
// [Collect] reads the state of groups into a [Report]; [Judge] holds a report
// against [Limits] and fills in its verdicts. [Trend] compares reports taken one
// after the other: what moves, how fast, and what stands still. [Metrics] shows a
// report to Prometheus.
//
// All four kinds of group are read: classic, consumer (KIP-848), share (KIP-932)
// and streams (KIP-1071). What could not be learnt is [Unknown], never zero, and
// stays in the report with its reason.
//
// The package only reads: it joins no group and commits nothing.
package lag
