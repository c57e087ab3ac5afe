package schema

import (
	"errors"
	"fmt"
)

// Comparison is what changed from one schema to another.
type Comparison struct {
	Version int      `json:"version"`
	From    string   `json:"from"`
	To      string   `json:"to"`
	Format  Format   `json:"format"`
	Changes []Change `json:"changes"` // in the order of the new schema
	// ReadsOld: readers with the new schema can read old data, by Rules. ReadByOld:
	// readers with the old schema can read new data.
	ReadsOld  bool   `json:"reads_old"`
	ReadByOld bool   `json:"read_by_old"`
	Rules     string `json:"rules"`
}

// Compared is one side of a comparison: a schema with what it refers to.
type Compared struct {
	Name      string // for people: a path, or a subject and version
	Path      string // its file, which isn't picked as its own reference; may be empty
	Format    Format
	Text      []byte
	Refs      []Source // all that it refers to; nil: picked from Available
	Available *Pool
}

func (c Compared) parse(l Language) (Parsed, error) {
	var parsed Parsed
	var err error
	if c.Refs == nil && c.Available != nil {
		parsed, err = parsePicking(l, c.Path, c.Text, c.Available)
	} else {
		parsed, err = l.Parse(c.Text, c.Refs)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	return parsed, nil
}

// Diff tells what changed from one schema to another, field by field, and whether
// each reads the other's data.
func Diff(from, to Compared) (*Comparison, error) {
	if from.Format != to.Format {
		return nil, askedf("compare schemas of the same language",
			"comparing %s with %s: one is %s, the other %s", from.Name, to.Name, from.Format.words(), to.Format.words())
	}
	language, err := LanguageOf(from.Format)
	if err != nil {
		return nil, err
	}
	old, oldErr := from.parse(language)
	now, newErr := to.parse(language)
	if err := errors.Join(oldErr, newErr); err != nil {
		return nil, err
	}
	c := &Comparison{Version: ReportVersion, From: from.Name, To: to.Name, Format: from.Format, Rules: language.Rules()}
	if c.Changes, err = language.Diff(old, now); err != nil {
		return nil, fmt.Errorf("comparing %s with %s: %w", from.Name, to.Name, err)
	}
	backward, err := language.Check(now, old)
	if err != nil {
		return nil, fmt.Errorf("comparing %s with %s: %w", from.Name, to.Name, err)
	}
	forward, err := language.Check(old, now)
	if err != nil {
		return nil, fmt.Errorf("comparing %s with %s: %w", from.Name, to.Name, err)
	}
	c.ReadsOld, c.ReadByOld = len(backward) == 0, len(forward) == 0
	if c.Changes == nil {
		c.Changes = []Change{}
	}
	return c, nil
}
