package dlq

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Parse reads a record as a letter, by the first of the dialects that knows it.
// It never fails: a record without known headers is a letter without a dialect, and
// what can't be read is in its problems.
func (d Dialects) Parse(rec *kgo.Record) *Letter {
	l := d.parse(rec)
	d.complete(l, rec)
	return l
}

// parse reads all that a scan needs. What is large, or seldom wanted, is left to
// complete.
func (d Dialects) parse(rec *kgo.Record) *Letter {
	l := &Letter{
		Coordinates: Coordinates{rec.Topic, rec.Partition, rec.Offset},
		Timestamp:   timeOf(rec.Timestamp), Key: rec.Key, Value: rec.Value,
		Problems:   []Problem{},
		appendTime: rec.Attrs.TimestampType() == 1,
	}
	var few [32][]use
	looked := d.look(rec.Headers, few[:0])
	first, all := d.detect(rec.Headers, looked)
	sourceTime := first >= 0 && d.list[first].SourceTime
	if !sourceTime || l.appendTime {
		l.DiedAt = l.Timestamp
	}
	if first < 0 {
		l.Cause.Fingerprint = Fingerprint("", "", "")
		return l
	}
	l.Dialect = d.list[first].Name
	l.written, l.Problems = d.collect(first, rec.Headers, looked)
	if l.Problems == nil {
		l.Problems = []Problem{}
	}
	l.readOrigin()
	l.readCause()
	if all &^= 1 << (first & 63); all != 0 {
		d.compare(l, all, rec.Headers, looked)
	}
	return l
}

// complete adds what a scan does without.
func (d Dialects) complete(l *Letter, rec *kgo.Record) {
	l.Headers = headersOf(rec.Headers)
	l.Cause.Stack = l.text(causeStack)
}

// timeOf gives nil for the time -1, which stands for none.
func timeOf(t time.Time) *time.Time {
	if t.IsZero() || t.UnixMilli() < 0 {
		return nil
	}
	return &t
}

func (l *Letter) problem(p part, err error) {
	header := ""
	if f := l.written.fields[p]; f != nil {
		header = f.Header
	}
	l.Problems = append(l.Problems, Problem{partNames[p], header, err.Error()})
}

// text gives a field that is text; nil where there is none.
func (l *Letter) text(p part) *string {
	f := l.written.fields[p]
	if f == nil {
		return nil
	}
	s, err := f.Encoding.text(l.written.values[p])
	if err != nil {
		l.problem(p, err)
	}
	if err == errNull {
		return nil
	}
	return &s
}

func (l *Letter) number(p part) *int64 {
	f := l.written.fields[p]
	if f == nil {
		return nil
	}
	n, err := f.Encoding.number(l.written.values[p])
	if err != nil {
		l.problem(p, err)
		return nil
	}
	return &n
}

func (l *Letter) readOrigin() {
	o := &l.Origin
	if o.Topic = l.text(originTopic); o.Topic != nil {
		if l.Dialect == wolverine.Name {
			*o.Topic = wolverineTopic(*o.Topic)
		}
		if reason := badTopic(*o.Topic); reason != "" {
			l.problem(originTopic, fmt.Errorf("%s", reason))
			o.Topic = nil
		}
	}
	if n := l.number(originPartition); n != nil {
		if p := int32(*n); int64(p) == *n {
			o.Partition = &p
		} else {
			l.problem(originPartition, fmt.Errorf("%d is no number of a partition", *n))
		}
	}
	o.Offset = l.number(originOffset)
	if f := l.written.fields[originTimestamp]; f != nil {
		t, err := f.Encoding.time(l.written.values[originTimestamp])
		if err != nil {
			l.problem(originTimestamp, err)
		}
		o.Timestamp = t
	}
	o.Group = l.text(originGroup)
	if c := l.Coordinates; o.Topic != nil && o.Partition != nil && o.Offset != nil && *o.Topic == c.Topic &&
		*o.Partition == c.Partition && *o.Offset >= c.Offset {
		l.problem(originOffset, fmt.Errorf("it points to this letter itself, or to what came after it"))
	}
}

// readCause finds the real cause: a framework's own exception only wraps it, and
// the stack trace tells what.
func (l *Letter) readCause() {
	c := &l.Cause
	c.Class, c.Message, c.Attempts = l.text(causeClass), l.text(causeMessage), l.number(causeAttempts)
	class := ""
	if c.Class != nil {
		class = *c.Class
	}
	found := readStack(l.written.values[causeStack], class)
	if found.class != "" && found.class != class {
		c.Class = &found.class
	}
	if found.message != "" || found.wrapped {
		c.Message = orNil(found.message)
	}
	c.Frame = orNil(found.frame)
	c.Fingerprint = Fingerprint(deref(c.Class), deref(c.Message), found.frame)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// compare looks at the other dialects that left headers in the letter, and notes
// where they say it came from elsewhere.
func (d Dialects) compare(l *Letter, others uint64, headers []kgo.RecordHeader, looked [][]use) {
	for i := range d.list {
		if others&(1<<(i&63)) == 0 || d.list[i].Name == l.Dialect {
			continue
		}
		other, _ := d.collect(i, headers, looked)
		for p := originTopic; p <= originOffset; p++ {
			if contradicts(&l.written, &other, p) {
				l.Problems = append(l.Problems, Problem{partNames[p], other.fields[p].Header,
					fmt.Sprintf("the letter has headers of %s too, which say otherwise; those of %s are taken", d.list[i].Name, l.Dialect)})
			}
		}
	}
}
