package avro_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// generator makes schemas as JSON values. They draw on few names, so that two of
// them, and the parts of one, have much to do with each other.
type generator struct {
	*rand.Rand
	defined []string // full names, enclosing types and ones yet to come among them
	depth   int
}

type object = map[string]any

var (
	primitiveNames = []string{"null", "boolean", "int", "long", "float", "double", "bytes", "string"}
	typeNames      = []string{"A", "B", "C", "D", "E", "F", "G"}
	namespaces     = []string{"", "x", "x.y", "z"}
	fieldNames     = []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	symbolNames    = []string{"S0", "S1", "S2", "S3", "S4", "S5"}
	logicalTypes   = []object{
		{"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2},
		{"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 4},
		{"type": "bytes", "logicalType": "decimal"},
		{"type": "long", "logicalType": "timestamp-millis"},
		{"type": "long", "logicalType": "timestamp-micros"},
		{"type": "int", "logicalType": "date"},
		{"type": "string", "logicalType": "uuid"},
		{"type": "int", "logicalType": "uuid"},
	}
)

func pick[T any](g *generator, from []T) T { return from[g.IntN(len(from))] }

// chance is true once in n times.
func (g *generator) chance(n int) bool { return g.IntN(n) == 0 }

// schema makes a whole schema, mostly a record.
func (g *generator) schema() any {
	g.defined, g.depth = nil, 0
	switch {
	case g.chance(12):
		return g.typ("")
	case g.chance(6):
		return g.union("")
	}
	return g.record("")
}

func (g *generator) typ(space string) any {
	if g.depth > 4 {
		return pick(g, primitiveNames)
	}
	g.depth++
	defer func() { g.depth-- }()
	switch n := g.IntN(20); {
	case n < 6:
		return pick(g, primitiveNames)
	case n < 7:
		return clone(pick(g, logicalTypes))
	case n < 9:
		return object{"type": "array", "items": g.typ(space)}
	case n < 10:
		return object{"type": "map", "values": g.typ(space)}
	case n < 12:
		return g.union(space)
	case n < 14:
		return g.record(space)
	case n < 16:
		return g.enum(space)
	case n < 17:
		return g.fixed(space)
	}
	return g.reference(space)
}

// reference is the name of a type that is known, enclosing or, rarely, unknown.
func (g *generator) reference(space string) any {
	if len(g.defined) == 0 {
		return pick(g, primitiveNames)
	}
	name := pick(g, g.defined)
	if g.chance(40) {
		name = pick(g, typeNames)
	}
	if prefix, short, ok := strings.Cut(name, "."); ok && prefix == space && !strings.Contains(short, ".") && g.chance(2) {
		name = short
	}
	if g.chance(15) {
		return object{"type": name}
	}
	return name
}

// name adds a new name to a definition and returns the namespace for what is in it.
func (g *generator) name(definition object, space string) string {
	short := pick(g, typeNames)
	own := space
	if g.chance(2) {
		own = pick(g, namespaces)
	}
	full := strings.TrimPrefix(own+"."+short, ".")
	for tries := 0; slices.Contains(g.defined, full) && !g.chance(30); tries++ {
		short = fmt.Sprintf("%s%d", pick(g, typeNames), tries)
		full = strings.TrimPrefix(own+"."+short, ".")
	}
	g.defined = append(g.defined, full)
	switch {
	case own != "" && g.chance(3):
		definition["name"] = full
	case own != space || g.chance(3):
		definition["name"], definition["namespace"] = short, own
	default:
		definition["name"] = short
	}
	if g.chance(5) {
		definition["aliases"] = []any{g.alias()}
	}
	return own
}

func (g *generator) alias() any {
	short := pick(g, typeNames)
	if g.chance(4) {
		return "." + short // in the null namespace
	}
	return strings.TrimPrefix(pick(g, namespaces)+"."+short, ".")
}

func (g *generator) record(space string) any {
	record := object{"type": "record"}
	space = g.name(record, space)
	names := slices.Clone(fieldNames)
	g.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	fields := make([]any, 0, len(names))
	for _, name := range names[:g.IntN(5)] {
		fields = append(fields, g.field(name, space))
	}
	record["fields"] = fields
	return record
}

func (g *generator) field(name, space string) object {
	field := object{"name": name, "type": g.typ(space)}
	if g.chance(3) {
		field["default"] = g.value(field["type"])
	}
	if g.chance(25) {
		field["aliases"] = []any{pick(g, fieldNames)}
	}
	if g.chance(15) {
		field["order"] = pick(g, []string{"ascending", "descending", "ignore"})
	}
	return field
}

func (g *generator) enum(space string) any {
	enum := object{"type": "enum"}
	g.name(enum, space)
	symbols := []any{}
	for _, symbol := range symbolNames {
		if g.chance(2) {
			symbols = append(symbols, symbol)
		}
	}
	enum["symbols"] = symbols
	if len(symbols) > 0 && g.chance(3) {
		enum["default"] = pick(g, symbols)
	}
	return enum
}

func (g *generator) fixed(space string) any {
	fixed := object{"type": "fixed", "size": 1 << g.IntN(5)}
	g.name(fixed, space)
	return fixed
}

func (g *generator) union(space string) any {
	branches := []any{}
	seen := make(map[string]bool)
	for range g.IntN(4) + 1 {
		branch := g.typ(space)
		key := unionKey(branch)
		if _, nested := branch.([]any); nested || seen[key] {
			continue
		}
		seen[key] = true
		branches = append(branches, branch)
	}
	return branches
}

func unionKey(branch any) string {
	switch b := branch.(type) {
	case string:
		return b
	case object:
		if name, ok := b["name"].(string); ok {
			return name
		}
		return b["type"].(string)
	}
	return ""
}

// value is a default that mostly fits.
func (g *generator) value(typ any) any {
	if g.chance(12) {
		return pick(g, []any{nil, 1, "S1", "NaN", true, object{}, []any{}, 1.5, 1 << 40})
	}
	switch t := typ.(type) {
	case string:
		return g.primitive(t)
	case []any:
		if len(t) == 0 {
			return nil
		}
		return g.value(pick(g, t))
	case object:
		return g.nested(t)
	}
	return nil
}

func (g *generator) primitive(name string) any {
	switch name {
	case "boolean":
		return g.chance(2)
	case "int", "long":
		return g.IntN(100)
	case "float", "double":
		return pick(g, []any{1, 1.5, "NaN", "-Infinity"})
	case "bytes", "string":
		return "text"
	case "null":
		return nil
	}
	return pick(g, []any{object{}, nil, "S1"})
}

func (g *generator) nested(t object) any {
	switch t["type"] {
	case "array":
		return []any{g.value(t["items"])}
	case "map":
		return object{"k": g.value(t["values"])}
	case "enum":
		return pick(g, symbolNames)
	case "fixed":
		return "0123"
	case "record":
		value := object{}
		for _, f := range t["fields"].([]any) {
			field := f.(object)
			if _, ok := field["default"]; !ok || g.chance(2) {
				value[field["name"].(string)] = g.value(field["type"])
			}
		}
		return value
	}
	return g.primitive(t["type"].(string))
}

// text writes a generated schema down.
func text(schema any) string {
	data, err := json.Marshal(schema)
	if err != nil {
		panic(err) // it is made of maps, slices, strings and numbers
	}
	return string(data)
}

// clone copies a JSON value.
func clone[T any](v T) T {
	switch v := any(v).(type) {
	case object:
		out := make(object, len(v))
		for name, member := range v {
			out[name] = clone(member)
		}
		return any(out).(T)
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = clone(element)
		}
		return any(out).(T)
	}
	return v
}
