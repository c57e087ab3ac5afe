package avro

import (
	"slices"
	"strings"
)

// Diff tells what changed from one schema to the next, field by field, in the
// order of the new schema; what was removed from a record comes after what is
// left of it. Types that are used in several places are told about once, at the
// first. Whether a change breaks anything is not asked: see [Check].
//
// The only error is [ErrTooComplex].
func Diff(from, to *Schema) ([]Change, error) {
	d := differ{seen: make(map[pair]bool), budget: maxCost}
	d.types(from.root, to.root, &step{kind: stepRoot})
	if d.budget < 0 {
		return nil, ErrTooComplex
	}
	return d.changes, nil
}

type differ struct {
	changes []Change
	seen    map[pair]bool // of named types: the first is the old one
	budget  int
	depth   int
}

// textLimit is how many bytes of a default or a documentation a change quotes.
const textLimit = 60

// bytesPerCost is how much text is written in the time of a pair.
const bytesPerCost = 16

func (d *differ) add(c Change, at *step) {
	c.Field = at.fields()
	d.budget -= findingCost + (len(c.Field)+len(c.From)+len(c.To))/bytesPerCost
	d.changes = append(d.changes, c)
}

// types compares what is used at one place.
func (d *differ) types(from, to *use, at *step) {
	if d.budget--; d.budget < 0 || d.depth > maxRecursion {
		d.budget = -1
		return
	}
	d.depth++
	defer func() { d.depth-- }()
	f, t := from.is, to.is
	switch {
	case f.kind == kindUnion && t.kind == kindUnion:
		d.unions(from, to, at)
	case f.kind != t.kind:
		d.kinds(from, to, at)
	case f.kind == kindArray:
		d.attributes(f, t, at)
		d.types(f.items, t.items, at.next(step{kind: stepItems}))
	case f.kind == kindMap:
		d.attributes(f, t, at)
		d.types(f.items, t.items, at.next(step{kind: stepValues}))
	case f.named():
		d.named(from, to, at)
	default:
		d.attributes(f, t, at)
	}
}

// kinds tells that a type became another. A type that became one of several, or
// was one of several, is compared with what it still has in common.
func (d *differ) kinds(from, to *use, at *step) {
	f, t := from.is, to.is
	d.add(Change{
		Kind: TypeChanged, From: f.words(), To: t.words(), Old: newPlace(f, from.at), New: newPlace(t, to.at),
	}, at)
	if f.kind == kindUnion {
		if i := matchBranch(f.branches, t); i >= 0 {
			d.types(f.branches[i], to, at)
		}
	} else if t.kind == kindUnion {
		if i := matchBranch(t.branches, f); i >= 0 {
			d.types(from, t.branches[i], at)
		}
	}
}

// matchBranch finds the branch that is most like a type: -1 if none is.
func matchBranch(branches []*use, t *typ) int {
	best, found := 0, -1
	for i, branch := range branches {
		if score := likeness(branch.is, t); score > best && (score > 1 || !t.named()) {
			best, found = score, i
		}
	}
	return found
}

// unions matches the branches of two unions and compares those that match.
func (d *differ) unions(from, to *use, at *step) {
	matches := matchBranches(from.is.branches, to.is.branches)
	kept := make(map[int]bool, len(matches))
	var order []int // of the old branches, as the new union has them
	for j, branch := range to.is.branches {
		i, ok := matches[j]
		if !ok {
			d.add(Change{
				Kind: BranchAdded, Subject: branch.is.unionKey(), To: branch.is.words(), New: newPlace(branch.is, branch.at),
			}, at)
			continue
		}
		kept[i] = true
		order = append(order, i)
		d.types(from.is.branches[i], branch, at)
	}
	for i, branch := range from.is.branches {
		if !kept[i] {
			d.add(Change{
				Kind: BranchRemoved, Subject: branch.is.unionKey(), From: branch.is.words(), Old: newPlace(branch.is, branch.at),
			}, at)
		}
	}
	if !slices.IsSorted(order) {
		d.add(Change{
			Kind: BranchesReordered, From: from.is.words(), To: to.is.words(),
			Old: newPlace(from.is, from.at), New: newPlace(to.is, to.at),
		}, at)
	}
}

// attributes compares what isn't structure: the logical type and properties.
func (d *differ) attributes(from, to *typ, at *step) {
	if old, now := from.logicalWords(), to.logicalWords(); old != now {
		d.add(Change{
			Kind: LogicalTypeChanged, From: old, To: now, Old: newPlace(from, from.at), New: newPlace(to, to.at),
		}, at)
	}
	of := ""
	if to.named() {
		of = to.words()
	}
	reserved := append([]string{"logicalType", "precision", "scale"}, reservedFor(to.kind)...)
	d.properties(from, to, from.at, to.at, reserved, of, at)
}

// properties compares the attributes of two values that have no meaning of their
// own.
func (d *differ) properties(from, to *typ, old, now *value, reserved []string, of string, at *step) {
	before, after := properties(old, reserved), properties(now, reserved)
	for _, name := range sortedKeys(before, after) {
		a, b := before[name], after[name]
		if a != nil && b != nil && sameJSON(a, b) {
			continue
		}
		d.add(Change{
			Kind: PropertyChanged, Subject: name, From: jsonText(a), To: jsonText(b), of: of,
			Old: placeOf(from, a), New: placeOf(to, b),
		}, at)
	}
}

// sortedKeys are the keys of either, each once.
func sortedKeys(a, b map[string]*value) []string {
	var keys []string
	for _, m := range []map[string]*value{a, b} {
		for key := range m {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// jsonText is a value as JSON on one line, cut where it is long.
func jsonText(v *value) string {
	if v == nil {
		return ""
	}
	return strings.TrimSpace(v.compact(textLimit))
}

// placeOf is the place of a value of a type; zero without one.
func placeOf(t *typ, v *value) Place {
	if v == nil {
		return Place{}
	}
	return newPlace(t, v)
}
