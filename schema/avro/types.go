package avro

import "strings"

// kind is what a type is, in the specification's words.
type kind string

const (
	kindNull    kind = "null"
	kindBoolean kind = "boolean"
	kindInt     kind = "int"
	kindLong    kind = "long"
	kindFloat   kind = "float"
	kindDouble  kind = "double"
	kindBytes   kind = "bytes"
	kindString  kind = "string"
	kindRecord  kind = "record"
	kindEnum    kind = "enum"
	kindFixed   kind = "fixed"
	kindArray   kind = "array"
	kindMap     kind = "map"
	kindUnion   kind = "union"
)

var primitives = map[string]kind{
	"null": kindNull, "boolean": kindBoolean, "int": kindInt, "long": kindLong,
	"float": kindFloat, "double": kindDouble, "bytes": kindBytes, "string": kindString,
}

// typ is one definition of a type. Uses of a named type share its definition;
// every other type is a definition of its own wherever it is written. Which of
// them are the same object decides, here as in Java, where a comparison that
// meets a pair for the second time says it found the problem.
type typ struct {
	kind kind
	at   *value // where it is defined

	name     name     // record, enum, fixed
	aliases  []string // full names as Java compares them: see aliasNames
	aliasSet map[string]bool
	same     *typ // the first definition, if this one repeats it

	fields  []*field // record
	byName  map[string]*field
	symbols []string // enum
	ordinal map[string]int
	// enumDefault is what a reader makes of symbols it doesn't know; nil when there is none.
	enumDefault *string
	size        int    // fixed: bytes
	items       *use   // array: its items; map: its values
	branches    []*use // union
}

// use is a place where a type is asked for: by definition, or by name.
type use struct {
	at *value
	is *typ // nil for a name that is yet to be resolved
	// wants is the full name to resolve. A reference to a later definition looks for
	// that name only, one to an earlier definition also in the null namespace.
	wants string
}

type field struct {
	at      *value
	name    string
	typ     *use
	deflt   *fieldDefault // nil when there is none
	aliases []string
	order   string // ASCENDING, DESCENDING or IGNORE
}

// fieldDefault is a field's default: JSON, except that a string for a float or
// double field is the number in it, which is how NaN is written.
type fieldDefault struct {
	at     *value
	number *float64
}

// name is a named type's name. The null namespace is the empty one.
type name struct {
	space, short, full string
}

func newName(text, space string) name {
	short := text
	if dot := strings.LastIndexByte(text, '.'); dot >= 0 {
		space, short = text[:dot], text[dot+1:]
	}
	n := name{space: space, short: short, full: short}
	if space != "" {
		n.full = space + "." + short
	}
	return n
}

// named tells whether definitions of this kind have a name.
func (t *typ) named() bool {
	return t.kind == kindRecord || t.kind == kindEnum || t.kind == kindFixed
}

// unionKey is what two branches of one union may not have in common.
func (t *typ) unionKey() string {
	if t.named() {
		return t.name.full
	}
	return string(t.kind)
}

// hasSymbol tells whether an enum has the symbol.
func (t *typ) hasSymbol(symbol string) bool {
	_, ok := t.ordinal[symbol]
	return ok
}

// hasAlias tells whether a writer's type of that full name is meant by an alias.
func (t *typ) hasAlias(full string) bool {
	return t.aliasSet[full]
}
