package exactly_test

import (
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/internal/exactly"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

// A leader that was elected with fewer records has others at the offsets that follow.
// Brokers tell that to those who say of which epoch their last record was.
func TestALogThatWasCutOffBehindWhatWasReadIsAnError(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := c.Topic(t, 1)
	c.Produce(t, &kgo.Record{Topic: topic, Value: []byte("a")}, &kgo.Record{Topic: topic, Value: []byte("b")})
	asked := []int32{}
	c.Kfake().ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.Kfake().KeepControl()
		f := req.(*kmsg.FetchRequest)
		part := f.Topics[0].Partitions[0]
		asked = append(asked, part.LastFetchedEpoch)
		if part.LastFetchedEpoch < 0 {
			return nil, nil, false
		}
		resp := f.ResponseKind().(*kmsg.FetchResponse)
		t := kmsg.NewFetchResponseTopic()
		t.Topic, t.TopicID = f.Topics[0].Topic, f.Topics[0].TopicID
		p := kmsg.NewFetchResponseTopicPartition()
		p.DivergingEpoch.Epoch, p.DivergingEpoch.EndOffset = 0, 1
		t.Partitions = append(t.Partitions, p)
		resp.Topics = append(resp.Topics, t)
		return resp, nil, true
	})
	cl := c.Client(t)
	read := func(s exactly.Span) (n int, err error) {
		s.Topic = topic
		err = exactly.ReadCommitted(t.Context(), cl, s, func(exactly.Notice) {}, func(*kgo.Record) error { n++; return nil })
		return n, err
	}
	if n, err := read(exactly.Span{To: 2}); n != 2 || err != nil {
		t.Errorf("%d records, %v", n, err)
	}
	if n, err := read(exactly.Span{To: 3}); n != 2 || !errors.Is(err, exactly.ErrDiverged) {
		t.Errorf("%d records, %v; asked with the epochs %v", n, err, asked)
	}
	epoch := int32(0)
	if n, err := read(exactly.Span{From: 1, To: 2, Epoch: &epoch}); n != 0 || !errors.Is(err, exactly.ErrDiverged) {
		t.Errorf("%d records, %v; asked with the epochs %v", n, err, asked)
	}
	if n, err := read(exactly.Span{To: 2, TopicID: [16]byte{1}}); n != 0 || !errors.Is(err, kerr.UnknownTopicID) {
		t.Errorf("of another topic: %d records, %v", n, err)
	}
}

// The same by a real broker: what is said to be of an epoch lies behind its end.
func TestARealBrokerSaysThatALogWasCutOff(t *testing.T) {
	c := kafkatest.RealNodes(t, 1)
	topic := c.Topic(t, 1)
	two := func() {
		c.Produce(t, &kgo.Record{Topic: topic, Value: []byte("a")}, &kgo.Record{Topic: topic, Value: []byte("b")})
	}
	two()
	c.StopNode(t, 0)
	c.StartNode(t, 0) // a leader of another epoch
	two()
	var epochs []int32
	read := func(s exactly.Span) error {
		s.Topic, epochs = topic, nil
		return exactly.ReadCommitted(t.Context(), c.Client(t), s, func(exactly.Notice) {}, func(r *kgo.Record) error {
			epochs = append(epochs, r.LeaderEpoch)
			return nil
		})
	}
	if err := read(exactly.Span{To: 4}); err != nil || len(epochs) != 4 || epochs[1] == epochs[2] {
		t.Fatalf("read as it is: %v, %v", epochs, err)
	}
	before, now := epochs[1], epochs[2]
	if err := read(exactly.Span{From: 3, To: 4, Epoch: &now}); err != nil || len(epochs) != 1 {
		t.Errorf("with the right epoch: %v, %v", epochs, err)
	}
	if err := read(exactly.Span{From: 3, To: 4, Epoch: &before}); !errors.Is(err, exactly.ErrDiverged) {
		t.Errorf("with another epoch: %v, %v", epochs, err)
	}
}
