package dlq

import (
	"github.com/twmb/franz-go/pkg/kgo"
)

// wants is what of a letter is asked for: bits by part, and those below. What costs
// nothing is always read.
type wants uint32

const (
	wantFrame wants = 1 << (parts + iota)
	wantFingerprint
	wantTimes
	wantHeaders
	wantProblems
	everything = ^wants(0)
	wantOrigin = 1<<originTopic | 1<<originPartition | 1<<originOffset | 1<<originTimestamp | 1<<originGroup
	wantCause  = 1<<causeClass | 1<<causeMessage | wantFrame | wantFingerprint
)

func (w wants) part(p part) bool { return w&(1<<p) != 0 }

// parser reads records as letters. It remembers what it found out about the records
// before: which headers there are, which is the same for most records of a topic, and
// words that come again. It is for one goroutine at a time.
type parser struct {
	d       Dialects
	layouts []*layout
	oldest  int
	words   map[string]string
	last    string // of them
}

// layout is what the names of a record's headers tell.
type layout struct {
	keys    []string
	choices []choice // of the dialects that know it; the first counts
}

// Bounds of what a parser remembers.
const (
	maxLayouts      = 16
	maxLayoutKeys   = 64
	maxLayoutLength = 4 << 10
	maxWords        = 1000
	maxWordLength   = 300
)

// parser takes one that isn't in use. It is to be given back by done.
func (d Dialects) parser() *parser {
	if d.parsers != nil {
		if p, ok := d.parsers.Get().(*parser); ok {
			return p
		}
	}
	return &parser{d: d, words: map[string]string{}}
}

func (p *parser) done() {
	if p.d.parsers != nil {
		p.d.parsers.Put(p)
	}
}

// layout is that of the headers.
func (p *parser) layout(headers []kgo.RecordHeader) *layout {
	for i, l := range p.layouts {
		if l.is(headers) {
			if i > 0 { // the next record is likely to have the same
				p.layouts[0], p.layouts[i] = l, p.layouts[0]
			}
			return l
		}
	}
	l, length := p.d.layout(headers), 0
	for _, key := range l.keys {
		length += len(key)
	}
	switch {
	case len(headers) > maxLayoutKeys || length > maxLayoutLength:
	case len(p.layouts) < maxLayouts:
		p.layouts = append(p.layouts, l)
	default:
		p.oldest = (p.oldest + 1) % maxLayouts
		p.layouts[p.oldest] = l
	}
	return l
}

func (l *layout) is(headers []kgo.RecordHeader) bool {
	if len(l.keys) != len(headers) {
		return false
	}
	for i := range headers {
		if headers[i].Key != l.keys[i] {
			return false
		}
	}
	return true
}

func (d Dialects) layout(headers []kgo.RecordHeader) *layout {
	l := &layout{keys: make([]string, len(headers))}
	for i := range headers {
		l.keys[i] = headers[i].Key
	}
	looked := d.look(headers, nil)
	first, all := d.detect(headers, looked)
	if first < 0 {
		return l
	}
	l.choices = append(l.choices, d.choose(first, looked))
	for i := range d.list {
		if i != first && all&(1<<(i&63)) != 0 && d.list[i].Name != d.list[first].Name {
			l.choices = append(l.choices, d.choose(i, looked))
		}
	}
	return l
}

// word gives the same string for the same bytes, so that those that come again take
// no memory of their own.
func (p *parser) word(b []byte) string {
	if p.last == string(b) {
		return p.last
	}
	if s, ok := p.words[string(b)]; ok {
		p.last = s
		return s
	}
	s := string(b)
	if len(b) <= maxWordLength {
		if len(p.words) >= maxWords {
			clear(p.words)
		}
		p.words[s] = s
	}
	return s
}

// reading is one record that is read as a letter.
type reading struct {
	*parser
	rec    *kgo.Record
	letter *Letter
	layout *layout
	first  *choice // nil: no dialect knows the record
	wants  wants
}

// parse reads a record into a letter, as much of it as is wanted.
func (p *parser) parse(l *Letter, rec *kgo.Record, w wants) {
	r := p.read(l, rec, w)
	if w&wantTimes != 0 {
		l.Timestamp = timeOf(rec.Timestamp)
	}
	if w&wantHeaders != 0 {
		l.Headers = headersOf(rec.Headers)
	}
	if r.first == nil {
		l.DiedAt = l.Timestamp
		l.Cause.Fingerprint = noCause
		return
	}
	dialect := &p.d.list[r.first.dialect].Dialect
	if !dialect.SourceTime || l.appendTime {
		l.DiedAt = l.Timestamp
	}
	if w&wantProblems != 0 {
		r.repeated()
	}
	if w&wantOrigin != 0 {
		r.origin()
	}
	if w&wantCause != 0 || w.part(causeAttempts) {
		r.cause()
	}
	if w&wantProblems != 0 {
		r.compare()
	}
	if w.part(causeStack) {
		l.Cause.Stack = r.text(causeStack)
	}
}

// read begins the reading of a record.
func (p *parser) read(l *Letter, rec *kgo.Record, w wants) reading {
	*l = Letter{
		Coordinates: Coordinates{rec.Topic, rec.Partition, rec.Offset}, Key: rec.Key, Value: rec.Value, Problems: []Problem{},
		appendTime: rec.Attrs.TimestampType() == 1,
	}
	r := reading{parser: p, rec: rec, letter: l, layout: p.layout(rec.Headers), wants: w}
	if len(r.layout.choices) > 0 {
		r.first = &r.layout.choices[0]
		l.Dialect = p.d.list[r.first.dialect].Name
	}
	return r
}

// value is what the header of a part holds; ok is false where there is none.
func (r *reading) value(p part) (b []byte, ok bool) {
	if r.first.fields[p] == nil {
		return nil, false
	}
	return r.rec.Headers[r.first.at[p]].Value, true
}
