package copies_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/replay/copies"
)

func TestACopyKeepsAllOfARecordButItsTime(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		j := newJob(t, c, 3)
		strange := []*kgo.Record{
			{Partition: 0, Key: []byte("k"), Value: []byte("v")},
			{Partition: 2, Key: []byte("k"), Value: nil}, // a tombstone
			{Partition: 2, Key: nil, Value: []byte("v")},
			{Partition: 2, Key: []byte{}, Value: []byte{}},
			{Partition: 0, Key: []byte{0xff, 0}, Value: []byte("\x00\x00\x00\x00\x01bytes"), Headers: []kgo.RecordHeader{
				{Key: "b", Value: []byte("2")}, {Key: "a", Value: []byte("1")}, {Key: "b", Value: nil}, {Key: "b", Value: []byte{}}, {Key: "", Value: []byte{0xfe}},
			}},
			{Partition: 0, Key: []byte("again"), Value: []byte("v"), Headers: []kgo.RecordHeader{{Key: copies.HeaderFrom, Value: []byte("elsewhere:0:1")}}},
		}
		for i, r := range strange {
			r.Topic, r.Timestamp = j.from, noon.Add(time.Duration(i)*time.Minute)
		}
		c.Produce(t, strange...)
		began := time.Now()
		plan := j.mustPlan(t)
		if got := said(j.run(t)); got != "planned 6 done 6 skipped 0 failed 0 none 0 left 0" {
			t.Error(got)
		}
		source, target := c.Committed(t, j.from), c.Committed(t, j.to)
		var plain []*kgo.Record
		times := map[string]time.Time{}
		for _, r := range target {
			p, from := copied(t, j, plan.Copy, r)
			plain, times[from] = append(plain, p), p.Timestamp
			if r.Timestamp.Before(began.Add(-time.Minute)) {
				t.Errorf("%s has the time %s", written(r), r.Timestamp)
			}
		}
		if d := cmp.Diff(texts(source), texts(plain)); d != "" {
			t.Error(d)
		}
		for _, r := range source {
			if at := times[coordinates(r)]; !at.Equal(r.Timestamp) {
				t.Errorf("%s says %s, and was written at %s", coordinates(r), at, r.Timestamp)
			}
		}
	})
}

func TestTheSameAgainGoesOnAndDoublesNothing(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		j := newJob(t, c, 3)
		c.Produce(t, orders(j.from, 3, 300)...)
		j.change = func(r *copies.Request) { r.Limit = 100 }
		if got := j.run(t); got.Done != 100 || got.Left != 200 || got.Interrupted {
			t.Errorf("%+v", got)
		}
		j.change = func(*copies.Request) {}
		if got := said(j.run(t)); got != "planned 200 done 200 skipped 0 failed 0 none 0 left 0" {
			t.Error(got)
		}
		c.Produce(t, orders(j.from, 3, 30)...)
		j.start = "+20"
		if got := said(j.run(t)); got != "planned 30 done 30 skipped 0 failed 0 none 0 left 0" {
			t.Error(got)
		}
		if got := said(j.run(t)); got != "planned 0 done 0 skipped 0 failed 0 none 0 left 0" {
			t.Error(got)
		}
		j.same(t)
	})
}

// same fails unless the target has each record of the source once, in order.
func (j *job) same(t testing.TB) {
	t.Helper()
	var want, got = map[int32][]string{}, map[int32][]string{}
	for _, r := range j.c.Committed(t, j.from) {
		want[r.Partition] = append(want[r.Partition], coordinates(r)+" "+written(r))
	}
	id := j.mustPlan(t).Copy
	for _, r := range j.c.Committed(t, j.to) {
		plain, from := copied(t, j, id, r)
		got[r.Partition] = append(got[r.Partition], from+" "+written(plain))
	}
	if !maps.EqualFunc(want, got, slices.Equal) {
		for p := range want {
			t.Errorf("partition %d: %d records of %d: %s", p, len(got[p]), len(want[p]), cmp.Diff(want[p], got[p]))
		}
	}
}

func coordinates(r *kgo.Record) string {
	return placeOf(r.Topic, r.Partition, r.Offset)
}
