package dlq

import (
	"bytes"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Parse reads a record as a letter, by the first of the dialects that knows it.
// It never fails: a record without known headers is a letter without a dialect, and
// what can't be read is in its problems.
func (d Dialects) Parse(rec *kgo.Record) *Letter {
	p := d.parser()
	defer p.done()
	l := new(Letter)
	p.parse(l, rec, everything)
	return l
}

// timeOf gives nil for the time -1, which stands for none.
func timeOf(t time.Time) *time.Time {
	if t.IsZero() || t.UnixMilli() < 0 {
		return nil
	}
	return &t
}

func (r *reading) problem(p part, err error) {
	header := ""
	if f := r.first.fields[p]; f != nil {
		header = f.Header
	}
	r.letter.Problems = append(r.letter.Problems, Problem{partNames[p], header, err.Error()})
}

// clean is what a header says that is text; ok is false where there is none.
func (r *reading) clean(p part) (text []byte, ok bool) {
	b, ok := r.value(p)
	if !ok {
		return nil, false
	}
	text, err := cleanText(b)
	if err != nil {
		r.problem(p, err)
	}
	return text, text != nil
}

// text is clean as a string of its own; nil where there is none.
func (r *reading) text(p part) *string {
	b, ok := r.clean(p)
	if !ok {
		return nil
	}
	s := string(b)
	return &s
}

// name is text that is likely to come again.
func (r *reading) name(p part) *string {
	b, ok := r.clean(p)
	if !ok {
		return nil
	}
	s := r.word(b)
	return &s
}

func (r *reading) number(p part) *int64 {
	b, ok := r.value(p)
	if !ok {
		return nil
	}
	n, err := r.first.fields[p].Encoding.number(b)
	if err != nil {
		r.problem(p, err)
		return nil
	}
	return &n
}

func (r *reading) origin() {
	o := &r.letter.Origin
	if r.wants.part(originTopic) {
		o.Topic = r.originTopic()
	}
	if r.wants.part(originPartition) {
		if n := r.number(originPartition); n != nil {
			if p := int32(*n); int64(p) == *n {
				o.Partition = &p
			} else {
				r.problem(originPartition, fmt.Errorf("%d is no number of a partition", *n))
			}
		}
	}
	if r.wants.part(originOffset) {
		o.Offset = r.number(originOffset)
	}
	if b, ok := r.value(originTimestamp); ok && r.wants.part(originTimestamp) {
		t, err := r.first.fields[originTimestamp].Encoding.time(b)
		if err != nil {
			r.problem(originTimestamp, err)
		}
		o.Timestamp = t
	}
	if r.wants.part(originGroup) {
		o.Group = r.name(originGroup)
	}
	if c := r.letter.Coordinates; o.Topic != nil && o.Partition != nil && o.Offset != nil && *o.Topic == c.Topic &&
		*o.Partition == c.Partition && *o.Offset >= c.Offset {
		r.problem(originOffset, fmt.Errorf("it points to this letter itself, or to what came after it"))
	}
}

func (r *reading) originTopic() *string {
	b, ok := r.clean(originTopic)
	if !ok {
		return nil
	}
	topic := r.word(b)
	if r.letter.Dialect == wolverine.Name {
		topic = wolverineTopic(topic)
	}
	if reason := badTopic(topic); reason != "" {
		r.problem(originTopic, fmt.Errorf("%s", reason))
		return nil
	}
	return &topic
}

// realCause is why a letter died, in the record's own bytes. Class and message are nil
// where it doesn't say.
type realCause struct{ class, message, frame []byte }

// realCause finds it: a framework's own exception only wraps it, and the stack trace
// tells what.
func (r *reading) realCause() (c realCause) {
	c.class, _ = r.clean(causeClass)
	c.message, _ = r.clean(causeMessage)
	found := readStack(r.first.value(causeStack, r.rec.Headers), c.class)
	if len(found.class) > 0 {
		c.class = found.class
	}
	if len(found.message) > 0 || found.wrapped {
		if c.message = found.message; len(c.message) == 0 {
			c.message = nil
		}
	}
	c.frame = found.frame
	return c
}

func (r *reading) cause() {
	c := &r.letter.Cause
	if r.wants&wantCause != 0 {
		found := r.realCause()
		if found.class != nil && r.wants.part(causeClass) {
			class := r.word(found.class)
			c.Class = &class
		}
		if found.message != nil && r.wants.part(causeMessage) {
			message := string(found.message)
			c.Message = &message
		}
		if len(found.frame) > 0 && r.wants&wantFrame != 0 {
			frame := r.word(found.frame)
			c.Frame = &frame
		}
		if r.wants&wantFingerprint != 0 {
			text := fingerprint(found.class, found.message, found.frame)
			c.Fingerprint = r.word(text[:])
		}
	}
	if r.wants.part(causeAttempts) {
		c.Attempts = r.number(causeAttempts)
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// repeated notes where a dialect says the same thing twice, and not the same.
func (r *reading) repeated() {
	for _, a := range r.first.again {
		taken := r.first.fields[a.part]
		value, _ := r.value(a.part)
		if a.field.Encoding.canonical(r.rec.Headers[a.at].Value) != taken.Encoding.canonical(value) {
			r.letter.Problems = append(r.letter.Problems, Problem{partNames[a.part], a.field.Header,
				fmt.Sprintf("it contradicts %s, which is taken", taken.Header)})
		}
	}
}

// compare looks at the other dialects that left headers in the letter, and notes
// where they say it came from elsewhere.
func (r *reading) compare() {
	headers := r.rec.Headers
	for i := range r.layout.choices[1:] {
		other := &r.layout.choices[i+1]
		for p := originTopic; p <= originOffset; p++ {
			ours, theirs := r.first.fields[p], other.fields[p]
			if ours != nil && theirs != nil && contradicts(ours, theirs, r.first.value(p, headers), other.value(p, headers)) {
				r.letter.Problems = append(r.letter.Problems, Problem{partNames[p], theirs.Header,
					fmt.Sprintf("the letter has headers of %s too, which say otherwise; those of %s are taken", r.d.list[other.dialect].Name, r.letter.Dialect)})
			}
		}
	}
}

// contradicts tells whether two values of the same part differ.
func contradicts(a, b *Field, x, y []byte) bool {
	if a.Encoding == b.Encoding {
		return !bytes.Equal(x, y)
	}
	return a.Encoding.canonical(x) != b.Encoding.canonical(y)
}
