package wire

import (
	"fmt"
	"slices"
	"strings"
)

func (a avroSchema) read(writer language, _ Frame, b body) (own, err error) {
	w := writer.(avroSchema)
	if len(b.more) > 0 {
		return leftOverInHeader(b.more), nil
	}
	if err := scanAvro(w.root, b.data); err != nil {
		return err, nil
	}
	r := avroResolution{
		avroScan: avroScan{data: b.data}, renames: map[string]string{},
		records: map[avroPair]*recordPlan{}, trials: map[avroPair]bool{},
	}
	if w.text != a.text { // Java looks at no alias where the schemas are the same
		r.collect(a.root, map[*avroType]bool{})
	}
	return nil, r.value(w.root, a.root)
}

// avroResolution walks over data, of which it is known that it is what its schema
// says, beside the schema that it is to be read with. It follows Java's Resolver
// (Avro 1.12.1), which decides for each value that is met, while the check of
// schemas decides for all that could be.
type avroResolution struct {
	avroScan
	renames map[string]string // the reader's aliases: from old full name to new
	records map[avroPair]*recordPlan
	trials  map[avroPair]bool
}

// avroPair is a writer's type and a reader's.
type avroPair struct{ writer, reader *avroType }

// recordPlan says for each of a writer's fields what it is read as.
type recordPlan struct {
	into []*avroType // nil: it is passed over
	// missing is a field of the reader's that the writer lacks and that has no
	// default; empty when there is none.
	missing string
}

// collect finds the aliases of all types in a reader's schema.
func (r *avroResolution) collect(t *avroType, seen map[*avroType]bool) {
	if t == nil || seen[t] {
		return
	}
	seen[t] = true
	for _, former := range t.former {
		r.renames[former] = t.name
	}
	for _, f := range t.fields {
		r.collect(f.is, seen)
	}
	for _, b := range t.branches {
		r.collect(b, seen)
	}
	r.collect(t.items, seen)
}

// fullName is what the writer's type is called to the reader.
func (r *avroResolution) fullName(w *avroType) string {
	if renamed, ok := r.renames[w.name]; ok {
		return renamed
	}
	return w.name
}

func (r *avroResolution) value(w, as *avroType) error {
	if w.kind == "union" {
		i, err := r.number(w)
		if err != nil {
			return err
		}
		return r.value(w.branches[i], as)
	}
	if as.kind == "union" {
		branch := r.branch(w, as)
		if branch == nil {
			return r.faultf("%s is here, and the union of %s has no branch for it", w.words(), as.branchNames())
		}
		return r.value(w, branch)
	}
	if reason := r.clash(w, as); reason != "" {
		return r.faultf("%s", reason)
	}
	switch w.kind {
	case "record":
		return r.record(w, as)
	case "enum":
		return r.enum(w, as)
	case "array", "map":
		return r.blocks(w, func(item *avroType) error { return r.value(item, as.items) })
	}
	return r.kind(w)
}

// clash says why no value of a type can be read as another; empty where some can.
// Names count for enums and fixeds, without their namespaces, and not for records.
func (r *avroResolution) clash(w, as *avroType) string {
	switch {
	case w.kind != as.kind && !slices.Contains(avroPromotions[w.kind], as.kind):
		return fmt.Sprintf("%s is here, which can't be read as %s", w.words(), as.words())
	case w.kind != as.kind:
		return ""
	case (w.kind == "enum" || w.kind == "fixed") && shortName(r.fullName(w)) != shortName(as.name):
		return fmt.Sprintf("%s is here, which isn't called %s and is no alias of it", w.words(), as.words())
	case w.kind == "fixed" && w.size != as.size:
		return fmt.Sprintf("%s has %d bytes here, and %d are wanted", w.words(), w.size, as.size)
	}
	return ""
}

// avroPromotions are the types as which one can also be read.
var avroPromotions = map[string][]string{
	"int": {"long", "float", "double"}, "long": {"float", "double"}, "float": {"double"},
	"string": {"bytes"}, "bytes": {"string"},
}

func shortName(full string) string { return full[strings.LastIndexByte(full, '.')+1:] }

func (r *avroResolution) enum(w, as *avroType) error {
	i, err := r.number(w)
	if err != nil {
		return err
	}
	if symbol := w.symbols[i]; !slices.Contains(as.symbols, symbol) && as.fallback == nil {
		return r.faultf("the symbol %q is here, and %s has neither it nor a default", clip(symbol), as.words())
	}
	return nil
}

func (r *avroResolution) record(w, as *avroType) error {
	plan := r.plan(w, as)
	if plan.missing != "" {
		return r.faultf("the field %q of %s is not here, and it has no default", clip(plan.missing), as.words())
	}
	for i, f := range w.fields {
		r.path = append(r.path, step{field: f.name})
		var err error
		if into := plan.into[i]; into != nil {
			err = r.value(f.is, into)
		} else {
			err = r.avroScan.value(f.is)
		}
		if err != nil {
			return err
		}
		r.path = r.path[:len(r.path)-1]
	}
	return nil
}

// plan pairs the fields of two records. Aliases of fields count only where the
// records have the same name.
func (r *avroResolution) plan(w, as *avroType) *recordPlan {
	pair := avroPair{w, as}
	if known := r.records[pair]; known != nil {
		return known
	}
	plan := &recordPlan{into: make([]*avroType, len(w.fields))}
	r.records[pair] = plan
	same := r.fullName(w) == as.name
	at := map[string]int{}
	for i, f := range w.fields {
		at[f.name] = i
	}
	for _, f := range as.fields {
		i, found := at[f.name]
		for _, former := range f.former {
			if !found && same {
				i, found = at[former]
			}
		}
		switch {
		case found:
			plan.into[i] = f.is
		case !f.hasDefault && plan.missing == "":
			plan.missing = f.name
		}
	}
	return plan
}

// branch finds the branch of a reader's union for a type, or nil: the first of its
// name or kind, else the last record of its short name or the first of all that
// could be read, else the first that it can be promoted to.
func (r *avroResolution) branch(w, union *avroType) *avroType {
	var alike *avroType
	for _, b := range union.branches {
		switch {
		case b.kind != w.kind:
		case b.name == "" || b.name == r.fullName(w):
			return b
		case w.kind == "record" && r.fieldsFit(w, b) && (alike == nil || shortName(b.name) == shortName(r.fullName(w))):
			alike = b
		}
	}
	if alike != nil {
		return alike
	}
	for _, b := range union.branches {
		if slices.Contains(avroPromotions[w.kind], b.kind) {
			return b
		}
	}
	return nil
}

// fieldsFit tells whether a record could be read as another: none of its fields is
// a hopeless case. What is further down isn't looked at.
func (r *avroResolution) fieldsFit(w, as *avroType) bool {
	pair := avroPair{w, as}
	if fit, known := r.trials[pair]; known {
		return fit
	}
	r.trials[pair] = true // records that contain themselves come back here
	plan := r.plan(w, as)
	fit := plan.missing == ""
	for i, into := range plan.into {
		fit = fit && (into == nil || r.hopeful(w.fields[i].is, into))
	}
	r.trials[pair] = fit
	return fit
}

func (r *avroResolution) hopeful(w, as *avroType) bool {
	switch {
	case w.kind == "union":
		return true
	case as.kind == "union":
		return r.branch(w, as) != nil
	case w.kind == "record" && as.kind == "record":
		return r.plan(w, as).missing == ""
	}
	return r.clash(w, as) == ""
}

// branchNames lists the branches of a union for messages.
func (t *avroType) branchNames() string {
	var names []string
	for _, b := range t.branches {
		names = append(names, b.tag())
	}
	return clip(strings.Join(names, ", "))
}
