package avro

import "fmt"

// ChangeKind names what changed.
type ChangeKind string

const (
	FieldAdded         ChangeKind = "field-added"
	FieldRemoved       ChangeKind = "field-removed"
	FieldRenamed       ChangeKind = "field-renamed" // the new field has the old name as an alias
	FieldsReordered    ChangeKind = "fields-reordered"
	TypeChanged        ChangeKind = "type-changed"
	LogicalTypeChanged ChangeKind = "logical-type-changed"
	DefaultAdded       ChangeKind = "default-added"
	DefaultRemoved     ChangeKind = "default-removed"
	DefaultChanged     ChangeKind = "default-changed"
	SortOrderChanged   ChangeKind = "sort-order-changed"
	BranchAdded        ChangeKind = "branch-added"
	BranchRemoved      ChangeKind = "branch-removed"
	BranchesReordered  ChangeKind = "branches-reordered"
	SymbolAdded        ChangeKind = "symbol-added"
	SymbolRemoved      ChangeKind = "symbol-removed"
	SymbolsReordered   ChangeKind = "symbols-reordered"
	SizeChanged        ChangeKind = "size-changed"
	NameChanged        ChangeKind = "name-changed"
	NamespaceChanged   ChangeKind = "namespace-changed"
	AliasAdded         ChangeKind = "alias-added"
	AliasRemoved       ChangeKind = "alias-removed"
	DocChanged         ChangeKind = "doc-changed"
	PropertyChanged    ChangeKind = "property-changed"
)

// Change is one difference between two schemas.
type Change struct {
	Kind ChangeKind
	// Field is the place in the names of fields from the root, the new names where
	// there are two, as in "customer.addresses[].city"; empty at the root.
	Field string
	// Subject is what was added, removed or changed there: a field, symbol, alias,
	// property or branch. Empty where Kind says all.
	Subject string
	// From and To say what was before and is now, in words or as JSON, shortened
	// where long. One is empty for what was added or removed.
	From, To string
	// Old and New are where that is written; zero for what was added or removed.
	Old, New Place
	// of is the type that Subject belongs to, in words.
	of string
}

// Text says the change in words, lower case and without a full stop.
func (c Change) Text() string {
	where := "the schema"
	if c.Field != "" {
		where = fmt.Sprintf("%q", c.Field)
	}
	switch c.Kind {
	case FieldAdded:
		return fmt.Sprintf("added field %q (%s)", c.Field, c.To)
	case FieldRemoved:
		return fmt.Sprintf("removed field %q (%s)", c.Field, c.From)
	case FieldRenamed:
		return fmt.Sprintf("renamed field %q to %q, with an alias", c.From, c.Field)
	case FieldsReordered:
		return fmt.Sprintf("fields of %s are in another order", c.of)
	case TypeChanged:
		return fmt.Sprintf("type of %s: %s → %s", where, c.From, c.To)
	case LogicalTypeChanged:
		return fmt.Sprintf("logical type of %s: %s → %s", where, orNone(c.From), orNone(c.To))
	case DefaultAdded, DefaultRemoved, DefaultChanged, SortOrderChanged, DocChanged, PropertyChanged:
		return c.attributeText(where)
	case BranchAdded:
		return fmt.Sprintf("added %s to the types of %s", c.To, where)
	case BranchRemoved:
		return fmt.Sprintf("removed %s from the types of %s", c.From, where)
	case BranchesReordered:
		return fmt.Sprintf("types of %s are in another order: %s → %s", where, c.From, c.To)
	}
	if c.of != "" {
		where = c.of
	}
	return c.namedText(where)
}

func (c Change) attributeText(where string) string {
	what := map[ChangeKind]string{
		DefaultAdded: "default", DefaultRemoved: "default", DefaultChanged: "default",
		SortOrderChanged: "sort order", DocChanged: "documentation", PropertyChanged: fmt.Sprintf("property %q", c.Subject),
	}[c.Kind]
	if c.of != "" {
		where = c.of
	}
	switch {
	case c.From == "":
		return fmt.Sprintf("added %s of %s: %s", what, where, c.To)
	case c.To == "":
		return fmt.Sprintf("removed %s of %s: %s", what, where, c.From)
	}
	return fmt.Sprintf("%s of %s: %s → %s", what, where, c.From, c.To)
}

// namedText is for what happens to a record, an enum, a fixed or their names.
func (c Change) namedText(where string) string {
	switch c.Kind {
	case SymbolAdded:
		return fmt.Sprintf("added symbol %q to %s", c.Subject, where)
	case SymbolRemoved:
		return fmt.Sprintf("removed symbol %q from %s", c.Subject, where)
	case SymbolsReordered:
		return fmt.Sprintf("symbols of %s are in another order", where)
	case SizeChanged:
		return fmt.Sprintf("size of %s: %s → %s bytes", where, c.From, c.To)
	case NameChanged:
		return fmt.Sprintf("name of %s: %s → %s", where, c.From, c.To)
	case NamespaceChanged:
		return fmt.Sprintf("namespace of %s: %s → %s", where, orNone(c.From), orNone(c.To))
	case AliasAdded:
		return fmt.Sprintf("added alias %q to %s", c.Subject, where)
	default:
		return fmt.Sprintf("removed alias %q from %s", c.Subject, where)
	}
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
