package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/lag"
	"github.com/evtctl/evtctl/replay"
)

// shape is a record beside those around it.
type shape struct {
	record  *sketch // nil: there is none
	form    string  // avro, json, text, …
	problem string  // why it can't be decoded, or isn't like the others
}

// sketch is what is told of a record. Records themselves may be large, and there are many.
type sketch struct {
	Offset int64
	key    string
	size   int
	at     time.Time
}

// neighbours is how many records before a position are looked at, for comparison.
const neighbours = 20

var errEnough = errors.New("enough was read")

// shapeAt reads the records around an offset. It gives the first one there or after that
// can't be decoded, or isn't like the others: a consumer commits a batch when it is done
// with all of it, so that the record at which it fails may be some way on. Where all are
// well, it gives the first.
func (e *examination) shapeAt(ctx context.Context, topic string, partition int32, offset int64) (shape, error) {
	var around []shape
	from := replay.AtOffset(max(offset-neighbours, int64(e.start(topic, partition))))
	check, err := replay.CheckIdempotent(ctx, e.Client, e.adm, replay.CheckRequest{
		Topic: topic, Partitions: []int32{partition}, From: &from, Now: e.req.Now(),
		Visit: func(r *kgo.Record) error {
			if r.Offset >= offset+batch {
				return errEnough
			}
			form, problem := e.form(ctx, r)
			around = append(around, shape{&sketch{r.Offset, quoted(r.Key), len(r.Value), r.Timestamp}, form, problem})
			return nil
		},
	})
	if errors.Is(err, errEnough) {
		return odd(around, offset), nil
	}
	if err != nil {
		return shape{}, err
	}
	found := odd(around, offset)
	for _, span := range check.Spans {
		if span.Error != "" && found.problem == "" {
			return found, errors.New(span.Error)
		}
	}
	return found, nil
}

// odd gives the first record at or after an offset that has a problem, or another form
// than nearly all others.
func odd(around []shape, offset int64) shape {
	forms := map[string]int{}
	for _, s := range around {
		if s.problem == "" {
			forms[s.form]++
		}
	}
	usual := ""
	for form, n := range forms {
		if n >= 5 && n*10 >= len(around)*9 {
			usual = form
		}
	}
	first := shape{}
	for _, s := range around {
		if s.record.Offset < offset {
			continue
		}
		if s.problem == "" && usual != "" && s.form != usual {
			s.problem = fmt.Sprintf("it can't be decoded as the %d records around it, which are %s: it is %s", forms[usual], usual, s.form)
		}
		if s.problem != "" {
			return s
		}
		if first.record == nil {
			first = s
		}
	}
	return first
}

// start is where a partition begins, as the groups' report has it.
func (e *examination) start(topic string, partition int32) lag.Int {
	for i := range e.seen.Last.Groups {
		for _, p := range e.seen.Last.Groups[i].Partitions {
			if p.Topic == topic && p.Partition == partition && p.LogStart.Known() {
				return p.LogStart
			}
		}
	}
	return 0
}

// form tells what a record's value is, and why it can't be decoded where it should be. That
// nobody can be asked for its schema is no fault of the record's.
func (e *examination) form(ctx context.Context, r *kgo.Record) (form, problem string) {
	var decoder dlq.Decoder
	if e.Letters != nil {
		decoder = e.Letters.Decoder
	}
	l := dlq.Letter{Value: r.Value}
	l.Decode(ctx, decoder, r.Headers)
	v := l.Decoded.Value
	if v.Error == nil {
		return v.Format, ""
	}
	if e.Unasked != nil {
		if _, _, err := decoder.Decode(ctx, r.Headers, false, r.Value); err != nil && e.Unasked(err) {
			e.unknown("values that name a schema", err)
			return "schema", ""
		}
	}
	return v.Format, "its value can't be decoded: " + *v.Error
}

// evidence words a shape.
func (s shape) evidence() []string {
	if s.record == nil {
		return nil
	}
	r := s.record
	list := []string{fmt.Sprintf("the record: key %s, %d bytes, written at %s", r.key, r.size, at(r.at))}
	if s.problem != "" {
		return append(list, s.problem)
	}
	return append(list, fmt.Sprintf("its value is %s and can be decoded: the consumer fails at what it says, or hangs", s.form))
}

// quoted words a key.
func quoted(key []byte) string {
	if key == nil {
		return "null"
	}
	return fmt.Sprintf("%q", key[:min(len(key), 100)])
}
