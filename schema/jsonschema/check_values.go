package jsonschema

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"unicode"
)

// number is the exact value of a number. Parsing has refused those of which that
// would be too long.
func (v *value) number() *big.Rat {
	n, ok := new(big.Rat).SetString(v.text)
	if !ok {
		return new(big.Rat)
	}
	return n
}

// numberAt returns a keyword's number, or nil.
func numberAt(v *value, keyword string) *value {
	if n := v.get(keyword); n != nil && n.kind == '0' {
		return n
	}
	return nil
}

// limits compares an upper and a lower limit: neither may be new or closer.
func (c *checker) limits(w, r *value, upper, lower string) {
	c.limit(w, r, upper, numberAt(w, upper), numberAt(r, upper), -1)
	c.limit(w, r, lower, numberAt(w, lower), numberAt(r, lower), 1)
}

// limit compares one. Closer is the sign of the reader's less the writer's when it
// admits less.
func (c *checker) limit(w, r *value, keyword string, was, is *value, closer int) {
	switch {
	case is == nil:
	case was == nil:
		c.within(func() {
			c.add(ruleFor(keyword, "added"), w, is, fmt.Sprintf("the reader has %s %s, the writer has none", keyword, is.text),
				"leave out "+keyword)
		}, keyword)
	case is.number().Cmp(was.number()) == closer:
		change := map[int]string{-1: "decreased", 1: "increased"}[closer]
		c.within(func() {
			c.add(ruleFor(keyword, change), was, is, fmt.Sprintf("%s is %s for the reader and %s for the writer", keyword, is.text, was.text),
				fmt.Sprintf("leave %s at %s", keyword, was.text))
		}, keyword)
	}
}

// ruleFor names a rule by its keyword: maxLength and added make max-length-added.
func ruleFor(keyword, change string) Rule {
	var b strings.Builder
	for _, r := range keyword {
		if unicode.IsUpper(r) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return Rule(b.String() + "-" + change)
}

func (c *checker) pattern(w, r *value) {
	was, is := w.get("pattern"), r.get("pattern")
	c.within(func() {
		switch {
		case is == nil:
		case was == nil:
			c.add(PatternAdded, w, is, fmt.Sprintf("the reader has the pattern %q, the writer has none", is.text), "leave out pattern")
		case was.text != is.text:
			c.add(PatternChanged, was, is, fmt.Sprintf("the pattern is %q for the reader and %q for the writer", is.text, was.text),
				"leave the pattern as it was")
		}
	}, "pattern")
}

func (c *checker) number(w, r form) {
	wMax, wOver := upperLimits(w.at, "maximum", "exclusiveMaximum")
	rMax, rOver := upperLimits(r.at, "maximum", "exclusiveMaximum")
	wMin, wUnder := upperLimits(w.at, "minimum", "exclusiveMinimum")
	rMin, rUnder := upperLimits(r.at, "minimum", "exclusiveMinimum")
	c.limit(w.at, r.at, "maximum", wMax, rMax, -1)
	c.limit(w.at, r.at, "minimum", wMin, rMin, 1)
	c.limit(w.at, r.at, "exclusiveMaximum", wOver, rOver, -1)
	c.limit(w.at, r.at, "exclusiveMinimum", wUnder, rUnder, 1)
	c.multipleOf(w.at, r.at)
	if r.kind == "integer" && w.kind != "integer" {
		c.add(TypeNarrowed, w.at, r.at, "the writer has a number, the reader an integer", `leave the type "number"`)
	}
}

// upperLimits returns a limit and the exclusive one. In draft 4 the second is true
// or false, and says which of both the first is.
func upperLimits(v *value, keyword, exclusive string) (limit, exclusiveLimit *value) {
	limit = numberAt(v, keyword)
	if e := v.get(exclusive); e != nil && e.kind == 't' {
		return nil, limit
	}
	return limit, numberAt(v, exclusive)
}

func (c *checker) multipleOf(w, r *value) {
	was, is := numberAt(w, "multipleOf"), numberAt(r, "multipleOf")
	if is == nil {
		return
	}
	c.within(func() {
		if was == nil {
			c.add(MultipleOfAdded, w, is, fmt.Sprintf("the reader has multipleOf %s, the writer has none", is.text), "leave out multipleOf")
			return
		}
		if divides(is, was) {
			return
		}
		rule := MultipleOfChanged
		if divides(was, is) {
			rule = MultipleOfExpanded
		}
		c.add(rule, was, is, fmt.Sprintf("multipleOf is %s for the reader and %s for the writer", is.text, was.text),
			fmt.Sprintf("use a number that %s is a multiple of", was.text))
	}, "multipleOf")
}

func divides(divisor, n *value) bool {
	d := divisor.number()
	return d.Sign() != 0 && new(big.Rat).Quo(n.number(), d).IsInt()
}

func (c *checker) enum(was, is *value) {
	missing := missingFrom(was, is)
	if len(missing) == 0 {
		return
	}
	rule := EnumArrayChanged
	if len(missingFrom(is, was)) == 0 {
		rule = EnumArrayNarrowed
	}
	c.within(func() {
		c.add(rule, was, is, "the reader's enum lacks "+strings.Join(missing, ", ")+", which the writer may write",
			"keep these values in the enum")
	}, "enum")
}

// missingFrom lists the elements of one array that the other doesn't have.
func missingFrom(from, in *value) []string {
	var missing []string
	for _, element := range from.elements {
		if !slices.ContainsFunc(in.elements, element.equal) {
			missing = append(missing, element.compact())
		}
	}
	return missing
}

func (c *checker) constant(was, is *value) {
	if !was.equal(is) {
		c.within(func() {
			c.add(EnumArrayChanged, was, is, fmt.Sprintf("const is %s for the reader and %s for the writer", is.compact(), was.compact()),
				"use an enum of both")
		}, "const")
	}
}

// not compares what is excluded the other way round: the reader may exclude less.
func (c *checker) not(was, is *value) {
	c.within(func() {
		turned := *c
		turned.reversed = !c.reversed
		fits := turned.fits(turned.writerForm(is), turned.readerForm(was))
		c.steps = turned.steps
		if !fits {
			c.add(NotTypeExtended, was, is, "the reader's not excludes what the writer's didn't", "")
		}
	}, "not")
}
