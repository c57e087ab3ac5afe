package commands

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/evtctl/evtctl/schema"
)

// defaultSample is how many records a schema is tried on where no number is said.
const defaultSample = 100

// maxSample bounds a sample: all its records are kept in memory.
const maxSample = 100_000

// sampleSpec is what --sample says.
type sampleSpec struct {
	Topic string // empty: the subject's
	N     int
}

func parseSample(text string) (*sampleSpec, error) {
	spec := &sampleSpec{Topic: text, N: defaultSample}
	if topic, n, ok := strings.Cut(text, ":"); ok { // topics have no colons
		var err error
		spec.Topic = topic
		if spec.N, err = strconv.Atoi(n); err != nil || spec.N < 1 || spec.N > maxSample {
			return nil, usagef("such as --sample order-events:500, at most 100000", "--sample %q: %q is not a number of records", text, n)
		}
	}
	return spec, nil
}

// trial connects to where the records are, and to the registry with their schemas.
func (e *Env) trial(ctx context.Context, spec sampleSpec) (t *schema.Trial, done func(), err error) {
	client, _, err := e.OpenRegistry(ctx)
	if err != nil {
		return nil, nil, err
	}
	cl, settings, err := e.Open(ctx)
	if err != nil {
		return nil, nil, err
	}
	records := boundedRecords{schema.Tail(cl), settings.Timeout, settings.Explain}
	return &schema.Trial{Records: records, Decoder: schema.WireDecoder(client), Topic: spec.Topic, N: spec.N}, cl.Close, nil
}

// boundedRecords gives reading a topic the time limit of any question, and its error
// the words.
type boundedRecords struct {
	schema.Records
	limit   time.Duration
	explain func(error) error
}

func (b boundedRecords) Last(ctx context.Context, topic string, n int) ([]schema.Record, error) {
	bounded, cancel := context.WithTimeout(ctx, b.limit)
	defer cancel()
	records, err := b.Records.Last(bounded, topic, n)
	if err != nil && ctx.Err() == nil {
		err = b.explain(err)
	}
	return records, err
}
