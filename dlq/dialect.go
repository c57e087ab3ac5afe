package dlq

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Dialect is how one framework writes its headers. A user's own can be made of
// the same parts.
type Dialect struct {
	Name string
	// Marks are headers that tell this dialect from others: one is enough, or with
	// AllMarks all are needed.
	Marks    []string
	AllMarks bool
	// Fields are the headers that are read. Where several give the same field of
	// cause, the first that is there counts. Those that give the same field of
	// origin must agree.
	Fields []Field
	// Also are further headers that the framework writes, which tell nothing that is
	// read: names, or with a * at the end what names begin with. [Dialects.Strip] takes
	// them away too.
	Also []string
	// SourceTime says that a letter carries its source's time stamp, so that its time
	// of death is unknown.
	SourceTime bool
}

// Field is a header of a dialect.
type Field struct {
	// Name is the field of a letter: origin.topic, origin.partition, origin.offset,
	// origin.timestamp, origin.group, cause.class, cause.message, cause.stack or
	// cause.attempts.
	Name     string
	Header   string
	Encoding Encoding
	// Pick says which counts of a header that is there several times.
	Pick Pick
}

// Pick chooses among the headers of the same name. A record that died twice may
// carry the headers of both deaths, and not all of them twice: the headers before
// the first repetition, or after the last, belong to one death.
type Pick string

// The picks.
const (
	Last  Pick = "last" // also when empty
	First Pick = "first"
)

// part is a field of a letter that headers give.
type part int

const (
	originTopic part = iota
	originPartition
	originOffset
	originTimestamp
	originGroup
	causeClass
	causeMessage
	causeStack
	causeAttempts
	parts
)

var partNames = [parts]string{
	"origin.topic", "origin.partition", "origin.offset", "origin.timestamp", "origin.group",
	"cause.class", "cause.message", "cause.stack", "cause.attempts",
}

// Dialects is a list of dialects, made ready for reading; the earlier wins where a
// record has the marks of several. [NewDialects] makes one.
type Dialects struct {
	list    []compiled
	uses    map[string][]use // by header
	parsers *sync.Pool       // nil in the zero value
}

type compiled struct {
	Dialect
	parts []part        // of the fields
	picks map[Pick]bool // that the fields have
}

// use is where a header is known: in a dialect as a mark, as a field, or both.
type use struct {
	dialect, field int // field -1: none
	mark           bool
}

// known are the dialects of the frameworks. A new one is a file and a line here.
var known = []Dialect{
	spring,
	springRetry,
	springCloudStream,
	connect,
	streams,
	shareGroup,
	smallRye,
	watermill,
	karafka,
	karafkaOld,
	wolverine,
}

// NewDialects puts the user's own dialects before those of the frameworks. It
// fails for one without a name or marks, or with a field or encoding that isn't known.
func NewDialects(own ...Dialect) (Dialects, error) {
	d := Dialects{uses: map[string][]use{}, parsers: &sync.Pool{}}
	if len(own) > maxOwn {
		return Dialects{}, fmt.Errorf("%d dialects of your own: at most %d are allowed", len(own), maxOwn)
	}
	for _, dialect := range own {
		if err := dialect.check(); err != nil {
			return Dialects{}, err
		}
		d.add(dialect)
	}
	for _, dialect := range known {
		d.add(dialect)
	}
	return d, nil
}

// Names lists the dialects.
func (d Dialects) Names() []string {
	names := make([]string, 0, len(d.list))
	for _, c := range d.list {
		if !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}

func (d *Dialects) add(dialect Dialect) {
	c := compiled{Dialect: dialect, parts: make([]part, len(dialect.Fields)), picks: map[Pick]bool{}}
	index := len(d.list)
	for i, f := range dialect.Fields {
		c.picks[f.pick()] = true
		c.parts[i] = part(slices.Index(partNames[:], f.Name))
		d.uses[f.Header] = append(d.uses[f.Header], use{index, i, slices.Contains(dialect.Marks, f.Header)})
	}
	for _, mark := range dialect.Marks {
		if !slices.ContainsFunc(dialect.Fields, func(f Field) bool { return f.Header == mark }) {
			d.uses[mark] = append(d.uses[mark], use{index, -1, true})
		}
	}
	d.list = append(d.list, c)
}

func (dialect Dialect) check() error {
	if dialect.Name == "" {
		return fmt.Errorf("a dialect has no name")
	}
	fail := func(format string, args ...any) error {
		return fmt.Errorf("dialect %q: %s", dialect.Name, fmt.Sprintf(format, args...))
	}
	if len(dialect.Marks) == 0 {
		return fail("it has no marks, so that no record could be known by them")
	}
	if len(dialect.Fields) > maxFields {
		return fail("it has %d fields; more than %d are too many", len(dialect.Fields), maxFields)
	}
	for _, f := range dialect.Fields {
		switch {
		case !slices.Contains(partNames[:], f.Name):
			return fail("field %q is none of %s", f.Name, strings.Join(partNames[:], ", "))
		case f.Header == "":
			return fail("field %s has no header", f.Name)
		case f.Pick != "" && f.Pick != First && f.Pick != Last:
			return fail("field %s: pick %q is neither first nor last", f.Name, f.Pick)
		case !f.Encoding.gives(f.Name):
			return fail("field %s: encoding %q doesn't give it; one of %s does", f.Name, f.Encoding, strings.Join(encodingsOf(f.Name), ", "))
		}
	}
	return nil
}

// look looks every header up, once.
func (d Dialects) look(headers []kgo.RecordHeader, looked [][]use) [][]use {
	for i := range headers {
		looked = append(looked, d.uses[headers[i].Key])
	}
	return looked
}

// detect gives the dialects that know the record, as a set of bits, and the first.
func (d Dialects) detect(headers []kgo.RecordHeader, looked [][]use) (first int, all uint64) {
	for i := range headers {
		for _, u := range looked[i] {
			if u.mark {
				all |= 1 << (u.dialect & 63)
			}
		}
	}
	first = -1
	for i := range d.list {
		bit := uint64(1) << (i & 63)
		if all&bit == 0 {
			continue
		}
		if d.list[i].AllMarks && !hasAll(headers, d.list[i].Marks) {
			all &^= bit
		} else if first < 0 {
			first = i
		}
	}
	return first, all
}

func hasAll(headers []kgo.RecordHeader, marks []string) bool {
	for _, mark := range marks {
		if !slices.ContainsFunc(headers, func(h kgo.RecordHeader) bool { return h.Key == mark }) {
			return false
		}
	}
	return true
}

// choice is which headers of a record give the parts of a letter, in one dialect. It
// follows from the names of the headers alone.
type choice struct {
	dialect int
	fields  [parts]*Field // nil: none
	at      [parts]int    // the header's index
	again   []again
}

// again is another header for a part that has one already. It must agree.
type again struct {
	part  part
	field *Field
	at    int
}

// choose finds for each part of a letter the header that counts.
func (d Dialects) choose(index int, looked [][]use) choice {
	c := &d.list[index]
	ch := choice{dialect: index}
	var chosen [maxFields]int // header index + 1
	for _, from := range [...]Pick{First, Last} {
		if c.picks[from] {
			d.run(index, looked, from, &chosen)
		}
	}
	for i := range c.Fields {
		if chosen[i] == 0 {
			continue
		}
		p, at := c.parts[i], chosen[i]-1
		if ch.fields[p] == nil {
			ch.fields[p], ch.at[p] = &c.Fields[i], at
		} else if p <= originGroup {
			ch.again = append(ch.again, again{p, &c.Fields[i], at})
		}
	}
	return ch
}

// value is what a part's header holds.
func (c *choice) value(p part, headers []kgo.RecordHeader) []byte {
	if c.fields[p] == nil {
		return nil
	}
	return headers[c.at[p]].Value
}

// maxFields bounds the headers that one dialect can have, and maxOwn the dialects that
// users add: sets of dialects are 64 bits.
const (
	maxFields = 32
	maxOwn    = 50
)

// run notes, of one end of the headers, which of them belong to one death: all up to
// the first that comes again.
func (d Dialects) run(index int, looked [][]use, from Pick, chosen *[maxFields]int) {
	c := &d.list[index]
	var seen [maxFields]bool
	for n := range looked {
		i := n
		if from == Last {
			i = len(looked) - 1 - n
		}
		for _, u := range looked[i] {
			if u.dialect != index || u.field < 0 || c.Fields[u.field].pick() != from {
				continue
			}
			if seen[u.field] {
				return
			}
			seen[u.field] = true
			chosen[u.field] = i + 1
		}
	}
}

func (f Field) pick() Pick {
	if f.Pick == "" {
		return Last
	}
	return f.Pick
}
