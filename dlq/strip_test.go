package dlq_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

// ownHeaders are the headers in the samples that no framework wrote.
var ownHeaders = []string{"h", "tp", "traceparent", "x", "ce_id", "ce_type", "nullhdr", "why", "x-source", "_watermill_message_uuid", "tenant"}

func TestStrippingLeavesTheUsersHeadersAndNoneOfAFramework(t *testing.T) {
	d := dialects(t)
	for name, list := range samples(t) {
		for i, s := range list {
			rec := s.record(t)
			var want []kgo.RecordHeader
			for _, h := range rec.Headers {
				if slices.Contains(ownHeaders, h.Key) {
					want = append(want, h)
				}
			}
			if got := d.Strip(rec.Headers); len(got) != len(want) || len(want) > 0 && !cmp.Equal(got, want) {
				t.Errorf("%s, line %d: %s", name, i+1, cmp.Diff(want, got))
			}
		}
	}
}

func TestAnotherFrameworksPlainWordIsTheUsersOwnHeader(t *testing.T) {
	headers := []kgo.RecordHeader{
		{Key: "source_topic", Value: []byte("legacy")}, {Key: "kafka_dlt-exception-fqcn", Value: []byte("a.B")},
		{Key: "tag", Value: nil}, {Key: "tag", Value: []byte{}}, {Key: "tag", Value: nil}, {Key: "exception-message", Value: []byte("mine")},
	}
	want := []kgo.RecordHeader{headers[0], headers[2], headers[3], headers[4], headers[5]}
	if diff := cmp.Diff(want, dialects(t).Strip(headers)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
