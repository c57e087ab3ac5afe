package replay_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/replay"
	"github.com/twmb/franz-go/pkg/kgo"
)

// BenchmarkCheckIdempotent reads 6 partitions of 50,000 records of 500 bytes. The figures
// are medians of the operations; that of the client's processors doesn't depend on how
// busy the machine is.
func BenchmarkCheckIdempotent(b *testing.B) {
	const partitions, each = 6, 50_000
	c := kafkatest.RealNodes(b, 1, kafkatest.WithHeap(1024))
	topic := c.Topic(b, partitions)
	random := rand.New(rand.NewPCG(1, 1))
	for p := range int32(partitions) {
		records := make([]*kgo.Record, each)
		for i := range records {
			records[i] = &kgo.Record{
				Topic: topic, Partition: p, Key: fmt.Appendf(nil, "order-%d-%d", p, i%5000), Value: fmt.Appendf(nil, "%0500d", random.Uint64()),
				Headers: []kgo.RecordHeader{{Key: "event-id", Value: fmt.Appendf(nil, "%d-%d", p, i)}},
			}
		}
		c.Produce(b, records...)
	}
	client, adm := c.Client(b), c.Admin(b)
	var wall, cpu []float64
	for b.Loop() {
		began, before := time.Now(), ownCPU()
		check, err := replay.CheckIdempotent(b.Context(), client, adm, replay.CheckRequest{Topic: topic, Now: time.Now()})
		if err != nil || check.Records != partitions*each || !check.Safe {
			b.Fatalf("%+v, %v", check, err)
		}
		wall = append(wall, float64(time.Since(began).Milliseconds()))
		cpu = append(cpu, float64((ownCPU()-before).Microseconds())/(partitions*each))
	}
	slices.Sort(wall)
	slices.Sort(cpu)
	b.ReportMetric(wall[len(wall)/2], "ms")
	b.ReportMetric(cpu[len(cpu)/2], "µs-client")
	b.ReportMetric(0, "ns/op")
}

// ownCPU is how long processors have worked for this process.
func ownCPU() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage) // it can't fail with these arguments
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
