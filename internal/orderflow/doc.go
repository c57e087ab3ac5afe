// Package orderflow is a small shop made of services that talk through Kafka: a
// cluster with something going on in it, for evtctl's commands to look at.
//
// [Run] creates the topics, starts the services, places orders, waits until they
// have been dealt with, and gives a [Summary] of what happened. Each service is
// one file, to be read for the pattern it shows:
//
//   - orders.go places orders and publishes an [OrderPlacedEvent] for each;
//   - inventory.go reserves stock and publishes a [StockReservedEvent]: works,
//     publishes, then commits;
//   - notification.go writes to customers, at most once: commits, then works;
//   - analytics.go counts, at least once, and slowly: it is the group that falls
//     behind, so that there is lag to see.
//
// consumer.go has what the three consumers have in common.
//
// # What holds, and what doesn't
//
// Every order has exactly one event (the producer is idempotent), and its key is
// the order's id, so that all that is said about an order is in one partition, in
// order. The inventory service reserves each order once as long as nothing
// crashes, rebalances included. If it crashes between publishing and committing,
// it reserves again: making that effectively once takes a database that holds the
// reservation and the processed event's id in one transaction, which this package
// doesn't have. The second event then has the same event id as the first, so a
// reader can tell.
//
// There is no dead-letter topic: a record that isn't an order is passed over, and
// counted.
//
// The events are JSON. The flow writes to its own topics and commits for its own
// groups; [Config.Prefix] keeps those apart from anything of the same name.
package orderflow
