// Package event has the events of the order flow: what they say, how they are
// written and which topics and groups carry them.
//
// An [Event] is what happened, its [Envelope] which event it is and what caused
// it, and a [Codec] turns events into bytes: [Avro] with a schema registry, or
// plain [JSON]. [NewRecord] packs all three, with the order's id as the key, so
// that one order's events stay in one partition and in order.
//
// The pattern that it shows is the derived id: an event that another causes takes
// its id from that one ([Envelope.Causes]). Whoever does the work twice writes the
// same event twice, and readers can tell.
package event
