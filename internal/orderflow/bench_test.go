package orderflow_test

import (
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/flowtest"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow"
)

// The goal is 10 s on Kafka, Apicurio Registry and PostgreSQL: from the first order to
// the moment when every group has dealt with the last one, with services that wait for
// nothing.
func BenchmarkAThousandOrdersThroughTheWholeShop(b *testing.B) {
	c, registry, database := kafkatest.Real(b), kafkatest.Apicurio(b), kafkatest.Postgres(b)
	var slowest time.Duration
	for b.Loop() {
		b.StopTimer()
		config := flowtest.Shop(b, c, 1000)
		config.RegistryURL, config.Database, config.Timeout = registry.URL, database.URL(b), 0
		b.StartTimer()
		s, v, err := orderflow.RunAndVerify(b.Context(), config)
		if err != nil || s.Shipped != 1000 || !v.Holds {
			b.Fatalf("%v, %+v, %+v", err, s, v)
		}
		slowest = max(slowest, time.Duration(s.DurationSeconds*float64(time.Second)))
	}
	b.ReportMetric(slowest.Seconds(), "s/slowest")
}
