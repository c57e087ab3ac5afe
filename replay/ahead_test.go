package replay_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

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
