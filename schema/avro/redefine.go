package avro

import (
	"math"
	"slices"
)

// repeats tells whether a definition is equal to the first of its name, as
// Schema.equals has it in Java: aliases, documentation and an enum's default
// don't count, other properties do, a logical type among them.
func repeats(t, first *typ) bool {
	if t == first {
		return true
	}
	if t.kind != first.kind || t.name.full != first.name.full || !sameProperties(t.at, first.at, reservedFor(t.kind)) {
		return false
	}
	switch t.kind {
	case kindRecord:
		return slices.EqualFunc(t.fields, first.fields, repeatsField)
	case kindEnum:
		return slices.Equal(t.symbols, first.symbols)
	case kindFixed:
		return t.size == first.size
	case kindArray, kindMap:
		return repeatsUse(t.items, first.items)
	case kindUnion:
		return slices.EqualFunc(t.branches, first.branches, repeatsUse)
	}
	return true
}

// repeatsUse compares two uses. A reference that isn't resolved yet is equal to
// nothing, not even to a reference to the same name.
func repeatsUse(u, first *use) bool {
	return u.is != nil && first.is != nil && repeats(u.is, first.is)
}

func repeatsField(f, first *field) bool {
	return f.name == first.name && repeatsUse(f.typ, first.typ) && f.order == first.order &&
		sameDefault(f.deflt, first.deflt) && sameProperties(f.at, first.at, reservedInField)
}

func sameDefault(a, b *fieldDefault) bool {
	switch {
	case a == nil || b == nil:
		return a == b
	case a.number != nil && b.number != nil:
		return sameFloat(*a.number, *b.number)
	case a.number != nil || b.number != nil:
		number, other := a, b
		if number.number == nil {
			number, other = b, a
		}
		literal, isFloat := floatLiteral(other.at)
		return isFloat && sameFloat(*number.number, literal)
	}
	return sameJSON(a.at, b.at)
}

// sameFloat is Java's Double.equals: NaN equals NaN, and zero not minus zero.
func sameFloat(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b)
}
