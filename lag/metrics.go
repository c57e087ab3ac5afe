package lag

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics gives the figures of a judged report under the names and labels of
// kafka_exporter, which dashboards for Kafka know, where it has them. Unknown figures have no sample.
func Metrics(r *Report) prometheus.Collector { return metrics{r} }

type metrics struct{ report *Report }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	descLag        = desc("kafka_consumergroup_lag", "Offsets between the committed offset and the high watermark.", "consumergroup", "topic", "partition")
	descLagSeconds = desc("kafka_consumergroup_lag_seconds", "Age of the first record that the group has not read.", "consumergroup", "topic", "partition")
	descCommitted  = desc("kafka_consumergroup_current_offset", "Committed offset.", "consumergroup", "topic", "partition")
	descSum        = desc("kafka_consumergroup_group_sum_lag", "Lag summed over the partitions whose lag is known.", "consumergroup")
	descUnknown    = desc("kafka_consumergroup_lag_unknown_partitions", "Partitions whose lag is not known and not in the sum.", "consumergroup")
	descMembers    = desc("kafka_consumergroup_members", "Members of the group.", "consumergroup")
	descState      = desc("kafka_consumergroup_info", "Always 1; the labels tell type, state and assignor.", "consumergroup", "type", "state", "assignor")
	descVerdict    = desc("kafka_consumergroup_lag_verdict", "Judgement against the limits: 0 ok, 1 unknown, 2 warning, 3 critical.", "consumergroup")
	descEnd        = desc("kafka_topic_partition_current_offset", "High watermark.", "topic", "partition")
	descProblems   = desc("evtctl_lag_problems", "What could not be read beyond a single group, such as a broker's groups.")
	descUnmeasured = desc("evtctl_lag_unmeasured_positions", "Positions without a time lag, as there were too many or too little time.")
	descStart      = desc("kafka_topic_partition_oldest_offset", "Log start offset.", "topic", "partition")
)

// Label is a name as the value of a label, which has to be UTF-8. Bytes that aren't are
// written as \xff and the like, so that two names stay two.
func Label(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	var label strings.Builder
	for len(name) > 0 {
		r, size := utf8.DecodeRuneInString(name)
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&label, `\x%02x`, name[0])
		} else {
			label.WriteString(name[:size])
		}
		name = name[size:]
	}
	return label.String()
}

// Describe implements [prometheus.Collector].
func (m metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		descLag, descLagSeconds, descCommitted, descSum, descUnknown, descMembers, descState, descVerdict, descEnd, descStart,
		descProblems, descUnmeasured,
	} {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (m metrics) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		for i := range labels { // anything else makes it panic
			labels[i] = Label(labels[i])
		}
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	number := func(d *prometheus.Desc, v Int, labels ...string) {
		if v.Known() {
			gauge(d, float64(v), labels...)
		}
	}
	gauge(descProblems, float64(len(m.report.Problems)))
	gauge(descUnmeasured, float64(m.report.UnmeasuredPositions))
	logs := map[partitionKey]*Partition{} // a partition of several groups is shown once
	for i := range m.report.Groups {
		g := &m.report.Groups[i]
		number(descSum, g.Lag, g.Name)
		gauge(descUnknown, float64(g.UnknownPartitions), g.Name)
		number(descMembers, g.Members, g.Name)
		gauge(descState, 1, g.Name, string(g.Type), string(g.State), string(g.Assignor))
		gauge(descVerdict, float64(g.Verdict), g.Name)
		for j := range g.Partitions {
			p := &g.Partitions[j]
			n := strconv.Itoa(int(p.Partition))
			number(descLag, p.Lag, g.Name, p.Topic, n)
			number(descCommitted, p.Committed, g.Name, p.Topic, n)
			if p.TimeLag.Known() {
				gauge(descLagSeconds, float64(p.TimeLag), g.Name, p.Topic, n)
			}
			logs[partitionKey{topic: p.Topic, partition: p.Partition}] = p
		}
	}
	for k := range logs {
		n := strconv.Itoa(int(k.partition))
		number(descEnd, logs[k].LogEnd, k.topic, n)
		number(descStart, logs[k].LogStart, k.topic, n)
	}
}
