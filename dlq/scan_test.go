package dlq_test

import (
	"slices"
	"sync/atomic"
	"testing"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// afterABomb is a topic with a letter, one that is too large, and three more, each in a
// batch of its own.
func afterABomb(t *testing.T, c *kafkatest.Cluster) string {
	t.Helper()
	topic := c.Topic(t, 1, "retention.ms=-1", "max.message.bytes=20000000")
	c.Produce(t, springLetter(topic, 0, 0, "a.B"))
	bomb := springLetter(topic, 0, 1, "a.B")
	bomb.Value = make([]byte, 3<<20)
	cl := c.Client(t, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.ZstdCompression()),
		kgo.ProducerBatchMaxBytes(16<<20))
	if err := cl.ProduceSync(t.Context(), bomb).FirstErr(); err != nil {
		t.Fatal(err)
	}
	for n := 2; n < 5; n++ {
		c.Produce(t, springLetter(topic, 0, n, "a.B"))
	}
	return topic
}

// What follows a batch that can't be read is fetched anew. Whatever the broker answers
// to that, each letter is read or told to be missing.
func TestWhatFollowsABadBatchIsReadOrMissed(t *testing.T) {
	bad := dlq.Fault{Partition: 0, From: 1, To: 2, Reason: "decompressed, its batch would be larger than is allowed"}
	answer := func(req *kmsg.FetchRequest, change func(*kmsg.FetchResponseTopicPartition)) kmsg.Response {
		resp := req.ResponseKind().(*kmsg.FetchResponse)
		p := kmsg.NewFetchResponseTopicPartition()
		p.Partition = req.Topics[0].Partitions[0].Partition
		change(&p)
		resp.Topics = []kmsg.FetchResponseTopic{{Topic: req.Topics[0].Topic, TopicID: req.Topics[0].TopicID, Partitions: []kmsg.FetchResponseTopicPartition{p}}}
		return resp
	}
	for name, test := range map[string]struct {
		second func(*kmsg.FetchRequest) kmsg.Response
		keys   string
		faults []dlq.Fault
	}{
		"all at once": {
			func(*kmsg.FetchRequest) kmsg.Response { return nil },
			"k0 k2 k3 k4", []dlq.Fault{bad},
		},
		"one after the other": {
			func(req *kmsg.FetchRequest) kmsg.Response {
				req.MaxBytes, req.Topics[0].Partitions[0].PartitionMaxBytes = 1, 1
				return nil
			},
			"k0 k2 k3 k4", []dlq.Fault{bad},
		},
		"not by this broker": {
			func(req *kmsg.FetchRequest) kmsg.Response {
				return answer(req, func(p *kmsg.FetchResponseTopicPartition) { p.ErrorCode = kerr.NotLeaderForPartition.Code })
			},
			"k0", []dlq.Fault{bad, {Partition: 0, From: 2, To: 5, Reason: kerr.NotLeaderForPartition.Error()}},
		},
		"nothing": {
			func(req *kmsg.FetchRequest) kmsg.Response {
				return answer(req, func(*kmsg.FetchResponseTopicPartition) {})
			},
			"k0", []dlq.Fault{bad, {Partition: 0, From: 2, To: 5, Reason: "the broker sends nothing more, though the partition goes on"}},
		},
		"retention was there": {
			func(req *kmsg.FetchRequest) kmsg.Response {
				if req.Topics[0].Partitions[0].FetchOffset >= 4 {
					return nil
				}
				return answer(req, func(p *kmsg.FetchResponseTopicPartition) {
					p.ErrorCode, p.LogStartOffset = kerr.OffsetOutOfRange.Code, 4
				})
			},
			"k0 k4", []dlq.Fault{bad, {Partition: 0, From: 2, To: 4, Reason: "retention deleted it while it was read"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := kafkatest.Fake(t)
			topic := afterABomb(t, c)
			var fetches atomic.Int32
			c.Kfake().ControlKey(int16(kmsg.Fetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
				c.Kfake().KeepControl()
				if fetches.Add(1) == 1 {
					return nil, nil, false
				}
				resp := test.second(r.(*kmsg.FetchRequest))
				return resp, nil, resp != nil
			})
			letters, result := read(t, newReader(t, c, kgo.MaxDecompressBatchBytes(1<<20)), dlq.Query{Topic: topic})
			if keys(letters) != test.keys || !slices.Equal(result.Faults, test.faults) {
				t.Errorf("letters %s, faults %+v", keys(letters), result.Faults)
			}
			if fetches.Load() < 2 {
				t.Error("nothing was fetched anew")
			}
		})
	}
}
