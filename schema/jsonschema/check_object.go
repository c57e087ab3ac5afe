package jsonschema

import (
	"fmt"
	"slices"
	"strings"
)

// object compares two schemas of objects.
func (c *checker) object(w, r *value) {
	c.required(w, r)
	c.properties(w, r)
	c.dependencies(w, r)
	c.additionalProperties(w, r)
	c.limits(w, r, "maxProperties", "minProperties")
}

// names lists the names of the members of two objects, each once.
func names(a, b *value) []string {
	var list []string
	for _, v := range []*value{a, b} {
		if v == nil {
			continue
		}
		for _, m := range v.members {
			list = append(list, m.name)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// requires tells whether a property must be there.
func requires(v *value, name string) bool {
	required := v.get("required")
	return required != nil && slices.ContainsFunc(required.elements, func(e *value) bool { return e.kind == '"' && e.text == name })
}

// required compares the properties that both schemas have.
func (c *checker) required(w, r *value) {
	was, is := w.get("properties"), r.get("properties")
	for _, name := range names(was, nil) {
		property := is.get(name)
		if property == nil || requires(w, name) || !requires(r, name) || property.get("default") != nil {
			continue
		}
		c.within(func() {
			c.inField(name, func() {
				c.add(RequiredAdded, was.get(name), property, "the reader requires it, the writer may leave it out",
					`give it a default, or take it out of "required"`)
			})
		}, "required", name)
	}
}

func (c *checker) properties(w, r *value) {
	was, is := w.get("properties"), r.get("properties")
	for _, name := range names(was, is) {
		c.within(func() {
			c.inField(name, func() {
				switch before, after := was.get(name), is.get(name); {
				case after == nil:
					c.propertyRemoved(name, before, r)
				case before == nil:
					c.propertyAdded(name, after, w, r)
				default:
					c.compare(c.writerForm(before), c.readerForm(after))
				}
			})
		}, "properties", name)
	}
}

// propertyRemoved: whether the reader still accepts it is up to what it says of
// properties that it doesn't name.
func (c *checker) propertyRemoved(name string, before, r *value) {
	if isOpen(r) {
		return
	}
	if cover := covering(r, name); cover != nil {
		if !c.covered(c.writerForm(before), c.readerForm(cover)) {
			c.add(RemovedNotCovered, before, cover, "the reader doesn't name it, and its additional or pattern properties don't accept it", "")
		}
		return
	}
	if before.kind != 'f' {
		c.add(RemovedFromClosed, before, r, "the reader doesn't have it and forbids additional properties", "keep it, or allow additional properties")
	}
}

// propertyAdded: what the writer says of properties that it doesn't name may
// already have been written under that name.
func (c *checker) propertyAdded(name string, after, w, r *value) {
	if isOpen(w) {
		if c.readerForm(after).kind == formAnything {
			return
		}
		rule := OptionalToOpen
		switch {
		case requires(r, name) && after.get("default") != nil:
			rule = DefaultToOpen
		case requires(r, name):
			rule = RequiredToOpen
		}
		c.add(rule, w, after, "it is new, and the writer allows additional properties, so data may have it with any type",
			`let the writer's schema forbid additional properties first, or accept anything for it`)
		return
	}
	if cover := covering(w, name); cover != nil && !c.covered(c.writerForm(cover), c.readerForm(after)) {
		c.add(PropertyNotCovered, cover, after, "it is new, and doesn't accept all that the writer's additional or pattern properties allow", "")
	}
	if requires(r, name) && after.get("default") == nil {
		c.add(RequiredToUnopen, w, after, "the reader requires it, and the writer doesn't have it",
			`give it a default, or take it out of "required"`)
	}
}

// covered compares and keeps what is wrong.
func (c *checker) covered(w, r form) bool {
	before := c.failed
	c.failed = false
	c.compare(w, r)
	fits := !c.failed
	c.failed = c.failed || before
	return fits
}

// isOpen tells that properties that aren't named can be anything.
func isOpen(v *value) bool {
	patterns := v.get("patternProperties")
	additional := v.get("additionalProperties")
	return (patterns == nil || len(patterns.members) == 0) && (additional == nil || additional.kind == 't')
}

// covering is the schema for a property that isn't named, or nil.
func covering(v *value, name string) *value {
	if patterns := v.get("patternProperties"); patterns != nil {
		for _, m := range patterns.members {
			if pattern, err := compilePattern(m.name); err == nil && pattern.MatchString(name) {
				return m.value
			}
		}
	}
	if additional := v.get("additionalProperties"); additional != nil && additional.kind == '{' {
		return additional
	}
	return nil
}

// dependencies compares what the presence of a property demands. Since draft
// 2019-09 that is written in two keywords of their own.
func (c *checker) dependencies(w, r *value) {
	for _, keyword := range []string{"dependencies", "dependentRequired", "dependentSchemas"} {
		was, is := w.get(keyword), r.get(keyword)
		for _, name := range names(nil, is) {
			c.within(func() { c.dependency(name, was.get(name), is.get(name), w) }, keyword, name)
		}
	}
}

func (c *checker) dependency(name string, was, is, w *value) {
	if is.kind != '[' {
		switch {
		case was == nil || was.kind == '[':
			c.add(DependencySchema, w, is, fmt.Sprintf("the reader has a dependency on %q that the writer hasn't", name), "")
		default:
			c.compare(c.writerForm(was), c.readerForm(is))
		}
		return
	}
	if was == nil || was.kind != '[' {
		c.add(DependencyAdded, w, is, fmt.Sprintf("the reader has a dependency on %q that the writer hasn't", name), "")
		return
	}
	more := missingFrom(is, was)
	if len(more) == 0 {
		return
	}
	rule := DependencyChanged
	if len(missingFrom(was, is)) == 0 {
		rule = DependencyExtended
	}
	c.add(rule, was, is, fmt.Sprintf("with %q the reader also demands %s", name, strings.Join(more, ", ")), "")
}

func (c *checker) additionalProperties(w, r *value) {
	c.rest(w, r, "additionalProperties", AdditionalRemoved, AdditionalNarrowed, "properties")
}

// rest compares what is said of properties or items that aren't named.
func (c *checker) rest(w, r *value, keyword string, removed, narrowed Rule, what string) {
	was, is := w.get(keyword), r.get(keyword)
	c.within(func() {
		switch {
		case is == nil || is.kind == 't':
		case was != nil && was.kind == 'f':
		case is.kind == 'f':
			c.add(removed, orElse(was, w), is, "the reader forbids additional "+what+", the writer doesn't", "allow additional "+what)
		case was == nil || was.kind == 't':
			c.add(narrowed, orElse(was, w), is, "the reader wants additional "+what+" to be of a schema, to the writer they can be anything", "")
		default:
			c.inField("{}", func() { c.compare(c.writerForm(was), c.readerForm(is)) })
		}
	}, keyword)
}

func orElse(v, other *value) *value {
	if v != nil {
		return v
	}
	return other
}
