package health_test

import (
	"encoding/json"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evtctl/evtctl/internal/doctor/health"
)

var update = flag.Bool("update", false, "write the golden file anew")

// TestJSON holds the form that scripts read.
func TestJSON(t *testing.T) {
	r := well()
	r.Version, r.ClusterID, r.Notes = health.ReportVersion, "4L6g3nShT-eMCtK--X86sw", []string{"a note"}
	r.Groups, r.Lag = []health.Group{group("inventory-group")}, behind("inventory-group", 10_001)
	r.Groups[0].Lag, r.Groups[0].MaxLag, r.Groups[0].TimeLag = 15_001, 10_001, 90
	r.Queues = []health.Queue{letters("order-events.DLQ", 12, 3, 0, 10)}
	r.Queues[0].Oldest, r.Queues[0].FirstExpiry = at(now.Add(-time.Hour)), at(now.Add(30*time.Minute))
	r.Replicas = health.Replicas{Brokers: 2, Partitions: 12, Offline: 1, Topics: []health.TopicReplica{
		{Topic: "order-events", UnderReplicated: []int32{}, Offline: []int32{7}, Missing: []int32{3}},
	}}
	r.Transactions = []health.Transaction{{ID: "tx", ProducerID: 7, Age: 61.25, Timeout: 900, Topics: []string{"order-events"}, Holds: []string{"inventory-group"}}}
	r.History = []health.Sample{{At: now.Add(-5 * time.Second), Lag: 14_000, Letters: 12}, {At: now, Lag: 15_001, Letters: 12}}
	health.Judge(r, health.DefaultLimits, health.Commands{Brokers: []string{"kafka-1:9092"}, Flags: []string{"--context", "shop"}, Doctor: true})
	got, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	const file = "testdata/report.json"
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
