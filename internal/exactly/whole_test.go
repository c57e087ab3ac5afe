package exactly_test

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/internal/exactly"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

// A broker that sends what can't be read is no reason to ask it for ever.
func TestABatchThatIsNotWholeIsAnError(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := c.Topic(t, 1)
	c.Produce(t, &kgo.Record{Topic: topic, Value: []byte("v")})
	for name, bytes := range map[string][]byte{"cut": make([]byte, 30), "of nothing": append(make([]byte, 11), append([]byte{50}, make([]byte, 50)...)...)} {
		t.Run(name, func(t *testing.T) {
			c.Kfake().ControlKey(int16(kmsg.Fetch), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
				req := kreq.(*kmsg.FetchRequest)
				resp := req.ResponseKind().(*kmsg.FetchResponse)
				part := kmsg.NewFetchResponseTopicPartition()
				part.HighWatermark, part.LastStableOffset, part.RecordBatches = 1, 1, bytes
				resp.Topics = []kmsg.FetchResponseTopic{{Topic: req.Topics[0].Topic, TopicID: req.Topics[0].TopicID, Partitions: []kmsg.FetchResponseTopicPartition{part}}}
				return resp, nil, true
			})
			span := exactly.Span{Topic: topic, Partition: 0, To: 1}
			err := exactly.ReadCommitted(t.Context(), c.Client(t), span, func(exactly.Notice) {}, func(*kgo.Record) error { return nil })
			if err == nil || !strings.Contains(err.Error(), topic+":0 at offset 0: ") {
				t.Errorf("%v", err)
			}
		})
	}
}
