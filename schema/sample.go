package schema

import (
	"context"
	"errors"
	"fmt"
)

// Record is a record of a topic.
type Record struct {
	Partition  int32
	Offset     int64
	Key, Value []byte // nil: null
	Headers    []Header
}

// Header is a header of a record.
type Header struct {
	Key   string
	Value []byte
}

// Records reads from topics.
type Records interface {
	// Last returns the newest records of a topic over all its partitions, at most n,
	// sorted by partition and offset.
	Last(ctx context.Context, topic string, n int) ([]Record, error)
}

// ErrUnreadable marks a record that can't be read even with the schema that it was
// written with, or that doesn't say which that is. It doesn't speak against a
// candidate.
var ErrUnreadable = errors.New("unreadable with any schema")

// ErrUntried marks a record of which can't be told whether it can be read, such as
// when the registry doesn't answer. It ends the trial: there is no answer then.
var ErrUntried = errors.New("could not be tried")

// Decoder tries records with a schema.
type Decoder interface {
	// Reader prepares a candidate with all that it refers to. What it returns tells why
	// data (a record's value, or its key) can't be read with it. An error that wraps
	// [ErrUnreadable] means that the schema isn't at fault, and [ErrUntried] that
	// nobody knows.
	Reader(c Candidate, key bool, refs []Source) (func(ctx context.Context, data []byte, headers []Header) error, error)
}

// Trial tries candidates on what is in a topic: schemas can be right about each
// other and wrong about the data.
type Trial struct {
	Records Records
	Decoder Decoder
	Topic   string // empty: told from the subject, see [TopicOf]
	Key     bool   // try the keys; with an empty Topic told from the subject
	N       int    // how many records
}

// SampleResult is what came of a trial.
type SampleResult struct {
	Topic   string `json:"topic"`
	Asked   int    `json:"asked"`
	Read    int    `json:"read"` // fewer than asked where the topic has fewer
	Decoded int    `json:"decoded"`
	Nulls   int    `json:"nulls"` // tombstones: nothing to decode
	// Failed are the records that the candidate can't read, Unreadable those that no
	// schema can.
	Failed     []SampleFailure `json:"failed"`
	Unreadable []SampleFailure `json:"unreadable"`
}

// SampleFailure is a record that couldn't be decoded.
type SampleFailure struct {
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
	Reason    string `json:"reason"`
}

func (s *SampleResult) fails() bool { return s != nil && len(s.Failed) > 0 }

// try tries the candidate on records.
func (o *oneCheck) try(ctx context.Context) error {
	trial := o.req.Trial
	if trial == nil {
		return nil
	}
	topic, key := trial.Topic, trial.Key
	if topic == "" {
		topic, key = TopicOf(o.c.Subject)
	}
	records, err := trial.Records.Last(ctx, topic, trial.N)
	if err != nil {
		return fmt.Errorf("sample of %d records: %w", trial.N, err)
	}
	decode, err := trial.Decoder.Reader(o.c, key, o.sources)
	if err != nil {
		return fmt.Errorf("sample of topic %q: %w", topic, err)
	}
	s := &SampleResult{Topic: topic, Asked: trial.N, Read: len(records), Failed: []SampleFailure{}, Unreadable: []SampleFailure{}}
	for _, r := range records {
		data := r.Value
		if key {
			data = r.Key
		}
		if data == nil {
			s.Nulls++
			continue
		}
		err := decode(ctx, data, r.Headers)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, ErrUntried) {
			return fmt.Errorf("sample of topic %q: partition %d, offset %d: %w", topic, r.Partition, r.Offset, err)
		}
		s.count(r, err)
	}
	o.result.Sample = s
	return nil
}

func (s *SampleResult) count(r Record, err error) {
	switch {
	case err == nil:
		s.Decoded++
	case errors.Is(err, ErrUnreadable):
		s.Unreadable = append(s.Unreadable, SampleFailure{r.Partition, r.Offset, err.Error()})
	default:
		s.Failed = append(s.Failed, SampleFailure{r.Partition, r.Offset, err.Error()})
	}
}
