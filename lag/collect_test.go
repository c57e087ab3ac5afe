package lag_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/lag"
	"github.com/twmb/franz-go/pkg/kgo"
)

// noon is where the tests' records begin; each is a minute younger than the one before.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// produce writes n records, one a minute from noon, into a partition.
func produce(t *testing.T, c *kafkatest.Cluster, topic string, partition int32, n int) {
	t.Helper()
	recs := make([]*kgo.Record, n)
	for i := range recs {
		recs[i] = &kgo.Record{
			Topic: topic, Partition: partition, Value: fmt.Appendf(nil, "record %d", i),
			Timestamp: noon.Add(time.Duration(i) * time.Minute),
		}
	}
	c.Produce(t, recs...)
}

// collect reads and judges at one o'clock, an hour after the first record.
func collect(t *testing.T, c *kafkatest.Cluster, req lag.Request) *lag.Report {
	t.Helper()
	req.Now = func() time.Time { return noon.Add(time.Hour) }
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := lag.Collect(ctx, c.Client(t), req)
	if err != nil {
		t.Fatalf("collecting: %v", err)
	}
	lag.Judge(r, lag.DefaultLimits)
	return r
}

// theGroup gives the only group of a report.
func theGroup(t *testing.T, r *lag.Report) lag.Group {
	t.Helper()
	if len(r.Groups) != 1 {
		t.Fatalf("report has %d groups, want 1: %+v", len(r.Groups), r.Groups)
	}
	return r.Groups[0]
}

func TestLagIsTheDistanceToTheEndInRecordsAndInTime(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := topicOf(t, c, 2), c.Name(t, "group")
		produce(t, c, topic, 0, 10)
		produce(t, c, topic, 1, 5)
		c.Commit(t, group, topic, map[int32]int64{0: 4, 1: 5})

		g := theGroup(t, collect(t, c, lag.Request{Groups: []string{group}}))
		if g.Lag != 6 || g.MaxPartitionLag != 6 || g.Type != lag.Classic || g.State != "Empty" || g.Members != 0 {
			t.Errorf("group = %+v, want lag 6, classic, Empty, without members", g)
		}
		// The record at offset 4 is from 12:04; it is one o'clock.
		if got := g.Partitions[0].TimeLag.Duration(); got != 56*time.Minute || g.TimeLag.Duration() != got {
			t.Errorf("time lag = %v (group %v), want exactly 56m", got, g.TimeLag.Duration())
		}
		if p := g.Partitions[1]; p.Lag != 0 || !p.TimeLag.Known() || p.TimeLag != 0 {
			t.Errorf("caught-up partition = %+v, want no lag of either kind", p)
		}
		if g.Verdict != lag.Warning || g.Reasons != lag.NoMember {
			t.Errorf("verdict = %v %v, want a warning that nobody reads", g.Verdict, g.Reasons.Names())
		}
	})
}

func TestPartitionsWithoutACommitAreShownAndCounted(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := topicOf(t, c, 3), c.Name(t, "group")
		produce(t, c, topic, 0, 3)
		produce(t, c, topic, 1, 7)
		c.Commit(t, group, topic, map[int32]int64{0: 3})

		g := theGroup(t, collect(t, c, lag.Request{Groups: []string{group}}))
		if len(g.Partitions) != 3 || g.NeverCommitted != 2 || g.Lag != 7 {
			t.Fatalf("group = %+v, want 3 partitions, 2 of them never committed, lag 7", g)
		}
		if p := g.Partitions[1]; p.Committed.Known() || !p.Reasons.Has(lag.NeverCommitted) || p.Verdict != lag.Warning || p.TimeLag.Duration() != time.Hour {
			t.Errorf("partition 1 = %+v, want no commit, a warning and the first record's age", p)
		}
		if p := g.Partitions[2]; p.Verdict != lag.OK || p.Reasons != lag.NeverCommitted || p.Lag != 0 {
			t.Errorf("partition 2 = %+v, want ok: there is nothing to read", p)
		}
	})
}

func TestACommitBeyondTheEndIsNoLag(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := topicOf(t, c, 2), c.Name(t, "group")
		produce(t, c, topic, 0, 3)
		produce(t, c, topic, 1, 3)
		c.Commit(t, group, topic, map[int32]int64{0: 50, 1: 1})

		g := theGroup(t, collect(t, c, lag.Request{Groups: []string{group}}))
		if g.Lag != 2 || g.UnknownPartitions != 1 {
			t.Errorf("lag = %v, unknown partitions = %d; want 2 and 1: the other commit is in no sum", g.Lag, g.UnknownPartitions)
		}
		if p := g.Partitions[0]; p.Lag.Known() || p.Reasons&lag.BeyondEnd == 0 || p.Verdict != lag.Critical || p.Committed != 50 {
			t.Errorf("partition 0 = %+v, want critical, beyond-end and no lag", p)
		}
	})
}

func TestACommitBelowTheLogStartTellsHowMuchIsLost(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := topicOf(t, c, 1), c.Name(t, "group")
		produce(t, c, topic, 0, 10)
		c.Commit(t, group, topic, map[int32]int64{0: 2})
		deleteRecords(t, c, topic, 6)

		p := theGroup(t, collect(t, c, lag.Request{Groups: []string{group}})).Partitions[0]
		if p.Lost != 4 || p.Lag != 8 || p.LogStart != 6 || p.Verdict != lag.Critical || !p.Reasons.Has(lag.BelowStart) {
			t.Errorf("partition = %+v, want 4 records lost of a lag of 8, critical", p)
		}
		if p.TimeLag.Duration() != 54*time.Minute {
			t.Errorf("time lag = %v, want 54m: the oldest record that is left", p.TimeLag.Duration())
		}
	})
}

func TestNegativeCommitsAreCountedFromTheFirstOffset(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := topicOf(t, c, 1)
		produce(t, c, topic, 0, 3)
		for _, offset := range []int64{-5, -9223372036854775807} {
			group := c.Name(t, "group")
			c.Commit(t, group, topic, map[int32]int64{0: offset})
			p := theGroup(t, collect(t, c, lag.Request{Groups: []string{group}})).Partitions[0]
			if p.Committed != lag.Int(offset) || p.Lag != 3 || p.Lost != 0 || p.TimeLag.Duration() != time.Hour {
				t.Errorf("partition = %+v, want the commit shown, a lag of 3 and nothing lost", p)
			}
		}
	})
}

func TestATimeLagIsUnknownUntilEveryPartitionThatIsBehindIsMeasured(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := topicOf(t, c, 2), c.Name(t, "group")
		produce(t, c, topic, 0, 3)
		produce(t, c, topic, 1, 3)
		c.Commit(t, group, topic, map[int32]int64{0: 1, 1: 3})
		g := theGroup(t, collect(t, c, lag.Request{Groups: []string{group}, MaxPositions: -1}))
		if g.TimeLag.Known() || g.Partitions[0].TimeLagError == "" || !g.Partitions[1].TimeLag.Known() {
			t.Errorf("group = %+v, want no time lag of the group, and why", g)
		}
		limits := lag.DefaultLimits
		limits.MaxTimeLag = time.Minute
		r := &lag.Report{Groups: []lag.Group{g}}
		if lag.Judge(r, limits); r.Verdict() == lag.OK {
			t.Error("an unmeasured time lag passes its limit")
		}
	})
}

func TestATopicThatDoesNotExistIsAnError(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		_, err := lag.Collect(t.Context(), c.Client(t), lag.Request{Topics: []string{"no-such-topic"}})
		var missing *lag.TopicNotFoundError
		if !asError(err, &missing) || missing.Topic != "no-such-topic" {
			t.Errorf("error = %v, want the topic not found", err)
		}
	})
}

func TestOffsetsAndTimesOfRecordsInCompressedAndLargeBatches(t *testing.T) {
	codecs := map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}
	for name, codec := range codecs {
		t.Run(name, func(t *testing.T) {
			kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
				topic, group := topicOf(t, c, 3), c.Name(t, "group")
				cl := c.Client(t, kgo.ProducerBatchCompression(codec), kgo.RecordPartitioner(kgo.ManualPartitioner()))
				for p := range int32(3) { // one batch of 40 records, far over the first fetch's size
					var recs []*kgo.Record
					for i := range 40 {
						recs = append(recs, &kgo.Record{
							Topic: topic, Partition: p, Value: noise(20_000, i), Timestamp: noon.Add(time.Duration(i) * time.Minute),
						})
					}
					if err := cl.ProduceSync(t.Context(), recs...).FirstErr(); err != nil {
						t.Fatal(err)
					}
				}
				c.Commit(t, group, topic, map[int32]int64{0: 0, 1: 17, 2: 39})
				g := theGroup(t, collect(t, c, lag.Request{Groups: []string{group}}))
				for p, want := range []time.Duration{60 * time.Minute, 43 * time.Minute, 21 * time.Minute} {
					if got := g.Partitions[p].TimeLag.Duration(); got != want {
						t.Errorf("partition %d: time lag %v, want %v", p, got, want)
					}
				}
			})
		})
	}
}

// noise makes bytes that don't compress.
func noise(n, seed int) []byte {
	b := make([]byte, n)
	x := uint32(seed)*2654435761 + 1
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}

func TestGroupsAtDifferentPlacesOfOnePartitionHaveTheirOwnTimeLag(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := topicOf(t, c, 1)
		produce(t, c, topic, 0, 30)
		groups := make([]string, 5)
		for i := range groups {
			groups[i] = c.Name(t, fmt.Sprintf("group-%d", i))
			c.Commit(t, groups[i], topic, map[int32]int64{0: int64(i * 6)})
		}
		r := collect(t, c, lag.Request{Groups: groups})
		for i, g := range r.Groups {
			if want := time.Duration(60-i*6) * time.Minute; g.TimeLag.Duration() != want {
				t.Errorf("%s: time lag %v, want %v", g.Name, g.TimeLag.Duration(), want)
			}
		}
	})
}

func TestMorePositionsThanAllowedAreLeftOutAndSaid(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := topicOf(t, c, 2), c.Name(t, "group")
		produce(t, c, topic, 0, 3)
		produce(t, c, topic, 1, 3)
		c.Commit(t, group, topic, map[int32]int64{0: 1, 1: 2})
		r := collect(t, c, lag.Request{Groups: []string{group}, MaxPositions: 1})
		if r.UnmeasuredPositions != 2 || theGroup(t, r).TimeLag.Known() {
			t.Errorf("unmeasured = %d, time lag %v; want 2 and unknown", r.UnmeasuredPositions, r.Groups[0].TimeLag)
		}
	})
}

func TestAGroupThatDoesNotExistIsAnErrorWithNamesThatAreNear(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := topicOf(t, c, 1), c.Name(t, "inventory-group")
		c.Commit(t, group, topic, map[int32]int64{0: 0})
		_, err := lag.Collect(t.Context(), c.Client(t), lag.Request{Groups: []string{group + "x"}})
		var missing *lag.GroupsNotFoundError
		if !asError(err, &missing) || len(missing.Groups) != 1 || len(missing.Near) == 0 {
			t.Fatalf("error = %#v, want the group not found and near names", err)
		}
	})
}

func TestTopicsLeaveOutGroupsThatHaveNothingToDoWithThem(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		a, b := topicOf(t, c, 1), topicOf(t, c, 1)
		one, other := c.Name(t, "one"), c.Name(t, "other")
		c.Commit(t, one, a, map[int32]int64{0: 0})
		c.Commit(t, other, b, map[int32]int64{0: 0})
		if g := theGroup(t, collect(t, c, lag.Request{Topics: []string{a}})); g.Name != one {
			t.Errorf("group = %s, want %s alone", g.Name, one)
		}
	})
}

func TestTopicsNarrowAGroup(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		a, b, group := topicOf(t, c, 1), topicOf(t, c, 2), c.Name(t, "group")
		c.Commit(t, group, a, map[int32]int64{0: 0})
		c.Commit(t, group, b, map[int32]int64{0: 0, 1: 0})
		g := theGroup(t, collect(t, c, lag.Request{Groups: []string{group}, Topics: []string{b}}))
		if len(g.Partitions) != 2 || g.Partitions[0].Topic != b {
			t.Errorf("partitions = %+v, want those of %s only", g.Partitions, b)
		}
	})
}

func TestACommitForAPartitionThatIsNotThereIsUnknownWithItsReason(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := topicOf(t, c, 2), c.Name(t, "group")
		produce(t, c, topic, 0, 3)
		c.Commit(t, group, topic, map[int32]int64{0: 1, 1: 0})
		remake(t, c, topic, 1)
		// Real brokers forget the commits with the topic.
		c.Commit(t, group, topic, map[int32]int64{0: 0})
		g := theGroup(t, collect(t, c, lag.Request{Groups: []string{group}}))
		if g.Lag != 0 {
			t.Errorf("lag = %v, want 0: the topic is new and empty", g.Lag)
		}
		for _, p := range g.Partitions[1:] {
			if p.Lag.Known() || p.Error == "" || p.Verdict != lag.Uncertain {
				t.Errorf("partition = %+v, want unknown with an error", p)
			}
		}
	})
}
