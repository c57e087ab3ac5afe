package sandbox

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestSandboxInMemoryKeepsOnlyTheNewestOfAPartition(t *testing.T) {
	s, err := start(t.Context(), Config{Addr: "127.0.0.1:0"}, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	cl, err := kgo.NewClient(kgo.SeedBrokers(s.Brokers()...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	if _, err := adm.CreateTopic(t.Context(), 1, -1, nil, "orders"); err != nil {
		t.Fatal(err)
	}
	value := make([]byte, 512<<10)
	rand.Read(value) // nothing to compress
	for range 2 * memoryPerPartition / len(value) {
		if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: "orders", Value: value}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	for {
		starts, err := adm.ListStartOffsets(t.Context(), "orders")
		if err != nil {
			t.Fatal(err)
		}
		if at, _ := starts.Lookup("orders", 0); at.Offset > 0 {
			return
		}
	}
}
