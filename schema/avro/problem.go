package avro

// Rule names what is wrong. All but the last are the SchemaIncompatibilityType of
// Apache Avro for Java, in kebab case.
type Rule string

const (
	// NameMismatch: two records, enums or fixeds have different names, regardless of
	// namespaces, and the reader's has no alias for the writer's.
	NameMismatch Rule = "name-mismatch"
	// FixedSizeMismatch: two fixeds differ in size.
	FixedSizeMismatch Rule = "fixed-size-mismatch"
	// MissingEnumSymbols: the writer's enum has symbols that the reader's lacks, and
	// the reader's has no default.
	MissingEnumSymbols Rule = "missing-enum-symbols"
	// ReaderFieldMissingDefaultValue: a field that the writer doesn't have has no
	// default.
	ReaderFieldMissingDefaultValue Rule = "reader-field-missing-default-value"
	// TypeMismatch: a type can't be read as the other.
	TypeMismatch Rule = "type-mismatch"
	// MissingUnionBranch: no branch of the reader's union can read a type of the writer's.
	MissingUnionBranch Rule = "missing-union-branch"
	// AmbiguousAlias: a field matches more than one of the writer's fields by its
	// name and aliases. Java has no name for this: it throws an exception, which
	// registries report as incompatible.
	AmbiguousAlias Rule = "ambiguous-alias"
)

// Problem is one thing that keeps a reader from reading a writer's data.
type Problem struct {
	Rule Rule
	// Path is what Java gives as the location: a JSON pointer into the reader's
	// schema that leads through references by name. Where a writer's type is a union
	// it has the index of that branch, and what Java first met while it tried a
	// union's branches begins at that branch. It is stable from run to run, and "/"
	// at the root. In a cause it is the pointer of Reader instead.
	Path string
	// Field is the place in the names of fields from the root, as in
	// "customer.addresses[].city"; empty at the root. Values of a map are {}.
	Field string
	// Reader and Writer are the parts of the schemas that don't go together. For a
	// field without default that the writer lacks they are the field and the
	// writer's record.
	Reader, Writer Place

	// Symbols are those that the reader's enum lacks, sorted, for MissingEnumSymbols.
	Symbols []string
	// WriterFields are the names of the writer's fields that match, for AmbiguousAlias.
	WriterFields []string
	// DefaultMends says that this problem would go away with a default in the
	// reader's schema: of the field, or of the enum for MissingEnumSymbols.
	DefaultMends bool
	// Aliases are names any of which would make the problem go away as an alias in
	// the reader's schema. For NameMismatch that is the writer's name. For
	// ReaderFieldMissingDefaultValue they are a guess at a renamed field: fields of a
	// fitting type that only the writer has, at most three.
	Aliases []string
	// Causes tell, for MissingUnionBranch, what is wrong with the branch that comes
	// nearest to the writer's type. Empty when none comes near.
	Causes []Problem

	// enumDefaultOnly marks Java's treatment of a field that relies on its enum's default.
	enumDefaultOnly bool
	// uselessAlias marks a name mismatch in spite of an alias; see aliasNames.
	uselessAlias bool
}

// Place is a part of a schema, and where it is written.
type Place struct {
	// File is the [Reference.Name] of the file; empty for the schema itself.
	File string
	// Pointer is the JSON pointer in that file.
	Pointer string
	// Line and Column count from 1, columns in characters.
	Line, Column int
	// Kind is "record", "union", "int" and so on.
	Kind string
	// Name is a named type's full name.
	Name string
	// Text describes the type, as in "union of null and string".
	Text string
	// Size is a fixed's, in bytes.
	Size int
}

// newPlace describes a type and a value that stands for it, or for a part of it.
func newPlace(t *typ, at *value) Place {
	line, column := at.doc.position(at.offset)
	return Place{
		File: at.doc.name, Pointer: at.pointer(), Line: line, Column: column,
		Kind: string(t.kind), Name: t.name.full, Text: t.words(), Size: t.size,
	}
}
