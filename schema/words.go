package schema

import (
	"fmt"
	"strings"
)

// Rules of the front door's own, beside those of the languages.
const (
	// RuleFormat: an earlier version is in another schema language.
	RuleFormat = "format-changed"
	// RuleRegistry: the registry refuses what local rules find nothing in.
	RuleRegistry = "registry-incompatible"
)

// problem words a finding for those who deploy.
func (o *oneCheck) problem(v Version, d Direction, f Finding) Problem {
	p := Problem{
		Path: f.Path, Field: f.Field, Rule: f.Rule, Direction: d, Reader: f.Reader.Text, Writer: f.Writer.Text,
		AgainstVersion: v.Number, Against: v.Label, File: o.c.Path,
	}
	own := f.Reader
	p.Message = fmt.Sprintf("consumers with the new schema can't read what producers on %s wrote: %s", v.Label, f.Detail)
	p.Fix = f.MendReader
	if d == OldReadsNew {
		own = f.Writer
		p.Message = fmt.Sprintf("consumers on %s can't read what producers with the new schema write: %s", v.Label, f.Detail)
		p.Fix = f.MendWriter
	}
	if p.Fix == "" {
		p.Fix = wayOut[d]
	}
	p.Line, p.Column = own.Line, own.Column
	if own.File != "" {
		p.File = own.File
	}
	return p
}

// wayOut is what helps where a language has no advice of its own.
var wayOut = map[Direction]string{
	NewReadsOld: "let the new schema take what the old one allows, or put the change into a field of its own that may be missing",
	OldReadsNew: "write only what the old schema takes, or put the change into a field of its own that the old one leaves open",
}

// otherFormat is a version that can't be compared because of its language.
func (o *oneCheck) otherFormat(v Version) Problem {
	old, now := v.Format.words(), o.c.Format.words()
	return Problem{
		Path: "/", Rule: RuleFormat, Direction: NewReadsOld, Reader: now, Writer: old,
		AgainstVersion: v.Number, Against: v.Label, File: o.c.Path, Line: 1, Column: 1,
		Message: fmt.Sprintf("consumers with the new schema can't read what producers on %s wrote: that is %s, and the new schema is %s", v.Label, old, now),
		Fix:     fmt.Sprintf("stay with %s, or move to a new topic with a subject of its own", old),
	}
}

// deployment says who has to be deployed first, and why.
func deployment(r *Result) (Side, string) {
	switch {
	case r.Error != nil:
		return Neither, "deploy neither side: the change couldn't be checked"
	case r.Breaks() > 0:
		return Neither, "deploy neither side: no order is safe for a change that breaks"
	case r.Sample.fails():
		return Neither, "deploy neither side: consumers with the new schema can't read records that are in the topic"
	case r.allowed() > 0:
		return Neither, "no order is safe by itself: a known break is allowed, and its own plan says what to deploy when"
	case r.NewSubject:
		return Either, "deploy either side first: nobody has an earlier version"
	}
	side := r.Mode.DeployFirst()
	return side, map[Side]string{
		Consumers: "deploy consumers first: they can read old and new data, while those on the old schema may not be able to read new data",
		Producers: "deploy producers first: consumers on the old schema can read new data, while those with the new schema may not be able to read old data",
		Either:    "deploy either side first: both schemas read each other's data",
		Neither:   "no order is known to be safe: the mode NONE promises nothing",
	}[side]
}

// allowed counts the problems that the allow list lets pass.
func (r *Result) allowed() int {
	n := 0
	for _, p := range r.Problems {
		if p.Allowed {
			n++
		}
	}
	return n
}

// times words a count of things.
func times(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// spans words ascending numbers: 1, 3–7, 9.
func spans(numbers []int) string {
	var parts []string
	for i := 0; i < len(numbers); {
		end := i
		for end+1 < len(numbers) && numbers[end+1] == numbers[end]+1 {
			end++
		}
		switch {
		case end-i >= 2:
			parts = append(parts, fmt.Sprintf("%d–%d", numbers[i], numbers[end]))
		case end > i:
			parts = append(parts, fmt.Sprint(numbers[i]), fmt.Sprint(numbers[end]))
		default:
			parts = append(parts, fmt.Sprint(numbers[i]))
		}
		i = end + 1
	}
	return strings.Join(parts, ", ")
}
