package health_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"github.com/evtctl/evtctl/internal/doctor/health"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

const (
	manyGroups     = 500
	manyPartitions = 100
	window         = 5 * time.Second
)

// seedMany has 500 groups commit in each of 100 partitions, some records behind, and a
// dead-letter topic with letters.
func seedMany(b *testing.B, c *kafkatest.Cluster) {
	b.Helper()
	topic, letters, adm := c.Topic(b, manyPartitions), letterTopic(b, c, 6, nil), c.Admin(b)
	var recs []*kgo.Record
	for p := range manyPartitions {
		for i := range 20 {
			recs = append(recs, &kgo.Record{Topic: topic, Partition: int32(p), Value: fmt.Appendf(nil, "%d", i)})
		}
		recs = append(recs, &kgo.Record{Topic: letters, Partition: int32(p % 6), Value: []byte("letter")})
	}
	c.Produce(b, recs...)
	eg, ctx := errgroup.WithContext(b.Context())
	eg.SetLimit(16)
	for g := range manyGroups {
		eg.Go(func() error {
			var offsets kadm.Offsets
			for p := range manyPartitions {
				offsets.AddOffset(topic, int32(p), int64(20-(7*g+13*p)%10/3), -1)
			}
			return adm.CommitAllOffsets(ctx, fmt.Sprintf("order-service-%04d", g), offsets)
		})
	}
	if err := eg.Wait(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkManyGroups tells how much longer than its window a look at 500 groups in 100
// partitions takes.
func BenchmarkManyGroups(b *testing.B) {
	c := kafkatest.RealNodes(b, 1, kafkatest.WithHeap(512))
	seedMany(b, c)
	cl := c.Client(b)
	from := sources(b, cl)
	config := health.Config{Window: window, Limits: health.DefaultLimits}
	var beyond time.Duration
	runs := 0
	for b.Loop() {
		begun := time.Now()
		r, err := health.Collect(b.Context(), from, config)
		if err != nil {
			b.Fatal(err)
		}
		health.Judge(r, config.Limits, health.Commands{})
		beyond, runs = beyond+time.Since(begun)-window, runs+1
		if len(r.Groups) != manyGroups || len(r.Queues) != 1 || r.PastProblem != "" || r.Groups[0].Rebalances != 0 || r.Groups[0].Latency.Samples == 0 {
			b.Fatalf("%d groups, %d queues, %q, %+v", len(r.Groups), len(r.Queues), r.PastProblem, r.Groups[0])
		}
	}
	b.ReportMetric(beyond.Seconds()/float64(runs), "s-beyond-window/op")
}
