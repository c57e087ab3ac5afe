package replay_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/replay"
)

// Partitions are read side by side, and looked at one after the other: whichever comes
// first, the answer is that of the first partition, then the second, and so on.
func TestACheckSaysTheSameWhateverComesFirst(t *testing.T) {
	const partitions, each = 6, 3000
	c := kafkatest.Fake(t)
	topic := c.Topic(t, partitions)
	for p := range int32(partitions) {
		records := make([]*kgo.Record, each)
		for i := range records { // each id is in two partitions, each key in three
			records[i] = event(topic, p, fmt.Sprintf("k%d", i%500+int(p)/3*500), fmt.Sprintf("e%d", i+int(p)/2*each), i%40)
		}
		c.Produce(t, records...)
	}
	var first *replay.Check
	for range 5 {
		k := check(t, c, replay.CheckRequest{Topic: topic, Remember: 7000, MaxRecords: 17_500})
		if first == nil {
			first = k
		}
		if d := cmp.Diff(first, k); d != "" {
			t.Fatal(d)
		}
	}
	if got := findings(first); got != "17500 records, 7000 twice, 0 without, 7200 disorder, 1000 spread, 3500 not remembered, safe false" {
		t.Error(got)
	}
	if e := first.Duplicates.Examples[0]; e.Coordinates != topic+":1:0" || e.Before.Coordinates != topic+":0:0" {
		t.Errorf("the first that is there twice is %+v", e)
	}
	for i, s := range first.Spans {
		if want := int64(each); s.Partition != int32(i) || i < 5 && s.Reached != want || i == 5 && s.Reached != 2500 {
			t.Errorf("%+v", s)
		}
	}
}

// Pieces end within batches, and what is in none of them is told of by none.
func TestACheckSaysTheSameWhereverItsPiecesEnd(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		const each = 500
		topic := c.Topic(t, 2, "retention.ms=-1")
		for p := range int32(2) {
			records := make([]*kgo.Record, each)
			for i := range records {
				records[i] = event(topic, p, fmt.Sprintf("k%d", i%50), fmt.Sprintf("e%d", i%300), i%40)
			}
			c.Produce(t, records...)
		}
		want := check(t, c, replay.CheckRequest{Topic: topic})
		if want.Records != 2*each || want.Duplicates.Count != 2*each-300 {
			t.Fatalf("%+v", want)
		}
		for _, offsets := range []int64{7, each, each - 1} {
			req := replay.CheckRequest{Topic: topic}
			replay.SetPieces(&req, offsets)
			if d := cmp.Diff(want, check(t, c, req)); d != "" {
				t.Errorf("in pieces of %d: %s", offsets, d)
			}
			req.MaxRecords = each + 3
			if k := check(t, c, req); k.Records != each+3 || k.Spans[1].Reached != 3 {
				t.Errorf("in pieces of %d, the first %d: %+v", offsets, each+3, k)
			}
		}
	})
}

// What compaction removed is jumped over at once, however many pieces it would be.
func TestACheckDoesNotReadThroughHoles(t *testing.T) {
	const hole = int64(1_000_000)
	c := kafkatest.Fake(t)
	topic := c.Topic(t, 1)
	c.Produce(t, event(topic, 0, "k", "e1", 1), event(topic, 0, "k", "e2", 2))
	var asked atomic.Int64
	var batches []byte // the fake's, from offset 0 on
	c.Kfake().ControlKey(int16(kmsg.ListOffsets), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		c.Kfake().KeepControl()
		req := kreq.(*kmsg.ListOffsetsRequest)
		resp := req.ResponseKind().(*kmsg.ListOffsetsResponse)
		for _, rt := range req.Topics {
			st := kmsg.NewListOffsetsResponseTopic()
			st.Topic = rt.Topic
			for _, rp := range rt.Partitions {
				sp := kmsg.NewListOffsetsResponseTopicPartition()
				sp.Partition, sp.LeaderEpoch = rp.Partition, 0
				if sp.Offset = 0; rp.Timestamp != -2 {
					sp.Offset = hole + 2
				}
				st.Partitions = append(st.Partitions, sp)
			}
			resp.Topics = append(resp.Topics, st)
		}
		return resp, nil, true
	})
	raw := c.Client(t)
	batches = fetchRaw(t, raw, c, topic)
	binary.BigEndian.PutUint64(batches, uint64(hole)) // its checksum leaves that out
	c.Kfake().ControlKey(int16(kmsg.Fetch), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		c.Kfake().KeepControl()
		asked.Add(1)
		req := kreq.(*kmsg.FetchRequest)
		resp := req.ResponseKind().(*kmsg.FetchResponse)
		ft := kmsg.NewFetchResponseTopic()
		ft.Topic, ft.TopicID = req.Topics[0].Topic, req.Topics[0].TopicID
		fp := kmsg.NewFetchResponseTopicPartition()
		fp.HighWatermark, fp.LastStableOffset, fp.RecordBatches = hole+2, hole+2, slices.Clone(batches)
		ft.Partitions = append(ft.Partitions, fp)
		resp.Topics = append(resp.Topics, ft)
		return resp, nil, true
	})
	req := replay.CheckRequest{Topic: topic}
	replay.SetPieces(&req, 1000)
	k := check(t, c, req)
	if k.Records != 2 || k.Spans[0].Reached != hole+2 || k.Spans[0].Error != "" {
		t.Errorf("%+v", k)
	}
	if n := asked.Load(); n > 50 {
		t.Errorf("asked %d times", n)
	}
}

// fetchRaw is the first answer of a partition's leader, as it comes.
func fetchRaw(t *testing.T, cl *kgo.Client, c *kafkatest.Cluster, topic string) []byte {
	t.Helper()
	topics, err := c.Admin(t).ListTopics(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	req := kmsg.NewPtrFetchRequest()
	req.ReplicaID, req.SessionEpoch, req.MaxBytes = -1, -1, 1<<20
	part := kmsg.NewFetchRequestTopicPartition()
	part.PartitionMaxBytes = 1 << 20
	ask := kmsg.NewFetchRequestTopic()
	ask.Topic, ask.TopicID, ask.Partitions = topic, topics[topic].ID, []kmsg.FetchRequestTopicPartition{part}
	req.Topics = append(req.Topics, ask)
	resp, err := cl.Broker(int(topics[topic].Partitions[0].Leader)).Request(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	batches := resp.(*kmsg.FetchResponse).Topics[0].Partitions[0].RecordBatches
	if len(batches) == 0 {
		t.Fatal("nothing came")
	}
	return batches
}
