package avro

import (
	"slices"
	"strconv"
	"strings"
)

// step is one step from the roots of two schemas to a pair of types in them.
// Each step knows the one before, so that places share what they have in common.
type step struct {
	up     *step
	kind   stepKind
	index  int    // of the field or branch
	field  *field // the reader's
	writer *field // what fills it; nil when nothing does
	inside bool   // at the field's type, not the field
}

type stepKind int

const (
	stepRoot stepKind = iota
	stepTrial
	stepField
	stepItems
	stepValues
	stepBranch // of the writer's union
)

func (s *step) next(to step) *step {
	to.up = s
	return &to
}

// path is the place as Java reports it: tokens from the root or, within the trial
// of a union's branch, from there. It always begins with a slash.
func (s *step) path(within string) string {
	var tokens []string // last first
	if within != "" {
		tokens = append(tokens, within)
	}
	for ; s.kind != stepRoot && s.kind != stepTrial; s = s.up {
		switch s.kind {
		case stepField:
			if s.inside {
				tokens = append(tokens, "type")
			}
			tokens = append(tokens, strconv.Itoa(s.index), "fields")
		case stepItems:
			tokens = append(tokens, "items")
		case stepValues:
			tokens = append(tokens, "values")
		case stepBranch:
			tokens = append(tokens, strconv.Itoa(s.index))
		}
	}
	slices.Reverse(tokens)
	return "/" + strings.Join(tokens, "/")
}

// maxFields is how many bytes of names the place in names may have. Types that
// lead into each other make longer ones, of which the end is what tells something.
const maxFields = 4096

// fields is the place in the names of fields, from the root, as in
// "customer.addresses[].city"; a map's values are {}.
func (s *step) fields() string {
	var tokens []string // last first
	for length := 0; s.kind != stepRoot; s = s.up {
		switch s.kind {
		case stepField:
			tokens = append(tokens, shorten(s.field.name, maxFields), ".")
			length += len(s.field.name)
		case stepItems:
			tokens = append(tokens, "[]")
		case stepValues:
			tokens = append(tokens, "{}")
		}
		if length += 2; length > maxFields {
			tokens = append(tokens, "…")
			break
		}
	}
	slices.Reverse(tokens)
	return strings.TrimPrefix(strings.Join(tokens, ""), ".")
}

// innermost is the field in whose type the place is, or the field itself; nil at
// the root.
func (s *step) innermost() *step {
	for ; s.kind != stepRoot; s = s.up {
		if s.kind == stepField {
			return s
		}
	}
	return nil
}
