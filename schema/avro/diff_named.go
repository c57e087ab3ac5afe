package avro

import (
	"slices"
	"strconv"
	"strings"
)

// named compares two records, enums or fixeds, each pair once.
func (d *differ) named(from, to *use, at *step) {
	f, t := from.is, to.is
	key := pair{f, t}
	if d.seen[key] {
		return
	}
	d.seen[key] = true
	d.names(f, t, at)
	d.doc(f, t, f.at, t.at, t.words(), at)
	d.attributes(f, t, at)
	switch f.kind {
	case kindFixed:
		if f.size != t.size {
			d.add(Change{
				Kind: SizeChanged, From: strconv.Itoa(f.size), To: strconv.Itoa(t.size), of: "fixed " + t.name.full,
				Old: newPlace(f, f.at.get("size")), New: newPlace(t, t.at.get("size")),
			}, at)
		}
	case kindEnum:
		d.enums(f, t, at)
	default:
		d.records(f, t, at)
	}
}

func (d *differ) names(f, t *typ, at *step) {
	old, now := newPlace(f, f.at.get("name")), newPlace(t, t.at.get("name"))
	if f.name.short != t.name.short {
		d.add(Change{Kind: NameChanged, From: f.name.full, To: t.name.full, of: string(t.kind), Old: old, New: now}, at)
	} else if f.name.space != t.name.space {
		d.add(Change{
			Kind: NamespaceChanged, From: f.name.space, To: t.name.space, of: string(t.kind) + " " + t.name.short, Old: old, New: now,
		}, at)
	}
	d.aliases(f, t, f.aliases, t.aliases, f.at, t.at, t.words(), at)
}

func (d *differ) aliases(f, t *typ, before, after []string, old, now *value, of string, at *step) {
	had, has := setOf(before), setOf(after)
	for _, alias := range after {
		if !had[alias] {
			d.add(Change{Kind: AliasAdded, Subject: alias, To: alias, of: of, New: newPlace(t, now.get("aliases"))}, at)
		}
	}
	for _, alias := range before {
		if !has[alias] {
			d.add(Change{Kind: AliasRemoved, Subject: alias, From: alias, of: of, Old: newPlace(f, old.get("aliases"))}, at)
		}
	}
}

func setOf(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

func (d *differ) doc(f, t *typ, old, now *value, of string, at *step) {
	before, _ := old.getText("doc")
	after, _ := now.getText("doc")
	if before == after {
		return
	}
	d.add(Change{
		Kind: DocChanged, From: jsonText(old.get("doc")), To: jsonText(now.get("doc")), of: of,
		Old: placeOf(f, old.get("doc")), New: placeOf(t, now.get("doc")),
	}, at)
}

func (d *differ) enums(f, t *typ, at *step) {
	of := "enum " + t.name.full
	var order []int
	for _, symbol := range t.symbols {
		if i, ok := f.ordinal[symbol]; ok {
			order = append(order, i)
			continue
		}
		d.add(Change{
			Kind: SymbolAdded, Subject: symbol, To: symbol, of: of,
			New: newPlace(t, t.at.get("symbols").elements[t.ordinal[symbol]]),
		}, at)
	}
	for i, symbol := range f.symbols {
		if !t.hasSymbol(symbol) {
			d.add(Change{
				Kind: SymbolRemoved, Subject: symbol, From: symbol, of: of, Old: newPlace(f, f.at.get("symbols").elements[i]),
			}, at)
		}
	}
	if !slices.IsSorted(order) {
		d.add(Change{
			Kind: SymbolsReordered, of: of, Old: newPlace(f, f.at.get("symbols")), New: newPlace(t, t.at.get("symbols")),
		}, at)
	}
	var before, after *value
	if f.enumDefault != nil {
		before = f.at.get("default")
	}
	if t.enumDefault != nil {
		after = t.at.get("default")
	}
	if before == nil || after == nil || *f.enumDefault != *t.enumDefault {
		d.defaults(f, t, before, after, of, at)
	}
}

// defaults tells of a default that came, went or, both being there, changed.
func (d *differ) defaults(f, t *typ, before, after *value, of string, at *step) {
	kind := DefaultChanged
	switch {
	case before == nil && after == nil:
		return
	case before == nil:
		kind = DefaultAdded
	case after == nil:
		kind = DefaultRemoved
	}
	d.add(Change{
		Kind: kind, From: jsonText(before), To: jsonText(after), of: of, Old: placeOf(f, before), New: placeOf(t, after),
	}, at)
}

func (d *differ) records(f, t *typ, at *step) {
	index := make(map[*field]int, len(f.fields))
	for i, old := range f.fields {
		index[old] = i
	}
	kept := make(map[*field]bool, len(f.fields))
	var order []int // of the old fields, as the new record has them
	for i, now := range t.fields {
		place := at.next(step{kind: stepField, index: i, field: now, inside: true})
		old := f.byName[now.name]
		if old == nil {
			old = renamedFrom(f, t, now)
		}
		if old == nil {
			d.add(Change{Kind: FieldAdded, Subject: now.name, To: now.words(), New: newPlace(now.typ.is, now.at)}, place)
			continue
		}
		kept[old] = true
		order = append(order, index[old])
		d.fields(old, now, place)
	}
	for i, old := range f.fields {
		if !kept[old] {
			d.add(Change{Kind: FieldRemoved, Subject: old.name, From: old.words(), Old: newPlace(old.typ.is, old.at)},
				at.next(step{kind: stepField, index: i, field: old}))
		}
	}
	if !slices.IsSorted(order) {
		d.add(Change{
			Kind: FieldsReordered, of: t.words(), Old: newPlace(f, f.at.get("fields")), New: newPlace(t, t.at.get("fields")),
		}, at)
	}
}

// renamedFrom is the field of the old record that a new one has as an alias, if
// the new record has no field of that name.
func renamedFrom(f, t *typ, now *field) *field {
	for _, alias := range now.aliases {
		if old := f.byName[alias]; old != nil && t.byName[alias] == nil {
			return old
		}
	}
	return nil
}

// words is the field's type and default.
func (f *field) words() string {
	if f.deflt == nil {
		return f.typ.is.words()
	}
	return f.typ.is.words() + "; default " + jsonText(f.deflt.at)
}

// fields compares two fields.
func (d *differ) fields(old, now *field, at *step) {
	f, t := old.typ.is, now.typ.is
	aliases := now.aliases
	if old.name != now.name {
		d.add(Change{
			Kind: FieldRenamed, Subject: now.name, From: old.name, To: now.name, Old: newPlace(f, old.at), New: newPlace(t, now.at),
		}, at)
		// That the old name is an alias now is said with it.
		aliases = slices.DeleteFunc(slices.Clone(aliases), func(alias string) bool { return alias == old.name })
	}
	d.types(old.typ, now.typ, at)
	if !sameDefault(old.deflt, now.deflt) {
		d.defaults(f, t, old.at.get("default"), now.at.get("default"), "", at)
	}
	if old.order != now.order {
		d.add(Change{
			Kind: SortOrderChanged, From: strings.ToLower(old.order), To: strings.ToLower(now.order),
			Old: newPlace(f, old.at), New: newPlace(t, now.at),
		}, at)
	}
	d.aliases(f, t, old.aliases, aliases, old.at, now.at, "", at)
	d.doc(f, t, old.at, now.at, "", at)
	d.properties(f, t, old.at, now.at, reservedInField, "", at)
}
