// Package relay publishes the outbox: it sends events that services have written in
// the transactions of their work, and marks them when Kafka has them.
//
// The pattern that it shows is that nothing is lost and nothing invented, at the
// price of duplicates: a relay that is killed between sending and marking sends
// again. Events of one order stay in their order.
package relay
