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
	// DeployFirst is who has to be deployed first when From is replaced by To; Deploy
	// says it in a sentence.
	DeployFirst Side       `json:"deploy_first"`
	Deploy      string     `json:"deploy"`
	Obstacles   []Obstacle `json:"obstacles"` // why one can't read the other's data
}

// Obstacle is one thing that keeps readers with one schema from reading data of the
// other.
type Obstacle struct {
	Direction Direction `json:"direction"`
	Path      string    `json:"path"` // a JSON pointer into the reader's schema
	Field     string    `json:"field"`
	Rule      string    `json:"rule"`
	Message   string    `json:"message"` // speaks of the reader and the writer
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
	c.Obstacles = append(obstacles(NewReadsOld, backward), obstacles(OldReadsNew, forward)...)
	c.DeployFirst, c.Deploy = c.deployment()
	if c.Changes == nil {
		c.Changes = []Change{}
	}
	return c, nil
}

func obstacles(d Direction, findings []Finding) []Obstacle {
	list := []Obstacle{}
	for _, f := range findings {
		list = append(list, Obstacle{Direction: d, Path: f.Path, Field: f.Field, Rule: f.Rule, Message: f.Detail})
	}
	return list
}

// deployment says who has to be deployed first, by what reads what.
func (c *Comparison) deployment() (Side, string) {
	switch {
	case c.ReadsOld && c.ReadByOld:
		return Either, "deploy either side first: each reads the other's data"
	case c.ReadsOld:
		return Consumers, "deploy consumers first: they can read old and new data, while those on the old schema can't read new data"
	case c.ReadByOld:
		return Producers, "deploy producers first: consumers on the old schema can read new data, while those with the new schema can't read old data"
	}
	return Neither, "deploy neither side: no order is safe, as neither reads the other's data"
}
