package avro

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Warning is something in a schema that registries and this package accept, and
// that a parser may refuse all the same: a default that doesn't fit the field's
// type. Java's default parser (new Schema.Parser()) refuses such a schema, so a
// service that builds with it fails.
type Warning struct {
	// File is the [Reference.Name] of the file; empty for the schema itself.
	File         string
	Line, Column int    // of the default
	Pointer      string // to the default
	Reason       string // lower case, without a full stop
}

// checkEarly does what Java does on reading a field: it holds the default to what
// is known of the type. A reference to a later definition counts as a record
// without fields, so that only an object fits it.
func (p *parser) checkEarly(f *field) {
	if len(p.pending) == 0 {
		return // nothing is unknown: checkDefaults comes to the same
	}
	if f.deflt != nil && !p.early.fieldFits(f) {
		p.misfit[f] = true
	}
}

// checkDefaults looks at all defaults of the file once every type is known.
func (p *parser) checkDefaults() {
	check := defaultCheck{open: make(map[fitting]bool)}
	for _, record := range p.records {
		for _, f := range record.fields {
			if f.deflt == nil {
				continue
			}
			fits := check.fieldFits(f)
			switch {
			case check.steps > maxFittings:
				p.warn(f, "the defaults are too many and too nested to be checked")
				return
			case !fits:
				p.warn(f, fmt.Sprintf("the default %s of field %q isn't valid for its type, %s",
					f.deflt.at.compact(60), f.name, f.typ.is.words()))
			case p.misfit[f]:
				p.warn(f, fmt.Sprintf("the default %s of field %q comes before the definition of its type, %s, and Java's parser refuses that",
					f.deflt.at.compact(60), f.name, f.typ.is.words()))
			}
		}
	}
}

func (p *parser) warn(f *field, reason string) {
	at := f.deflt.at
	line, column := at.doc.position(at.offset)
	p.warnings = append(p.warnings, Warning{
		File: at.doc.name, Line: line, Column: column, Pointer: at.pointer(), Reason: reason,
	})
}

// defaultCheck tells which defaults fit, by Java's rules (Schema.isValidDefault).
type defaultCheck struct {
	open  map[fitting]bool // being looked at, or known
	steps int
}

type fitting struct {
	typ *typ
	at  *value
}

// maxFittings bounds the time: types that contain each other several times over
// make many combinations.
const maxFittings = 1_000_000

func (c *defaultCheck) fieldFits(f *field) bool {
	if f.deflt == nil {
		return false
	}
	return f.deflt.number != nil || c.fits(f.typ.is, f.deflt.at)
}

func (c *defaultCheck) fits(t *typ, v *value) bool {
	if c.steps++; c.steps > maxFittings {
		return true
	}
	if t == nil {
		return v.kind == '{'
	}
	switch t.kind {
	case kindString, kindBytes, kindEnum, kindFixed:
		return v.kind == '"'
	case kindNull:
		return v.kind == 'n'
	case kindBoolean:
		return v.kind == 't' || v.kind == 'f'
	case kindInt, kindLong:
		return v.kind == '0' && isInteger(v.text, map[kind]int{kindInt: 32, kindLong: 64}[t.kind])
	case kindFloat, kindDouble:
		return v.kind == '0'
	}
	// A record may contain itself, and its default leave out that field, whose
	// default leaves it out again: that never fits.
	pair := fitting{t, v}
	if known, ok := c.open[pair]; ok {
		return known
	}
	c.open[pair] = false
	c.open[pair] = c.nestedFits(t, v)
	return c.open[pair]
}

func (c *defaultCheck) nestedFits(t *typ, v *value) bool {
	switch t.kind {
	case kindUnion:
		for _, branch := range t.branches {
			if c.fits(branch.is, v) {
				return true
			}
		}
		return false
	case kindArray:
		for _, element := range v.elements {
			if !c.fits(t.items.is, element) {
				return false
			}
		}
		return v.kind == '['
	case kindMap:
		for _, m := range v.members {
			if !c.fits(t.items.is, v.get(m.name)) {
				return false
			}
		}
		return v.kind == '{'
	}
	if v.kind != '{' {
		return false
	}
	for _, f := range t.fields {
		if inner := v.get(f.name); inner != nil && !c.fits(f.typ.is, inner) || inner == nil && !c.fieldFits(f) {
			return false
		}
	}
	return true
}

func isInteger(text string, bits int) bool {
	_, err := strconv.ParseInt(text, 10, bits)
	return err == nil
}

// javaNumber is what Double.parseDouble reads (JDK, class Double, valueOf).
var javaNumber = regexp.MustCompile(`^[+-]?(NaN|Infinity|((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|` +
	`0[xX]([0-9a-fA-F]+\.?|[0-9a-fA-F]*\.[0-9a-fA-F]+)[pP][+-]?\d+)[fFdD]?)$`)

// javaDouble reads a number as Java does: blanks around it, a type's letter after
// it and hexadecimal are allowed, and what is too large is infinite.
func javaDouble(text string) (float64, bool) {
	text = strings.TrimFunc(text, func(r rune) bool { return r <= ' ' })
	match := javaNumber.FindStringSubmatch(text)
	if match == nil {
		return 0, false
	}
	if strings.HasSuffix(text, "NaN") {
		return math.NaN(), true // Go knows no sign of it
	}
	if match[2] != "" {
		text = strings.TrimRight(text, "fFdD")
		if strings.ContainsAny(match[2], "pP") {
			text = strings.TrimRight(match[0], "fFdD")
		}
	}
	number, _ := strconv.ParseFloat(text, 64)
	return number, true
}
