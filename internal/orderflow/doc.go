// Package orderflow is a small shop made of services that talk through Kafka: a
// cluster with something going on in it, for evtctl's commands to look at.
//
// [Run] makes the topics, starts the services, lets customers order, waits until all
// has been dealt with, and gives a [Summary]. [Verify] tells whether what must hold
// does. Each service is one file, to be read for the pattern it shows:
//
//   - order (package order): takes an order and writes the event that tells of it, in
//     one transaction; package relay sends it later;
//   - inventory.go reserves stock, effectively once: the reservation and the event's
//     id are written in one transaction;
//   - payment.go charges and refunds, keyed by the order, so that nothing overtakes;
//   - delivery.go ships what is both paid and reserved, whichever comes first;
//   - notification.go writes to customers, at most once;
//   - analytics.go counts in batches, at least once, and slowly: its group lags;
//   - monitor.go raises an alert when dead letters come too fast.
//
// What services have in common is in package consume, their database in package
// store, the events in package event, tracing in package trace.
//
// # What holds
//
// However often a service is killed: each order has one event and one reservation,
// nothing is reserved, charged or shipped without an order, and what is said about an
// order is in its order. Scenarios (scenario.go) break that on purpose, one thing at a
// time, and say what broke.
package orderflow
