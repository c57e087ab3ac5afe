package schema_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/evtctl/evtctl/schema"
	"github.com/google/go-cmp/cmp"
)

// topicRecords is a topic in memory, whose records say what comes of decoding them.
type topicRecords struct {
	topic   string
	records []schema.Record
	err     error
}

func (r *topicRecords) Last(_ context.Context, topic string, n int) ([]schema.Record, error) {
	r.topic = topic
	return r.records[max(0, len(r.records)-n):], r.err
}

// saying decodes records that say what comes of that.
type saying struct{ err error }

func (s saying) Reader(schema.Candidate, bool, []schema.Source) (func(context.Context, []byte, []schema.Header) error, error) {
	return func(_ context.Context, data []byte, _ []schema.Header) error {
		switch string(data) {
		case "fine":
			return nil
		case "unreadable":
			return fmt.Errorf("no schema 7: %w", schema.ErrUnreadable)
		}
		return errors.New(string(data))
	}, s.err
}

func TestTheCandidateIsTriedOnRecords(t *testing.T) {
	topic := &topicRecords{records: []schema.Record{
		{Offset: 1, Value: []byte("left out")}, {Offset: 2, Value: []byte("fine")}, {Offset: 3},
		{Partition: 4, Offset: 5, Value: []byte("tier is missing")}, {Partition: 4, Offset: 6, Value: []byte("unreadable")},
	}}
	try := func(r *schema.Request) { r.Trial = &schema.Trial{Records: topic, Decoder: saying{}, N: 4} }
	r := one(t, v2, versions{schema.Backward, []string{v1}}, try)
	want := &schema.SampleResult{
		Topic: "order-events", Asked: 4, Read: 4, Decoded: 1, Nulls: 1,
		Failed:     []schema.SampleFailure{{Partition: 4, Offset: 5, Reason: "tier is missing"}},
		Unreadable: []schema.SampleFailure{{Partition: 4, Offset: 6, Reason: "no schema 7: unreadable with any schema"}},
	}
	if diff := cmp.Diff(want, r.Sample); diff != "" {
		t.Errorf("sample (-want +got):\n%s", diff)
	}
	if r.Compatible || r.Outcome() != schema.Incompatible || r.DeployFirst != schema.Neither {
		t.Errorf("a record that the candidate can't read: %+v", r)
	}
	topic.records = topic.records[4:]
	if r := one(t, v2, versions{schema.Backward, []string{v1}}, try); !r.Compatible {
		t.Errorf("a record that nobody can read speaks against the candidate: %+v", r)
	}
}

func TestKeysAreTriedForAKeysSubject(t *testing.T) {
	topic := &topicRecords{records: []schema.Record{{Key: []byte("fine"), Value: []byte("bad")}}}
	for name, test := range map[string]struct {
		trial   schema.Trial
		subject string
		decoded int
	}{
		"told from the subject":     {schema.Trial{}, "orders-key", 1},
		"values, from the subject":  {schema.Trial{}, "orders-value", 0},
		"said":                      {schema.Trial{Topic: "orders", Key: true}, "x", 1},
		"a topic that is for a key": {schema.Trial{Topic: "orders"}, "orders-key", 0},
	} {
		test.trial.Records, test.trial.Decoder, test.trial.N = topic, saying{}, 1
		c := candidate(v1)
		c[0].Subject = test.subject
		r := check(t, schema.Request{Candidates: c, Baseline: versions{}, Trial: &test.trial}).Results[0]
		if r.Sample.Decoded != test.decoded || topic.topic != "orders" {
			t.Errorf("%s: topic %q, %+v", name, topic.topic, r.Sample)
		}
	}
}

func TestASampleThatCannotBeTakenIsNoYes(t *testing.T) {
	for _, trial := range []*schema.Trial{
		{Records: &topicRecords{err: errors.New("not authorized")}, Decoder: saying{}, N: 1},
		{Records: &topicRecords{}, Decoder: saying{errors.New("no decoder")}, N: 1},
	} {
		r := one(t, v2, versions{schema.Backward, []string{v1}}, func(r *schema.Request) { r.Trial = trial })
		if r.Compatible || r.Error == nil || r.Outcome() != schema.Unchecked {
			t.Errorf("%+v", r)
		}
	}
}
