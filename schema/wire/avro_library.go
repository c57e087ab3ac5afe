package wire

import "encoding/json"

// libraryForm is the type as a schema for the library that reads and writes the
// bytes: without namespaces, defaults, documentation and logical types, each named
// type defined where it is met first.
func (t *avroType) libraryForm(defined map[string]bool) any {
	switch t.kind {
	case "record", "enum", "fixed":
		if defined[t.alias] {
			return t.alias
		}
		defined[t.alias] = true
	}
	switch t.kind {
	case "record":
		fields := make([]any, len(t.fields))
		for i, f := range t.fields {
			fields[i] = map[string]any{"name": f.name, "type": f.is.libraryForm(defined)}
		}
		return map[string]any{"type": "record", "name": t.alias, "fields": fields}
	case "enum":
		return map[string]any{"type": "enum", "name": t.alias, "symbols": t.symbols}
	case "fixed":
		return map[string]any{"type": "fixed", "name": t.alias, "size": t.size}
	case "array":
		return map[string]any{"type": "array", "items": t.items.libraryForm(defined)}
	case "map":
		return map[string]any{"type": "map", "values": t.items.libraryForm(defined)}
	case "union":
		branches := make([]any, len(t.branches))
		for i, b := range t.branches {
			branches[i] = b.libraryForm(defined)
		}
		return branches
	}
	return t.kind
}

func (t *avroType) libraryText() (string, error) {
	text, err := json.Marshal(t.libraryForm(map[string]bool{}))
	return string(text), err
}

// branchKey is what the library calls a branch of a union.
func (t *avroType) branchKey() string {
	if t.alias != "" {
		return t.alias
	}
	return t.kind
}

// tag is what Avro calls a branch of a union in JSON.
func (t *avroType) tag() string {
	if t.name != "" {
		return t.name
	}
	return t.kind
}

// shape is a set of what JSON can be.
type shape uint8

const (
	shapeNull shape = 1 << iota
	shapeBool
	shapeNumber
	shapeString
	shapeObject
	shapeArray
)

// shape is what the JSON of the type's values can be.
func (t *avroType) shape() shape {
	switch t.kind {
	case "null":
		return shapeNull
	case "boolean":
		return shapeBool
	case "int", "long":
		if t.logical != "" {
			return shapeNumber | shapeString
		}
		return shapeNumber
	case "float", "double":
		return shapeNumber | shapeString // "NaN"
	case "array":
		return shapeArray
	case "record", "map":
		return shapeObject
	}
	if t.logical == "duration" {
		return shapeObject
	}
	return shapeString
}

// ambiguous tells that JSON alone doesn't tell the branches of a union apart.
func ambiguous(branches []*avroType) bool {
	others, seen := 0, shape(0)
	clash := false
	for _, b := range branches {
		if b.kind == "null" {
			continue
		}
		others++
		clash = clash || seen&b.shape() != 0
		seen |= b.shape()
	}
	return others > 1 && clash
}
