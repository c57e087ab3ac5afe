package avro_test

import (
	"maps"
	"slices"
	"strings"
)

// mutate changes a copy of a schema in up to four ways, each of a kind that
// happens to real schemas. What results need not be valid.
func (g *generator) mutate(schema any) any {
	root := object{"root": clone(schema)}
	for range g.IntN(5) {
		g.mutateOnce(root)
	}
	return root["root"]
}

// place is something that holds a type.
type place struct {
	get func() any
	set func(any)
}

// collect finds all types and fields below a place.
func collect(p place, types *[]place, fields, records *[]object) {
	*types = append(*types, p)
	switch t := p.get().(type) {
	case []any:
		for i := range t {
			collect(place{func() any { return t[i] }, func(v any) { t[i] = v }}, types, fields, records)
		}
	case object:
		for _, name := range []string{"items", "values"} {
			if _, ok := t[name]; ok {
				collect(member(t, name), types, fields, records)
			}
		}
		if list, ok := t["fields"].([]any); ok {
			*records = append(*records, t)
			for _, f := range list {
				*fields = append(*fields, f.(object))
				collect(member(f.(object), "type"), types, fields, records)
			}
		}
	}
}

func member(of object, name string) place {
	return place{func() any { return of[name] }, func(v any) { of[name] = v }}
}

func (g *generator) mutateOnce(root object) {
	var types []place
	var fields, records []object
	collect(member(root, "root"), &types, &fields, &records)
	switch n := g.IntN(10); {
	case n < 4 && len(fields) > 0:
		g.mutateField(pick(g, fields))
	case n < 6 && len(records) > 0:
		g.mutateRecord(pick(g, records))
	default:
		p := pick(g, types)
		g.mutateType(root, p)
	}
}

func (g *generator) mutateField(field object) {
	switch g.IntN(12) {
	case 0, 1, 2:
		field["aliases"] = []any{field["name"]}
		field["name"] = pick(g, fieldNames)
	case 3:
		field["aliases"] = []any{pick(g, fieldNames), pick(g, fieldNames)}
	case 4, 5, 6, 7:
		delete(field, "default")
	case 8, 9:
		field["default"] = g.value(field["type"])
	default:
		field["doc"] = "changed"
		field["order"] = "ignore"
	}
}

func (g *generator) mutateRecord(record object) {
	fields := record["fields"].([]any)
	switch n := g.IntN(4); {
	case n == 0 && len(fields) > 0:
		i := g.IntN(len(fields))
		record["fields"] = slices.Delete(slices.Clone(fields), i, i+1)
	case n == 1 && len(fields) > 1:
		slices.Reverse(fields)
	case n == 2:
		g.rename(record)
	default:
		g.depth = 3
		added := g.field(pick(g, fieldNames), "")
		record["fields"] = slices.Insert(slices.Clone(fields), g.IntN(len(fields)+1), any(added))
	}
}

// rename renames a definition, with or without an alias for the old name.
func (g *generator) rename(definition object) {
	old := definition["name"]
	definition["name"] = pick(g, typeNames)
	switch g.IntN(3) {
	case 0:
		definition["aliases"] = []any{old}
	case 1:
		definition["aliases"] = []any{g.alias(), g.alias()}
	}
}

// renameEverywhere renames a definition and what refers to it.
func (g *generator) renameEverywhere(v any, old, changed string) any {
	switch v := v.(type) {
	case string:
		if v == old {
			return changed
		}
	case []any:
		for i := range v {
			v[i] = g.renameEverywhere(v[i], old, changed)
		}
	case object:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if name != "default" && name != "symbols" {
				v[name] = g.renameEverywhere(v[name], old, changed)
			}
		}
	}
	return v
}

func (g *generator) mutateType(root object, p place) {
	switch t := p.get().(type) {
	case string:
		g.mutateName(p, t)
	case []any:
		g.mutateUnion(p, t)
	case object:
		g.mutateObject(root, p, t)
	}
}

func (g *generator) mutateName(p place, name string) {
	switch g.IntN(4) {
	case 0:
		p.set([]any{"null", name})
	case 1:
		p.set([]any{name, pick(g, primitiveNames)})
	default:
		p.set(pick(g, primitiveNames))
	}
}

func (g *generator) mutateUnion(p place, branches []any) {
	switch n := g.IntN(4); {
	case n == 0 && len(branches) > 0:
		p.set(pick(g, branches))
	case n == 1 && len(branches) > 0:
		i := g.IntN(len(branches))
		p.set(slices.Delete(slices.Clone(branches), i, i+1))
	case n == 2:
		slices.Reverse(branches)
	default:
		g.depth = 4
		p.set(append(slices.Clone(branches), g.typ("")))
	}
}

func (g *generator) mutateObject(root object, p place, t object) {
	switch t["type"] {
	case "enum":
		g.mutateEnum(t)
		return
	case "fixed":
		if g.chance(2) {
			t["size"] = 1 << g.IntN(5)
			return
		}
	}
	name, named := t["name"].(string)
	switch n := g.IntN(5); {
	case n == 0:
		p.set([]any{"null", t})
	case n == 1 && named:
		g.rename(t)
	case n == 2 && named:
		short := name[strings.LastIndexByte(name, '.')+1:]
		root["root"] = g.renameEverywhere(root["root"], name, pick(g, typeNames)+short)
	case n == 3 && named:
		t["namespace"] = pick(g, namespaces)
	case n == 4:
		p.set(pick(g, primitiveNames))
	default:
		t["logicalType"] = "decimal"
	}
}

func (g *generator) mutateEnum(t object) {
	symbols := t["symbols"].([]any)
	switch n := g.IntN(4); {
	case n == 0 && len(symbols) > 0:
		i := g.IntN(len(symbols))
		t["symbols"] = slices.Delete(slices.Clone(symbols), i, i+1)
	case n == 1 && len(symbols) > 0:
		t["default"] = pick(g, symbols)
	case n == 2:
		delete(t, "default")
	default:
		added := any(pick(g, symbolNames))
		if !slices.Contains(symbols, added) {
			t["symbols"] = append(slices.Clone(symbols), added)
		}
	}
}
