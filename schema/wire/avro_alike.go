package wire

import "slices"

// alike tells whether Java pairs the branches of two unions by their places, and looks
// for no branch: where all in them is the same but for namespaces.
func (r *avroResolution) alike(w, as *avroType) bool {
	if w.kind != as.kind || shortName(r.renames.typ(w)) != shortName(as.name) {
		return false
	}
	switch w.kind {
	case "fixed":
		return w.size == as.size
	case "enum":
		return slices.Equal(w.symbols, as.symbols)
	case "array", "map":
		return r.alike(w.items, as.items)
	case "union":
		return slices.EqualFunc(w.branches, as.branches, r.alike)
	case "record":
		return r.alikeRecords(w, as)
	}
	return true
}

func (r *avroResolution) alikeRecords(w, as *avroType) bool {
	pair := avroPair{w, as}
	if same, known := r.same[pair]; known {
		return same
	}
	r.same[pair] = true // records that contain themselves come back here
	r.same[pair] = slices.EqualFunc(w.fields, as.fields, func(f, other avroField) bool {
		return r.renames.field(w, f) == other.name && r.alike(f.is, other.is)
	})
	return r.same[pair]
}

// compared is a schema without what Java leaves aside where it asks whether two are
// the same: words, aliases, and the default of an enum.
func compared(schema any) any {
	switch schema := schema.(type) {
	case []any:
		list := make([]any, len(schema))
		for i, element := range schema {
			list[i] = compared(element)
		}
		return list
	case map[string]any:
		kept := map[string]any{}
		for key, value := range schema {
			switch {
			case key == "doc", key == "aliases", key == "default" && schema["type"] == "enum", key == "order" && value == "ascending":
			case key == "default", key == "symbols":
				kept[key] = value
			default:
				kept[key] = compared(value)
			}
		}
		return kept
	}
	return schema
}
