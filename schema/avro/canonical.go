package avro

import (
	"strconv"
	"strings"
)

// Canonical is the schema's parsing canonical form, as the Avro specification
// defines it: what a reader of bytes needs and nothing else, always written the
// same way, references put in. Two schemas with the same form write the same
// bytes; fingerprints are computed from it.
//
// It isn't always a schema that reads back as the same one: a type in the null
// namespace loses that within one that has a namespace. See [Schema.Standalone].
func (s *Schema) Canonical() string {
	w := formWriter{written: make(map[string]bool), canonical: true}
	w.write(s.root.is, "")
	return w.String()
}

// Standalone is the schema as strict parsers take it, for decoding what was
// written with it: one JSON text with references put in and logical types, but
// without comments, documentation, aliases, defaults and other properties. It
// nests as deep as types lead into each other, which can be deeper than the
// schema's own text.
func (s *Schema) Standalone() string {
	w := formWriter{written: make(map[string]bool)}
	w.write(s.root.is, "")
	return w.String()
}

// formWriter writes a schema down: a definition where it is first used, its name
// from then on.
type formWriter struct {
	strings.Builder
	written   map[string]bool
	canonical bool
}

func (w *formWriter) write(t *typ, space string) {
	switch {
	case t.kind == kindUnion:
		w.WriteByte('[')
		for i, branch := range t.branches {
			w.comma(i)
			w.write(branch.is, space)
		}
		w.WriteByte(']')
	case t.named():
		w.writeNamed(t, space)
	case t.kind == kindArray:
		w.WriteString(`{"type":"array","items":`)
		w.write(t.items.is, space)
		w.end(t)
	case t.kind == kindMap:
		w.WriteString(`{"type":"map","values":`)
		w.write(t.items.is, space)
		w.end(t)
	case w.logical(t) != "":
		w.WriteString(`{"type":"` + string(t.kind) + `"`)
		w.end(t)
	default:
		w.quote(string(t.kind))
	}
}

// writeNamed writes a definition, or the name of one that was written before.
func (w *formWriter) writeNamed(t *typ, space string) {
	if w.written[t.name.full] {
		w.quote(t.name.full)
		return
	}
	w.written[t.name.full] = true
	w.WriteString(`{"name":`)
	w.quote(t.name.full)
	if t.name.space == "" && space != "" && !w.canonical {
		w.WriteString(`,"namespace":""`)
	}
	w.WriteString(`,"type":`)
	w.quote(string(t.kind))
	switch t.kind {
	case kindFixed:
		w.WriteString(`,"size":` + strconv.Itoa(t.size))
	case kindEnum:
		w.WriteString(`,"symbols":[`)
		for i, symbol := range t.symbols {
			w.comma(i)
			w.quote(symbol)
		}
		w.WriteByte(']')
	case kindRecord:
		w.WriteString(`,"fields":[`)
		for i, f := range t.fields {
			w.comma(i)
			w.WriteString(`{"name":`)
			w.quote(f.name)
			w.WriteString(`,"type":`)
			w.write(f.typ.is, t.name.space)
			w.WriteByte('}')
		}
		w.WriteByte(']')
	}
	w.end(t)
}

// end writes the logical type and closes the object.
func (w *formWriter) end(t *typ) {
	w.WriteString(w.logical(t))
	w.WriteByte('}')
}

// logical is the members that say the logical type, empty without one.
func (w *formWriter) logical(t *typ) string {
	logical := t.logicalType()
	if logical == "" || w.canonical {
		return ""
	}
	text := `,"logicalType":"` + logical + `"`
	if logical == "decimal" {
		for _, name := range []string{"precision", "scale"} {
			if v := t.at.get(name); v != nil {
				text += `,"` + name + `":` + v.text
			}
		}
	}
	return text
}

func (w *formWriter) comma(i int) {
	if i > 0 {
		w.WriteByte(',')
	}
}

// quote writes a name, which has nothing in it that would need escaping.
func (w *formWriter) quote(name string) {
	w.WriteByte('"')
	w.WriteString(name)
	w.WriteByte('"')
}
