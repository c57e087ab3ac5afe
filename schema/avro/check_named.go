package avro

import "slices"

// compareNames compares the names of two records, enums or fixeds. Namespaces
// don't count, except in aliases.
func (c *checker) compareNames(reader, writer *use, at *step) *result {
	r, w := reader.is.name, writer.is.name
	if r.short == w.short || reader.is.hasAlias(w.full) {
		return nil
	}
	return c.add(nil, &finding{rule: NameMismatch, reader: reader, writer: writer, at: at, within: "name"})
}

// symbolsPerCost is how many symbols are looked up in the time of a pair.
const symbolsPerCost = 8

// compareSymbols looks for symbols that only the writer has. A reader whose enum
// has a default reads those as the default.
func (c *checker) compareSymbols(found *result, reader, writer *use, at *step) *result {
	c.budget -= len(writer.is.symbols) / symbolsPerCost
	var missing []string
	for _, symbol := range writer.is.symbols {
		if !reader.is.hasSymbol(symbol) {
			missing = append(missing, symbol)
		}
	}
	if len(missing) == 0 || reader.is.enumDefault != nil {
		return found
	}
	slices.Sort(missing)
	return c.add(found, &finding{
		rule: MissingEnumSymbols, reader: reader, writer: writer, at: at, within: "symbols", symbols: missing,
	})
}

// compareFields looks for what fills each of the reader's fields. Fields that
// only the writer has are skipped on reading, and do no harm.
func (c *checker) compareFields(found *result, reader, writer *use, at *step) *result {
	for i, f := range reader.is.fields {
		c.budget -= 1 + len(f.aliases)
		matches := writersFields(writer.is, f)
		place := step{kind: stepField, index: i, field: f}
		switch {
		case len(matches) == 1:
			place.writer = matches[0]
			place.inside = true
			found = merge(found, c.compare(f.typ, matches[0].typ, at.next(place)))
		case len(matches) > 1:
			ambiguous := &finding{rule: AmbiguousAlias, reader: reader, writer: writer, at: at.next(place), fields: matches}
			c.ambiguous = append(c.ambiguous, ambiguous)
			found = c.add(found, ambiguous)
		case f.deflt != nil:
			continue
		case f.typ.is.kind == kindEnum && f.typ.is.enumDefault != nil:
			// Java lets the enum's default count, then compares the enum with the
			// writer's whole record, which never fits.
			place.inside = true
			found = merge(found, c.compare(f.typ, writer, at.next(place)))
		default:
			found = c.add(found, &finding{rule: ReaderFieldMissingDefaultValue, reader: reader, writer: writer, at: at.next(place)})
		}
	}
	return found
}

// writersFields returns the writer's fields that a reader's field reads, by its
// name or an alias. More than one is a mistake in the reader's schema; one that
// has its own name among its aliases counts twice, as in Java.
func writersFields(writer *typ, f *field) []*field {
	var matches []*field
	if direct := writer.byName[f.name]; direct != nil {
		matches = append(matches, direct)
	}
	for _, alias := range f.aliases {
		if direct := writer.byName[alias]; direct != nil {
			matches = append(matches, direct)
		}
	}
	return matches
}
