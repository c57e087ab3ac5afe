package avro

import (
	"math"
	"strconv"
	"strings"
)

func (p *parser) parseRecord(v *value, space string) (*use, error) {
	n, err := parseName(v, space)
	if err != nil {
		return nil, err
	}
	list := v.get("fields")
	if list == nil || list.kind != '[' {
		return nil, v.refuse("record %s has no fields", n.full).hinted(`a record without data has "fields": []`)
	}
	record := &typ{kind: kindRecord, at: v, name: n, byName: make(map[string]*field, len(list.elements))}
	for _, element := range list.elements {
		f, err := p.parseField(element, n)
		if err != nil {
			return nil, err
		}
		if first := record.byName[f.name]; first != nil {
			line, _ := first.at.doc.position(first.at.offset)
			return nil, element.refuse("record %s has two fields %q; the first is on line %d", n.full, f.name, line)
		}
		record.fields = append(record.fields, f)
		record.byName[f.name] = f
	}
	p.records = append(p.records, record)
	return p.put(record)
}

func (p *parser) parseField(v *value, record name) (*field, error) {
	text, ok := v.getText("name")
	if !ok {
		return nil, v.refuse("a field of record %s has no name", record.full)
	}
	inner := v.get("type")
	if inner == nil {
		return nil, v.refuse("field %q of record %s has no type", text, record.full)
	}
	t, err := p.parse(inner, record.space)
	if err != nil {
		return nil, err
	}
	if err := checkName(text); err != nil {
		return nil, v.get("name").refuse("%v", err)
	}
	f := &field{at: v, name: text, typ: t}
	if f.order, err = parseOrder(v.get("order")); err != nil {
		return nil, err
	}
	if f.deflt, err = parseDefault(v.get("default"), t.is); err != nil {
		return nil, err
	}
	if f.aliases, err = parseAliases(v); err != nil {
		return nil, err
	}
	p.checkEarly(f)
	return f, nil
}

func parseOrder(v *value) (string, error) {
	if v == nil {
		return "ASCENDING", nil
	}
	order := strings.ToUpper(v.text)
	if v.kind != '"' || order != "ASCENDING" && order != "DESCENDING" && order != "IGNORE" {
		return "", v.refuse("order must be ascending, descending or ignore, not %s", v.compact(40))
	}
	return order, nil
}

// parseDefault reads a field's default. Whether it fits the type is not asked
// here: registries accept the schema either way. See [Schema.Warnings].
func parseDefault(v *value, t *typ) (*fieldDefault, error) {
	if v == nil {
		return nil, nil
	}
	d := &fieldDefault{at: v}
	if v.kind == '"' && t != nil && (t.kind == kindFloat || t.kind == kindDouble) {
		number, ok := javaDouble(v.text)
		if !ok {
			return nil, v.refuse("the default of a %s must be a number, not %s", t.kind, v.compact(40))
		}
		d.number = &number
	}
	return d, nil
}

func (p *parser) parseEnum(v *value, space string) (*use, error) {
	n, err := parseName(v, space)
	if err != nil {
		return nil, err
	}
	list := v.get("symbols")
	if list == nil || list.kind != '[' {
		return nil, v.refuse("enum %s has no symbols", n.full)
	}
	enum := &typ{kind: kindEnum, at: v, name: n, ordinal: make(map[string]int, len(list.elements))}
	for _, element := range list.elements {
		if element.kind != '"' {
			return nil, element.refuse("a symbol must be a name, not %s", element.compact(40))
		}
		if err := checkName(element.text); err != nil {
			return nil, element.refuse("%v", err)
		}
		if enum.hasSymbol(element.text) {
			return nil, element.refuse("enum %s has the symbol %q twice", n.full, element.text)
		}
		enum.ordinal[element.text] = len(enum.symbols)
		enum.symbols = append(enum.symbols, element.text)
	}
	if text, ok := v.getText("default"); ok {
		if !enum.hasSymbol(text) {
			return nil, v.get("default").refuse("the default of enum %s, %q, isn't one of its symbols", n.full, text)
		}
		enum.enumDefault = &text
	}
	return p.put(enum)
}

func (p *parser) parseFixed(v *value, space string) (*use, error) {
	n, err := parseName(v, space)
	if err != nil {
		return nil, err
	}
	size := v.get("size")
	if size == nil {
		return nil, v.refuse("fixed %s has no size", n.full)
	}
	// Java arrays can't be longer, whence the odd bound.
	bytes, err := strconv.ParseInt(size.text, 10, 32)
	if size.kind != '0' || err != nil || bytes < 0 || bytes > math.MaxInt32-8 {
		return nil, size.refuse("the size of fixed %s must be a whole number of bytes from 0 to %d, not %s",
			n.full, math.MaxInt32-8, size.compact(40))
	}
	return p.put(&typ{kind: kindFixed, at: v, name: n, size: int(bytes)})
}

// put makes a definition known, now that all of it has been read.
func (p *parser) put(t *typ) (*use, error) {
	var err error
	if t.aliases, err = aliasNames(t.at, t.name); err != nil {
		return nil, err
	}
	t.aliasSet = setOf(t.aliases)
	first := p.known[t.name.full]
	switch {
	case first == nil:
		p.known[t.name.full] = t
		p.defined = append(p.defined, t)
	case repeats(t, first):
		t.same = first
	default:
		return nil, refuseRedefinition(t, first)
	}
	return define(t), nil
}

func refuseRedefinition(t, first *typ) error {
	line, _ := first.at.doc.position(first.at.offset)
	where := "on line " + strconv.Itoa(line)
	if file := first.at.doc.name; file != "" && file != t.at.doc.name {
		where += " of " + file
	}
	return t.at.refuse("%s is defined again, and differently than %s", t.name.full, where).
		hinted("define it once and use its name elsewhere; a repeated definition must be the same, " +
			"and one that refers to itself or to a later type never counts as the same")
}
