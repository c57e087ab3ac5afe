package avro

import "strings"

// parser reads schema files one after the other, each of which may use the types
// of those before it. It follows Schema.Parser of Apache Avro for Java 1.12.1
// with setValidateDefaults(false), which is how registries use it.
type parser struct {
	known  map[string]*typ // by full name
	byName []*use          // all uses of named types by name, in the current file
	// pending are those of types that aren't defined yet.
	pending []*use
	unions  []*typ
	records []*typ
	defined []*typ // named types of the current file, in the order of their ends
	// misfit are the fields whose defaults Java finds unfit while their types are
	// still references to something further on.
	misfit   map[*field]bool
	early    defaultCheck
	warnings []Warning
}

func newParser() *parser {
	return &parser{known: make(map[string]*typ), misfit: make(map[*field]bool)}
}

// parseDocument reads one file and resolves all references in it.
func (p *parser) parseDocument(d *document) (*use, error) {
	root, err := p.begin(d)
	if err != nil {
		return nil, err
	}
	if err := p.finish(); err != nil {
		return nil, err
	}
	if root.is.same != nil {
		root.is = root.is.same // Java looks a named root up by its name
	}
	return root, nil
}

// begin reads a file and leaves its forward references open.
func (p *parser) begin(d *document) (*use, error) {
	p.byName, p.pending, p.unions, p.records, p.defined = nil, nil, nil, nil, nil
	p.early = defaultCheck{open: make(map[fitting]bool)}
	return p.parse(d.root, "")
}

// parse reads a schema in a namespace.
func (p *parser) parse(v *value, space string) (*use, error) {
	switch v.kind {
	case '"':
		return p.find(v, v.text, space), nil
	case '[':
		return p.parseUnion(v, space)
	case '{':
		return p.parseObject(v, space)
	}
	return nil, v.refuse("%s isn't a schema: a type's name, an object or an array of types is", v.compact(40))
}

func (p *parser) parseObject(v *value, space string) (*use, error) {
	text, ok := v.getText("type")
	if !ok {
		return nil, refuseNoType(v)
	}
	if kind, ok := primitives[text]; ok {
		return define(&typ{kind: kind, at: v}), nil
	}
	switch text {
	case "record", "error":
		return p.parseRecord(v, space)
	case "enum":
		return p.parseEnum(v, space)
	case "fixed":
		return p.parseFixed(v, space)
	case "array":
		return p.parseItems(v, kindArray, "items", space)
	case "map":
		return p.parseItems(v, kindMap, "values", space)
	}
	return p.find(v, text, space), nil
}

// refuseNoType tells what an object lacks that should be a schema.
func refuseNoType(v *value) error {
	switch inner := v.get("type"); {
	case inner == nil && v.get("protocol") != nil:
		return v.refuse("this is an Avro protocol, not a schema").hinted("its types array holds the schemas")
	case inner == nil:
		return v.refuse("no type")
	case inner.kind == '{' || inner.kind == '[':
		return inner.refuse("the type of a schema must be a name").hinted("write what is inside without the object around it")
	default:
		return inner.refuse("the type of a schema must be a name, not %s", inner.compact(40))
	}
}

// define makes the use of a type at the place of its definition.
func define(t *typ) *use { return &use{at: t.at, is: t} }

// find looks a name up among what is known so far: in the namespace, then as
// written. What isn't found may yet be defined further on.
func (p *parser) find(v *value, text, space string) *use {
	if kind, ok := primitives[text]; ok {
		return define(&typ{kind: kind, at: v})
	}
	u := &use{at: v, wants: text}
	if space != "" && !strings.Contains(text, ".") {
		u.wants = space + "." + text
	}
	if u.is = p.known[u.wants]; u.is == nil {
		u.is = p.known[text]
	}
	p.byName = append(p.byName, u)
	if u.is == nil {
		p.pending = append(p.pending, u)
	}
	return u
}

func (p *parser) parseItems(v *value, kind kind, member, space string) (*use, error) {
	inner := v.get(member)
	if inner == nil {
		return nil, v.refuse("this %s has no %s", kind, member)
	}
	items, err := p.parse(inner, space)
	if err != nil {
		return nil, err
	}
	return define(&typ{kind: kind, at: v, items: items}), nil
}

func (p *parser) parseUnion(v *value, space string) (*use, error) {
	union := &typ{kind: kindUnion, at: v}
	for _, element := range v.elements {
		branch, err := p.parse(element, space)
		if err != nil {
			return nil, err
		}
		if branch.is != nil && branch.is.kind == kindUnion {
			return nil, element.refuse("a union can't contain a union").hinted("list all types in one array")
		}
		union.branches = append(union.branches, branch)
	}
	p.unions = append(p.unions, union)
	return define(union), nil
}
