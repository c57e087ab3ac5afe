package avro

import (
	"slices"
)

// Limits of one comparison; see [ErrTooComplex].
const (
	// maxCost bounds time and memory: a pair of types costs 1, a difference found
	// between them findingCost. Two unions of 500 records with ten fields each, the
	// costliest shape that somebody may need, stay below it.
	maxCost     = 20_000_000
	findingCost = 10
	// maxRecursion bounds how far types lead into each other.
	maxRecursion = 10_000
)

// Check tells what keeps a reader with one schema from reading what was written
// with another: all that SchemaCompatibility of Apache Avro for Java 1.12.1
// reports, in the order of the reader's schema. No problems and no error means
// that the reader can read it.
//
// Two things are added. Where Java gives up with an exception because a field
// matches several of the writer's, there is a problem with the rule
// [AmbiguousAlias], after the others. And where no branch of a union fits, the
// problem's Causes tell what is wrong with the branch that comes nearest.
//
// Like Java's, the comparison ignores logical types, documentation, the order of
// fields and whether defaults fit.
//
// The only error is [ErrTooComplex].
func Check(reader, writer *Schema) ([]Problem, error) {
	c := newChecker(maxCost)
	found := c.compare(reader.root, writer.root, &step{kind: stepRoot})
	if c.budget < 0 {
		return nil, ErrTooComplex
	}
	return c.report(found)
}

// fits tells whether one type can be read as another. What would cost too much
// to find out doesn't.
func fits(reader, writer *use, cost int) bool {
	c := newChecker(cost)
	return c.compare(reader, writer, &step{kind: stepRoot}) == nil && c.budget >= 0
}

// checker compares a reader's types with a writer's. It goes the same way as
// Java's checker does, pair by pair, for the way decides where a problem that is
// met twice is said to be.
type checker struct {
	memo      map[pair]*result
	ambiguous []*finding
	budget    int
	depth     int
}

func newChecker(budget int) *checker {
	return &checker{memo: make(map[pair]*result), budget: budget}
}

// pair is a reader's definition and a writer's.
type pair struct{ reader, writer *typ }

// result is what was found for a pair; nil when the reader's type can read the
// writer's. Results of types within the pair's are parts of it, so that what
// many places share is stored once.
type result struct {
	entries []entry
}

type entry struct {
	finding *finding
	part    *result
}

// undecided is the result of a pair that is being compared. Meeting it again
// means that the types recur: they fit unless something else shows they don't.
var undecided = new(result)

// finding is one difference, not yet in words.
type finding struct {
	rule           Rule
	reader, writer *use
	at             *step
	within         string // the attribute at fault, if not the type as a whole

	symbols []string // missing-enum-symbols
	fields  []*field // ambiguous-alias: the writer's
	branch  *use     // missing-union-branch: the writer's branch
	nearest *result  // missing-union-branch: why the nearest reader's branch doesn't fit
}

func (c *checker) add(to *result, f *finding) *result {
	c.budget -= findingCost
	if to == nil {
		to = new(result)
	}
	to.entries = append(to.entries, entry{finding: f})
	return to
}

func merge(to, part *result) *result {
	if part == nil {
		return to
	}
	if to == nil {
		to = new(result)
	}
	to.entries = append(to.entries, entry{part: part})
	return to
}

// compare returns what keeps reader from reading writer's data. Each pair is
// compared once. Pairs without a named type needn't be remembered: only one way
// leads to each, and that begins at a pair that is.
func (c *checker) compare(reader, writer *use, at *step) *result {
	c.budget--
	if c.budget < 0 || c.depth > maxRecursion {
		c.budget = -1
		return nil
	}
	c.depth++
	defer func() { c.depth-- }()
	if !reader.is.named() && !writer.is.named() {
		return c.calculate(reader, writer, at)
	}
	key := pair{reader.is, writer.is}
	known, ok := c.memo[key]
	switch {
	case !ok:
		c.memo[key] = undecided
		known = c.calculate(reader, writer, at)
		c.memo[key] = known
	case known == undecided:
		return nil
	}
	return known
}

func (c *checker) calculate(reader, writer *use, at *step) *result {
	r, w := reader.is, writer.is
	switch {
	case r.kind != w.kind:
		return c.compareKinds(reader, writer, at)
	case r.kind == kindArray:
		return c.compare(r.items, w.items, at.next(step{kind: stepItems}))
	case r.kind == kindMap:
		return c.compare(r.items, w.items, at.next(step{kind: stepValues}))
	case r.kind == kindUnion:
		return c.compareUnions(reader, writer, at)
	case !r.named():
		return nil
	}
	found := c.compareNames(reader, writer, at)
	switch r.kind {
	case kindFixed:
		if r.size != w.size {
			found = c.add(found, &finding{rule: FixedSizeMismatch, reader: reader, writer: writer, at: at, within: "size"})
		}
		return found
	case kindEnum:
		return c.compareSymbols(found, reader, writer, at)
	default:
		return c.compareFields(found, reader, writer, at)
	}
}

// compareKinds compares types of different kinds.
func (c *checker) compareKinds(reader, writer *use, at *step) *result {
	r, w := reader.is, writer.is
	switch {
	case w.kind == kindUnion:
		var found *result
		for i, branch := range w.branches {
			found = merge(found, c.compare(reader, branch, at.next(step{kind: stepBranch, index: i})))
		}
		return found
	case r.kind == kindUnion:
		return c.findBranch(reader, writer, at)
	case slices.Contains(promotions[w.kind], r.kind):
		return nil
	}
	return c.add(nil, &finding{rule: TypeMismatch, reader: reader, writer: writer, at: at})
}

// promotions are the types as which one can also be read.
var promotions = map[kind][]kind{
	kindInt:    {kindLong, kindFloat, kindDouble},
	kindLong:   {kindFloat, kindDouble},
	kindFloat:  {kindDouble},
	kindString: {kindBytes},
	kindBytes:  {kindString},
}

// compareUnions looks for a branch of the reader's union for each branch of the
// writer's. As in Java, what is wrong with a branch begins its path anew.
func (c *checker) compareUnions(reader, writer *use, at *step) *result {
	var found *result
	for i, branch := range writer.is.branches {
		if why := c.compare(reader, branch, at.next(step{kind: stepTrial})); why != nil {
			found = c.add(found, &finding{
				rule: MissingUnionBranch, reader: reader, writer: writer, branch: branch,
				at: at.next(step{kind: stepBranch, index: i}),
				// What findBranch says of the branch is about its nearest already.
				nearest: why.entries[0].finding.nearest,
			})
		}
	}
	return found
}

// findBranch tries the branches of a reader's union in turn.
func (c *checker) findBranch(reader, writer *use, at *step) *result {
	var nearest *result
	best := -1
	for _, branch := range reader.is.branches {
		why := c.compare(branch, writer, at.next(step{kind: stepTrial}))
		if why == nil {
			return nil
		}
		if score := likeness(branch.is, writer.is); score > best {
			best, nearest = score, why
		}
	}
	if best <= 0 {
		nearest = nil
	}
	return c.add(nil, &finding{
		rule: MissingUnionBranch, reader: reader, writer: writer, branch: writer, at: at, nearest: nearest,
	})
}

// likeness tells how likely a branch was meant for the writer's type; 0 is not at all.
func likeness(r, w *typ) int {
	switch {
	case r.kind != w.kind:
		return 0
	case r.named() && (r.name.full == w.name.full || r.hasAlias(w.name.full)):
		return 3
	case r.named() && r.name.short == w.name.short:
		return 2
	}
	return 1
}
