package avro

import (
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// Attributes that have a meaning of their own. All others are properties.
var (
	reservedInType = []string{
		"doc", "fields", "items", "name", "namespace", "size", "symbols", "values", "type", "aliases",
	}
	reservedInEnum  = append([]string{"default"}, reservedInType...)
	reservedInField = []string{"default", "doc", "name", "order", "type", "aliases"}
)

func reservedFor(k kind) []string {
	if k == kindEnum {
		return reservedInEnum
	}
	return reservedInType
}

// properties returns the attributes of a type or a field that aren't reserved. A
// type written as a mere name or a union has none.
func properties(v *value, reserved []string) map[string]*value {
	var all map[string]*value
	for _, m := range v.members {
		if slices.Contains(reserved, m.name) {
			continue
		}
		if all == nil {
			all = make(map[string]*value)
		}
		all[m.name] = m.value
	}
	return all
}

func sameProperties(a, b *value, reserved []string) bool {
	return maps.EqualFunc(properties(a, reserved), properties(b, reserved), sameJSON)
}

// sameJSON compares values as Java's JSON library does: the order of an object's
// members doesn't count, and a whole number never equals one with a fraction or
// an exponent.
func sameJSON(a, b *value) bool {
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case '"':
		return a.text == b.text
	case '0':
		return sameNumber(a, b)
	case '[':
		return slices.EqualFunc(a.elements, b.elements, sameJSON)
	case '{':
		return maps.EqualFunc(properties(a, nil), properties(b, nil), sameJSON)
	}
	return true
}

func sameNumber(a, b *value) bool {
	if a.text == b.text {
		return true
	}
	floatA, isFloatA := floatLiteral(a)
	floatB, isFloatB := floatLiteral(b)
	if isFloatA || isFloatB {
		return isFloatA && isFloatB && sameFloat(floatA, floatB)
	}
	intA, okA := new(big.Int).SetString(a.text, 10)
	intB, okB := new(big.Int).SetString(b.text, 10)
	return okA && okB && intA.Cmp(intB) == 0
}

// floatLiteral returns the number of a literal with a fraction or an exponent.
func floatLiteral(v *value) (float64, bool) {
	if v.kind != '0' || !strings.ContainsAny(v.text, ".eE") {
		return 0, false
	}
	number, _ := strconv.ParseFloat(v.text, 64) // what is too large is infinite, as in Java
	return number, true
}
