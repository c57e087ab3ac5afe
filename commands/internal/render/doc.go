// Package render is how evtctl speaks: the one place that knows about tables,
// colour, terminals and the formats of -o. Commands hand it data; it holds the
// rules of output for all of them.
//
//   - [Print] shows one answer, a [View], on stdout in the [Format] asked for.
//     Its Document's struct tags are the contract with scripts; its Columns are
//     declared once and feed table, wide and csv.
//   - [Line] is for commands whose answer is a sentence or goes on as they run.
//   - Everything else goes to stderr: [Message], [Error], [Progress], [Confirm].
//   - [RunScreen] shows a live view on a terminal; [Browse] lets rows be looked
//     through there, marked, and handed to an action.
//
// Nothing foreign (names, keys, values, headers, a broker's messages) reaches a
// terminal unescaped, in any format: Print, Message, Confirm, RunScreen and Browse
// escape what they are given, so callers hand over raw text and never call [Escape]
// first.
//
// Colour never carries meaning alone and is never sent to anything that isn't a
// terminal unless CLICOLOR_FORCE asks for it. The package never asks a terminal
// questions of its own (such as the colour of its background).
package render
