// Package consume is what all consumers of the order flow have in common: a service
// supplies the work for one record, or for a batch, and this package does the rest.
//
// [New] takes a [Config], [Consumer.Run] reads until its context ends. Records of
// one partition are worked on in their order, partitions beside each other. Work
// that fails is tried again, then the record goes to the dead-letter topic, on the
// partition it came from and with the headers that Spring Kafka writes. No commit
// passes a record that is neither handled nor dead-lettered: what can't be
// dead-lettered stops its partition until it can.
//
// The pattern that it shows is the choice between losing and doubling: [AtLeastOnce]
// works and then commits, [AtMostOnce] commits and then works. What happens to a
// record when the process is killed in between is the whole difference.
package consume
