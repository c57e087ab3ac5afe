package avro

import "slices"

// Limits of what a report spells out.
const (
	maxAliases     = 3
	maxTries       = 1000
	aliasCost      = 10_000
	maxCauses      = 20
	maxCauseDepth  = 4
	maxReportBytes = 32 << 20
)

// reporter turns findings into problems.
type reporter struct {
	seen  map[*result]bool
	told  map[*finding]bool
	bytes int // of text so far: types that lead into each other make long paths
	// tries bounds the search for renamed fields, among those that are unread.
	tries  int
	unread map[pair][]*field
	out    []Problem
}

// report lists what a result has in it, each finding once, and then the ambiguous
// fields that came up on the way to it.
func (c *checker) report(found *result) ([]Problem, error) {
	r := reporter{
		seen: make(map[*result]bool), told: make(map[*finding]bool),
		tries: maxTries, unread: make(map[pair][]*field),
	}
	if err := r.tell(found); err != nil {
		return nil, err
	}
	for _, f := range c.ambiguous {
		if err := r.tellOne(f); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(r.out, func(a, b Problem) int {
		return last(a.Rule == AmbiguousAlias) - last(b.Rule == AmbiguousAlias)
	})
	return r.out, nil
}

// last sorts what is true after what isn't.
func last(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (r *reporter) tell(found *result) error {
	if found == nil || r.seen[found] {
		return nil
	}
	r.seen[found] = true
	for _, e := range found.entries {
		if e.finding == nil {
			if err := r.tell(e.part); err != nil {
				return err
			}
		} else if err := r.tellOne(e.finding); err != nil {
			return err
		}
	}
	return nil
}

func (r *reporter) tellOne(f *finding) error {
	if r.told[f] {
		return nil
	}
	r.told[f] = true
	p := r.problem(f)
	p.Path = f.at.path(f.within)
	p.Causes = r.causes(f.nearest, 1)
	r.bytes += len(p.Path) + len(p.Field) + len(p.Reader.Pointer) + len(p.Reader.Text) + len(p.Writer.Pointer) + len(p.Writer.Text)
	if r.bytes > maxReportBytes {
		return ErrTooComplex
	}
	r.out = append(r.out, p)
	return nil
}

// causes lists what a result has in it, a bounded number of problems.
func (r *reporter) causes(found *result, depth int) []Problem {
	var causes []Problem
	seen := make(map[*result]bool)
	var walk func(*result)
	walk = func(found *result) {
		if found == nil || seen[found] {
			return
		}
		seen[found] = true
		for _, e := range found.entries {
			if len(causes) == maxCauses {
				return
			}
			if e.finding == nil {
				walk(e.part)
				continue
			}
			p := r.problem(e.finding)
			p.Path = p.Reader.Pointer
			if depth < maxCauseDepth {
				p.Causes = r.causes(e.finding.nearest, depth+1)
			}
			causes = append(causes, p)
		}
	}
	walk(found)
	return causes
}

// problem spells out a finding, all but its path and causes.
func (r *reporter) problem(f *finding) Problem {
	reader, writer := f.reader.is, f.writer.is
	p := Problem{Rule: f.rule, Field: f.at.fields(), Symbols: f.symbols}
	switch f.rule {
	case NameMismatch, FixedSizeMismatch, MissingEnumSymbols:
		p.Reader, p.Writer = newPlace(reader, reader.at.get(f.within)), newPlace(writer, writer.at.get(f.within))
	case ReaderFieldMissingDefaultValue:
		p.Reader, p.Writer = newPlace(f.at.field.typ.is, f.at.field.at), newPlace(writer, f.writer.at)
	case MissingUnionBranch:
		p.Reader, p.Writer = newPlace(reader, f.reader.at), newPlace(f.branch.is, f.branch.at)
	case AmbiguousAlias:
		p.Reader, p.Writer = newPlace(f.at.field.typ.is, f.at.field.at), newPlace(writer, f.writer.at)
	default:
		p.Reader, p.Writer = newPlace(reader, f.reader.at), newPlace(writer, f.writer.at)
	}
	r.facts(&p, f)
	return p
}

func (r *reporter) facts(p *Problem, f *finding) {
	reader, writer := f.reader.is, f.writer.is
	switch f.rule {
	case NameMismatch:
		if reader.hasAlias("." + writer.name.full) {
			p.uselessAlias = true
		} else {
			p.Aliases = []string{writer.name.full}
		}
		if writer.name.space == "" && reader.name.space != "" {
			p.Aliases = nil // it would be as useless
		}
	case MissingEnumSymbols:
		p.DefaultMends = len(reader.symbols) > 0 // one of which a default must be
	case ReaderFieldMissingDefaultValue:
		p.DefaultMends = true
		p.Aliases = r.renamed(f)
	case TypeMismatch:
		// Only a field that the writer lacks is compared with a whole record.
		inner := f.at.innermost()
		p.enumDefaultOnly = inner != nil && inner == f.at && inner.writer == nil
		p.DefaultMends = p.enumDefaultOnly
	case AmbiguousAlias:
		for _, match := range f.fields {
			p.WriterFields = append(p.WriterFields, match.name)
		}
	}
}

// renamed lists the writer's fields that the reader may know by another name now.
func (r *reporter) renamed(f *finding) []string {
	var names []string
	for _, candidate := range r.unreadFields(f.reader.is, f.writer.is) {
		if r.tries--; r.tries < 0 || len(names) == maxAliases {
			break
		}
		if fits(f.at.field.typ, candidate.typ, aliasCost) {
			names = append(names, candidate.name)
		}
	}
	return names
}

// unreadFields are the writer's fields that none of the reader's reads.
func (r *reporter) unreadFields(reader, writer *typ) []*field {
	key := pair{reader, writer}
	if unread, ok := r.unread[key]; ok {
		return unread
	}
	read := make(map[string]bool)
	for _, field := range reader.fields {
		read[field.name] = true
		for _, alias := range field.aliases {
			read[alias] = true
		}
	}
	var unread []*field
	for _, candidate := range writer.fields {
		if !read[candidate.name] {
			unread = append(unread, candidate)
		}
	}
	r.unread[key] = unread
	return unread
}
