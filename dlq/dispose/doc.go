// Package dispose deals with dead letters: it sends them back, sets them aside, and
// takes that back.
//
// [NewPlan] says what would become of each letter that a [Request] is about, what
// won't and why. It reads the two clusters through a [dlq.Reader] and a [Target],
// which have no method that writes. A [Writer] does what a [Plan] says, exactly once,
// with an entry in the ledger for each letter, and gives a [Receipt].
//
// A letter that can't be dealt with never stops the others, and is never left out
// quietly: it is in the plan or in the receipt, with the reason.
//
// What is sent back has the user's headers as they were and none of the framework's,
// and three of its own: see [HeaderID]. The dead-letter topic itself is never changed.
package dispose
