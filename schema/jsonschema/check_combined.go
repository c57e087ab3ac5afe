package jsonschema

import (
	"fmt"
	"slices"
	"strconv"
)

// combined compares two schemas that are each an allOf, anyOf or oneOf of others.
func (c *checker) combined(w, r form) {
	was, is := c.writerParts(w), c.readerParts(r)
	if !widened(w.criterion(), r.criterion(), len(was), len(is)) {
		c.add(CombinedTypeChanged, w.at, r.at,
			fmt.Sprintf("the writer has %s of %d, the reader %s of %d", w.criterion(), len(was), r.criterion(), len(is)), "")
		return
	}
	switch product := r.criterion() == formAllOf; {
	case product && len(was) < len(is):
		c.add(ProductTypeExtended, w.at, r.at,
			fmt.Sprintf("the reader demands %d schemas at once, the writer satisfies %d", len(is), len(was)), "")
	case !product && len(was) > len(is):
		c.add(SumTypeNarrowed, w.at, r.at,
			fmt.Sprintf("the reader accepts %d kinds, the writer writes %d", len(is), len(was)), "keep accepting all that was accepted")
	}
	if matched := c.match(w.criterion(), was, is); matched < min(len(was), len(is)) {
		c.add(CombinedTypeSubs, w.at, r.at,
			fmt.Sprintf("of the %d parts that the writer has, %d fit a part of the reader's", len(was), matched), c.closest(was, is))
	}
}

// widened tells that a criterion may become another one: what satisfies the first
// satisfies the second.
func widened(was, is string, before, after int) bool {
	switch is {
	case was, formAnyOf:
		return true
	case formOneOf:
		return before == 1
	}
	return before == 1 && after == 1
}

// closest words what is wrong with the only part there is, where there is only one.
func (c *checker) closest(was, is []form) string {
	if len(was) != 1 || len(is) != 1 || c.quiet {
		return ""
	}
	sub := *c
	sub.problems = nil
	sub.compare(was[0], is[0])
	c.steps = sub.steps
	if len(sub.problems) == 0 {
		return ""
	}
	return sub.problems[0].Fix()
}

// match pairs parts of the writer's with parts of the reader's that accept them,
// each at most once, and as many as possible.
func (c *checker) match(criterion string, was, is []form) int {
	accepts := make([][]int, len(was))
	for i, w := range was {
		c.within(func() {
			for j, r := range is {
				if c.fits(w, r) {
					accepts[i] = append(accepts[i], j)
				}
			}
		}, criterion, strconv.Itoa(i))
	}
	taken := make([]int, len(is)) // by which writer's part, counted from 1
	matched := 0
	for i := range was {
		if place(i, accepts, taken, make([]bool, len(is))) {
			matched++
		}
	}
	return matched
}

// place finds a partner for a part, and moves others if need be (Kuhn's algorithm).
func place(i int, accepts [][]int, taken []int, tried []bool) bool {
	return slices.ContainsFunc(accepts[i], func(j int) bool {
		if tried[j] {
			return false
		}
		tried[j] = true
		if taken[j] == 0 || place(taken[j]-1, accepts, taken, tried) {
			taken[j] = i + 1
			return true
		}
		return false
	})
}
