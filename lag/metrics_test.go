package lag_test

import (
	"strings"
	"testing"

	"github.com/evtctl/evtctl/lag"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func metricsReport() *lag.Report {
	r := at(0, 90, 100)
	r.Groups[0].Type, r.Groups[0].State, r.Groups[0].Members = lag.Classic, "Stable", 1
	r.Groups[0].Partitions[0].TimeLag = 2.5
	r.Groups[0].Partitions = append(r.Groups[0].Partitions, lag.Partition{
		Topic: "orders", Partition: 1, LogStart: lag.Unknown, Committed: lag.Unknown, LogEnd: lag.Unknown, Lag: lag.Unknown,
		TimeLag: lag.UnknownSeconds(),
	})
	// A second group on the same partition: the partition's own metrics come once.
	r.Groups = append(r.Groups, lag.Group{Name: "h", Lag: 0, Members: lag.Unknown, Partitions: r.Groups[0].Partitions[:1]})
	lag.Judge(r, lag.DefaultLimits)
	return r
}

func TestMetricsHaveTheNamesThatDashboardsKnow(t *testing.T) {
	want := `
# HELP kafka_consumergroup_lag Offsets between the committed offset and the high watermark.
# TYPE kafka_consumergroup_lag gauge
kafka_consumergroup_lag{consumergroup="g",partition="0",topic="orders"} 10
kafka_consumergroup_lag{consumergroup="h",partition="0",topic="orders"} 10
# HELP kafka_consumergroup_lag_seconds Age of the first record that the group has not read.
# TYPE kafka_consumergroup_lag_seconds gauge
kafka_consumergroup_lag_seconds{consumergroup="g",partition="0",topic="orders"} 2.5
kafka_consumergroup_lag_seconds{consumergroup="h",partition="0",topic="orders"} 2.5
# HELP kafka_consumergroup_members Members of the group.
# TYPE kafka_consumergroup_members gauge
kafka_consumergroup_members{consumergroup="g"} 1
# HELP kafka_topic_partition_current_offset High watermark.
# TYPE kafka_topic_partition_current_offset gauge
kafka_topic_partition_current_offset{partition="0",topic="orders"} 100
`
	err := testutil.CollectAndCompare(lag.Metrics(metricsReport()), strings.NewReader(want),
		"kafka_consumergroup_lag", "kafka_consumergroup_lag_seconds", "kafka_consumergroup_members", "kafka_topic_partition_current_offset")
	if err != nil {
		t.Error(err)
	}
}

func TestMetricsPassTheLinter(t *testing.T) {
	problems, err := testutil.CollectAndLint(lag.Metrics(metricsReport()))
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
}
