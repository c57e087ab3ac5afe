package orderflow_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow"
)

// BenchmarkPlainRun is the run that a user gets who asks for nothing in
// particular, broker included. It reports how long it takes until the first order
// is reserved, and the memory taken from the operating system.
func BenchmarkPlainRun(b *testing.B) {
	for b.Loop() {
		begin := time.Now()
		c := kafkatest.Fake(b, kfake.NumBrokers(1))
		config := config(b, c)
		config.Orders, config.Rate = orderflow.DefaultOrders, orderflow.DefaultRate
		config.Capacity = orderflow.DefaultCapacity
		config.Progress, _ = when(func(p orderflow.Progress) bool { return p.Reserved > 0 }, func() {
			b.ReportMetric(float64(time.Since(begin).Milliseconds()), "ms-to-first")
		})
		run(b, config)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/1e6, "MB")
}
