package wire

import "fmt"

// avroRenames are what a reader's aliases make of a writer's names. Java gives the
// whole writer's schema new names before it reads, whether or not a name fits as it
// is, and twice: where A was once B, and B was once C, C becomes A. The zero value
// leaves all names alone.
type avroRenames struct {
	types  map[string]string            // from old full name to new
	fields map[string]map[string]string // by the record's new full name, from old to new
}

// aliasesOf finds the aliases of all types in a reader's schema, and of their fields.
func aliasesOf(reader *avroType) avroRenames {
	r := avroRenames{types: map[string]string{}, fields: map[string]map[string]string{}}
	r.collect(reader, map[*avroType]bool{})
	return r
}

func (r avroRenames) collect(t *avroType, seen map[*avroType]bool) {
	if t == nil || seen[t] {
		return
	}
	seen[t] = true
	for _, former := range t.former {
		r.types[former] = t.name
	}
	for _, f := range t.fields {
		for _, former := range f.former {
			if r.fields[t.name] == nil {
				r.fields[t.name] = map[string]string{}
			}
			r.fields[t.name][former] = f.name
		}
		r.collect(f.is, seen)
	}
	for _, b := range t.branches {
		r.collect(b, seen)
	}
	r.collect(t.items, seen)
}

// typ is what the writer's type is called to the reader.
func (r avroRenames) typ(w *avroType) string { return r.rename(r.rename(w.name)) }

// field is what a field of the writer's record is called to the reader.
func (r avroRenames) field(w *avroType, f avroField) string {
	once := r.rename(w.name)
	return r.renameField(r.rename(once), r.renameField(once, f.name))
}

func (r avroRenames) rename(name string) string {
	if renamed, ok := r.types[name]; ok {
		return renamed
	}
	return name
}

func (r avroRenames) renameField(record, name string) string {
	if renamed, ok := r.fields[record][name]; ok {
		return renamed
	}
	return name
}

// clash says which two names of a writer's schema become one, which makes any data of
// it unreadable to Java; empty where none do.
func (r avroRenames) clash(w *avroType, seen map[*avroType]bool) string {
	if w == nil || seen[w] || len(r.types)+len(r.fields) == 0 {
		return ""
	}
	seen[w] = true
	names := map[string]bool{}
	for _, f := range w.fields {
		name := r.field(w, f)
		if names[name] {
			return fmt.Sprintf("by its aliases two fields of %s would be called %q", w.words(), clip(name))
		}
		names[name] = true
	}
	for _, b := range w.branches {
		name := r.typ(b)
		if name != "" && names[name] {
			return fmt.Sprintf("by its aliases two branches of the union of %s would be called %s", w.branchNames(), clip(name))
		}
		names[name] = true
	}
	for _, inner := range w.parts() {
		if reason := r.clash(inner, seen); reason != "" {
			return reason
		}
	}
	return ""
}

// parts are the types directly within a type.
func (t *avroType) parts() []*avroType {
	var list []*avroType
	for _, f := range t.fields {
		list = append(list, f.is)
	}
	list = append(list, t.branches...)
	if t.items != nil {
		list = append(list, t.items)
	}
	return list
}
