package render

// Column is one column of a table: its heading, and how a row's cell reads.
// Declared once, it feeds table, wide, csv and live screens.
type Column[R any] struct {
	// Name is the heading, such as "LOG-END-OFFSET".
	Name string
	// Wide leaves the column to wide and csv.
	Wide bool
	// Right aligns to the right: for numbers.
	Right bool

	// Raw is the cell for csv: plain numbers, times as RFC 3339 in UTC, empty for
	// unknown. A column without Raw is for people only and not in csv.
	Raw func(R) string
	// Text is the cell for people; nil: as Raw. Empty is shown as "-".
	Text func(R) string
	// Tone colours the cell of a table; nil: Plain.
	Tone func(R) Tone

	// Shrink marks free text whose middle may be cut to "…" on a narrow terminal.
	// Nothing is cut when piped, in wide and in csv.
	Shrink bool
	// Drop is when the column is left out of a table on a narrow terminal, highest
	// number first, the rightmost of equals first; 0 is never. A line on stderr
	// names what was left out.
	Drop int
}

// View is one answer in every form.
type View[R any] struct {
	// Document is the answer for json and yaml: its struct tags are the contract.
	Document any
	// Rows are for table, wide and csv, and one jsonl object each.
	Rows    []R
	Columns []Column[R]
	// Lines are the jsonl objects when they are not the Rows; nil: the Rows. (To say
	// "none", use an empty slice.)
	Lines []any
	// Empty is what a person is told on stderr when there are no rows, such as "no
	// groups". The headings are left out then, on a terminal as in a pipe, as kubectl
	// does: a heading over nothing reads like an answer. Csv keeps its header line,
	// since programs read the columns from it.
	Empty string
	// Continued says that the rows go on with an answer that was begun before: tables
	// and csv have no headings then. A table's columns are as wide as these rows need.
	Continued bool
}
