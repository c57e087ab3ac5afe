// Package dlq reads dead letters: where each came from, why it died, and whether
// anybody has dealt with it.
//
// A [Letter] is one record of a dead-letter topic, read by the header convention
// of the framework that wrote it, its [Dialect]. A [Reader] streams the letters of a
// topic, gives one by its [Coordinates], groups them by cause, and finds the
// dead-letter topics of a cluster. It also fetches the record that a letter came
// from, and [Compare] tells how the two differ.
//
// What a letter doesn't say is null, never zero. A header that can't be read is
// in the letter's problems, and the letter is there all the same.
//
// The functions here only read: they join no group, commit nothing and write
// nothing.
package dlq
