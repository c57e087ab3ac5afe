package schema

// Language is what the front door asks of a schema language. To add one, write it
// and put it into [Languages].
type Language interface {
	Format() Format
	// Rules names whose rules Check applies.
	Rules() string
	// Authoritative tells whether Check is the truth. Where it isn't, the answer is
	// advice, and a registry's verdict decides.
	Authoritative() bool
	// Parse reads a schema with exactly those it refers to, in any order. A mistake in
	// the text is a *[SyntaxError].
	Parse(text []byte, refs []Source) (Parsed, error)
	// Check tells what keeps a reader from reading what was written with another
	// schema. Both were made by Parse of the same language.
	Check(reader, writer Parsed) ([]Finding, error)
	// Diff tells what changed from one schema to the next, in words, in order.
	Diff(from, to Parsed) ([]Change, error)
	// Names lists what others can refer to in a file, and what it refers to that it
	// doesn't have itself.
	Names(src Source) (defines, needs []string, err error)
}

// Languages lists all languages.
func Languages() []Language { return []Language{avroLanguage{}, jsonLanguage{}, protobufLanguage{}} }

// LanguageOf finds a format's language.
func LanguageOf(f Format) (Language, error) {
	for _, l := range Languages() {
		if l.Format() == f {
			return l, nil
		}
	}
	return nil, askedf("", "format %q: no schema language of that name", f)
}

// Parsed is a schema that was read.
type Parsed interface {
	// RecordName is the full name of the schema's type, as in the naming strategies
	// RecordName and TopicRecordName; empty when it has none.
	RecordName() string
	// Remarks are what others may stumble over, in words; usually none.
	Remarks() []string
}

// Part is a part of a schema, and where it is written.
type Part struct {
	Text string // in words, as in "union of null and string"
	// File is the [Source.Path] of a schema that is referred to; empty for the
	// schema itself.
	File         string
	Line, Column int // from 1; 0 when unknown
}

// Finding is one thing that keeps a reader from reading a writer's data.
type Finding struct {
	Rule   string // kebab case, stable
	Path   string // a JSON pointer, stable, "/" for the root
	Field  string // as people write it: customer.addresses[].city; empty for the root
	Detail string // lower case, without a full stop; speaks of the reader and the writer
	// Reader and Writer are the parts that don't go together.
	Reader, Writer Part
	// MendReader and MendWriter are the ways out where the schema that can still be
	// changed is the reader's, or the writer's.
	MendReader, MendWriter string
}

// Change is one difference between two schemas.
type Change struct {
	Kind  string `json:"kind"`  // kebab case, stable
	Field string `json:"field"` // empty for the root
	Text  string `json:"text"`  // lower case, without a full stop
	From  string `json:"from"`  // empty for what was added
	To    string `json:"to"`    // empty for what was removed
	// Line and Column are in the new schema, from 1; 0 for what was removed.
	Line   int `json:"line"`
	Column int `json:"column"`
}
