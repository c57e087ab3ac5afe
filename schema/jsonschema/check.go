package jsonschema

import (
	"errors"
	"slices"
	"strings"
)

// ErrTooComplex is what [Check] returns for schemas whose comparison would take
// more time than any real pair needs. They were not found compatible, nor
// incompatible.
var ErrTooComplex = errors.New("comparing JSON Schemas: too many combinations of parts")

// maxSteps bounds a comparison: parts of allOf, anyOf and oneOf are compared each
// with each, and so on inside of them.
const maxSteps = 100_000

// maxCheckDepth is how deep schemas are followed.
const maxCheckDepth = 1000

// Check lists what keeps a reader from accepting a writer's data, by Confluent's
// rules; see [RuleSource]. None means that they are compatible.
//
// Not compared are format, contains, minContains, maxContains, propertyNames,
// if, then and else, unevaluatedItems, unevaluatedProperties, contents, and the
// patterns of patternProperties, except where they cover a property that was added
// or removed.
func Check(reader, writer *Schema) ([]Problem, error) {
	c := &checker{reader: reader, writer: writer, visiting: map[pair]bool{}}
	c.compare(writer.formOf(writer.doc.root), reader.formOf(reader.doc.root))
	if c.steps > maxSteps {
		return nil, ErrTooComplex
	}
	return c.problems, nil
}

// pair is what is compared: a part of the writer's schema with one of the reader's.
type pair struct{ writer, reader form }

type checker struct {
	reader, writer *Schema
	reversed       bool // inside of a not
	visiting       map[pair]bool
	steps          int
	path           []string // tokens
	field          string
	problems       []Problem
	quiet          bool // only whether anything is wrong is asked
	failed         bool
}

// compare compares what was written with what is read. A pair that is being
// compared already, through a recursive reference, adds nothing.
func (c *checker) compare(w, r form) {
	p := pair{w, r}
	if c.steps++; c.steps > maxSteps || c.visiting[p] || c.quiet && c.failed {
		return
	}
	if len(c.visiting) > maxCheckDepth {
		c.steps = maxSteps + 1
		return
	}
	c.visiting[p] = true
	defer delete(c.visiting, p)
	if c.single(w, r) {
		return
	}
	if w.class() != r.class() {
		if w.kind != formNothing && r.kind != formAnything {
			c.add(TypeChanged, w.at, r.at, "the writer has "+words(w)+", the reader "+words(r), "")
		}
		return
	}
	switch r.class() {
	case "string":
		c.limits(w.at, r.at, "maxLength", "minLength")
		c.pattern(w.at, r.at)
	case "number":
		c.number(w, r)
	case "object":
		c.object(w.at, r.at)
	case "array":
		c.array(w.at, r.at)
	case formEnum:
		c.enum(w.at.get(formEnum), r.at.get(formEnum))
	case formConst:
		c.constant(w.at.get(formConst), r.at.get(formConst))
	case formNot:
		c.not(w.at.get(formNot), r.at.get(formNot))
	case "combined":
		c.combined(w, r)
	}
}

// single compares a schema with the parts of one that is made of several, where
// one of them will do.
func (c *checker) single(w, r form) bool {
	switch {
	case w.criterion() == "" && r.criterion() != "":
		parts := c.readerParts(r)
		if r.criterion() == formAllOf && len(parts) > 1 {
			return false
		}
		return slices.ContainsFunc(parts, func(part form) bool { return c.fits(w, part) })
	case w.criterion() != "" && r.criterion() == "":
		parts := c.writerParts(w)
		return len(parts) == 1 && c.fits(parts[0], r)
	}
	return false
}

// fits compares by itself; what is wrong isn't told.
func (c *checker) fits(w, r form) bool {
	sub := *c
	sub.quiet, sub.failed = true, false
	sub.compare(w, r)
	c.steps = sub.steps
	return !sub.failed
}

func (c *checker) readerParts(f form) []form {
	if c.reversed {
		return c.writer.parts(f)
	}
	return c.reader.parts(f)
}

func (c *checker) writerParts(f form) []form {
	if c.reversed {
		return c.reader.parts(f)
	}
	return c.writer.parts(f)
}

func (c *checker) readerForm(v *value) form {
	if c.reversed {
		return c.writer.formOf(v)
	}
	return c.reader.formOf(v)
}

func (c *checker) writerForm(v *value) form {
	if c.reversed {
		return c.reader.formOf(v)
	}
	return c.writer.formOf(v)
}

// within goes to a place below for as long as a function runs.
func (c *checker) within(do func(), tokens ...string) {
	n := len(c.path)
	c.path = append(c.path, tokens...)
	do()
	c.path = c.path[:n]
}

// inField goes to a property's or an item's place.
func (c *checker) inField(field string, do func()) {
	before := c.field
	if c.field == "" || strings.HasPrefix(field, "[") {
		c.field += field
	} else {
		c.field += "." + field
	}
	do()
	c.field = before
}

func (c *checker) add(rule Rule, w, r *value, detail, fix string) {
	c.failed = true
	if c.quiet {
		return
	}
	path := "/"
	if p := pointerOf(c.path); p != "" {
		path = p
	}
	c.problems = append(c.problems, Problem{
		Rule: rule, Path: path, Field: c.field, Reader: newPlace(r), Writer: newPlace(w), detail: detail, fix: fix,
	})
}

// words describes a form for messages.
func words(f form) string {
	switch f.kind {
	case formAnything:
		return "a schema that accepts anything"
	case formNothing:
		return "a schema that accepts nothing"
	case formAspects, formTypes:
		return "a combination: " + f.at.compact()
	case formAllOf, formAnyOf, formOneOf:
		return "a combination by " + f.kind
	case formEnum, formConst, formNot, formIf:
		return "a schema of " + f.kind
	case "array", "integer", "object":
		return "an " + f.kind
	case "null":
		return "null"
	}
	return "a " + f.kind
}
