// Package timeline answers where an order went: which records of a cluster carry an
// id, in what order they came about, who has read them, and what is missing.
//
// A [Query] names the id (of a trace, a correlation, an event or an order: nobody has
// to say which) and where to look. A [Searcher] reads the topics, those of dead letters
// and of retries too, and gives a [Report]: the records in one order, each with how it
// was found. [Report.OTLP] is the same as spans.
//
// Nothing is found by a part of something else: an id counts where it is the whole of a
// header, a key or a value in it, or the trace in a header that propagates traces. Where
// its bytes are in a value that can't be decoded, the report says so and doesn't guess.
//
// Only committed records are read. The package joins no group, commits nothing and
// writes nothing.
package timeline
