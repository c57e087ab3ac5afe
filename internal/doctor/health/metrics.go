package health

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/evtctl/evtctl/lag"
)

// Metrics gives the figures of a judged report, those of [lag.Metrics] aside. Unknown
// figures have no sample.
func Metrics(r *Report) prometheus.Collector { return metrics{r} }

type metrics struct{ report *Report }

// descs are all metrics, in the order in which they are described.
var descs []*prometheus.Desc

func desc(name, help string, labels ...string) *prometheus.Desc {
	d := prometheus.NewDesc(name, help, labels, nil)
	descs = append(descs, d)
	return d
}

var (
	descVerdict  = desc("evtctl_health_verdict", "Judgement of a figure against its limits: 0 ok, 1 unknown, 2 warning, 3 critical.", "figure")
	descValue    = desc("evtctl_health_value", "Worst value of a figure, in the unit that the label tells.", "figure", "unit")
	descLimit    = desc("evtctl_health_limit", "Limit of a figure, in the unit of its value.", "figure", "severity")
	descFindings = desc("evtctl_health_findings", "What is not ok in a figure: groups, topics, partitions or transactions.", "figure")
	descWindow   = desc("evtctl_health_window_seconds", "How long was looked.")

	descMessages   = desc("kafka_dlq_messages_total", "Letters ever written to the dead-letter topic, as its end offsets tell; markers of transactions are counted.", "topic")
	descTallied    = desc("kafka_dlq_arrived_messages_total", "Letters that arrived in the dead-letter topic since the monitor began; markers of transactions are left out, unless there are too many to look.", "topic")
	descHeld       = desc("kafka_dlq_messages", "Letters in the dead-letter topic; an upper bound where there are many.", "topic")
	descUndisposed = desc("kafka_dlq_undisposed", "Letters that nobody has replayed, edited, discarded or parked; an upper bound where there are many.", "topic")
	descRecent     = desc("kafka_dlq_recent_messages", "Letters of the last so many seconds, by their time stamps or their arrival.", "topic", "seconds")
	descExpiry     = desc("kafka_dlq_first_expiry_timestamp_seconds", "When retention may delete the first letter, in seconds since 1970.", "topic")
	descOldest     = desc("kafka_dlq_oldest_timestamp_seconds", "Time stamp of the first letter, in seconds since 1970.", "topic")

	descRebalances = desc("kafka_consumergroup_rebalances_last_hour", "Rebalances of the group in the last hour.", "consumergroup")
	descChanges    = desc("kafka_consumergroup_rebalances_in_window", "Rebalances of the group seen in the window.", "consumergroup")
	descLatency    = desc("kafka_consumergroup_latency_seconds", "Time from producing to commit of the records committed last, one of each partition: the slowest one's.", "consumergroup")
	descMedian     = desc("kafka_consumergroup_latency_median_seconds", "Time from producing to commit of the records committed last, one of each partition: their median.", "consumergroup")
	descSamples    = desc("kafka_consumergroup_latency_samples", "Partitions in which a latency was measured.", "consumergroup")
	descClocks     = desc("kafka_consumergroup_clock_difference_seconds", "By how much record time stamps are ahead of the commits of the records, at most.", "consumergroup")

	descBrokers    = desc("kafka_cluster_brokers", "Brokers in the cluster that are up.")
	descPartitions = desc("kafka_cluster_partitions", "Partitions of all topics.")
	descUnder      = desc("kafka_cluster_under_replicated_partitions", "Partitions with a leader and fewer replicas in sync than they should have.")
	descOffline    = desc("kafka_cluster_offline_partitions", "Partitions without a leader.")
	descTopicUnder = desc("kafka_topic_under_replicated_partitions", "Partitions of the topic with fewer replicas in sync than they should have; topics without any are left out.", "topic")
	descTopicOff   = desc("kafka_topic_offline_partitions", "Partitions of the topic without a leader; topics without any are left out.", "topic")
	descOpen       = desc("kafka_open_transactions", "Transactions that are open.")
	descOpenAge    = desc("kafka_open_transactions_oldest_age_seconds", "How long the oldest transaction is open; 0 where none is.")
)

// Describe implements [prometheus.Collector].
func (m metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range descs {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (m metrics) Collect(ch chan<- prometheus.Metric) {
	e := emitter{ch}
	e.number(descWindow, m.report.WindowSeconds)
	for i := range m.report.Figures {
		e.figure(&m.report.Figures[i])
	}
	for i := range m.report.Queues {
		e.queue(&m.report.Queues[i])
	}
	for i := range m.report.Groups {
		e.group(&m.report.Groups[i])
	}
	if m.report.unread[ofReplicas] == "" {
		e.replicas(&m.report.Replicas)
	}
	if m.report.unread[ofTransactions] == "" {
		e.transactions(m.report.Transactions)
	}
}

type emitter struct{ ch chan<- prometheus.Metric }

// number sends a gauge, if it is known.
func (e emitter) number(d *prometheus.Desc, n Number, labels ...string) {
	if n.Known() {
		e.send(d, prometheus.GaugeValue, n, labels)
	}
}

func (e emitter) send(d *prometheus.Desc, kind prometheus.ValueType, n Number, labels []string) {
	for i := range labels { // anything else makes it panic
		labels[i] = lag.Label(labels[i])
	}
	e.ch <- prometheus.MustNewConstMetric(d, kind, float64(n), labels...)
}

func (e emitter) figure(f *Figure) {
	name := string(f.Name)
	e.number(descVerdict, Number(f.Verdict), name)
	e.number(descValue, f.Value, name, f.Unit)
	e.number(descLimit, f.Warning, name, "warning")
	e.number(descLimit, f.Critical, name, "critical")
	e.number(descFindings, Number(len(f.Findings)+f.More), name)
}

func (e emitter) queue(q *Queue) {
	if q.Written.Known() {
		e.send(descMessages, prometheus.CounterValue, number(q.Written), []string{q.Topic})
	}
	if q.Tallied.Known() {
		e.send(descTallied, prometheus.CounterValue, number(q.Tallied), []string{q.Topic})
	}
	e.number(descHeld, number(q.Letters), q.Topic)
	e.number(descUndisposed, number(q.Undisposed), q.Topic)
	for _, c := range q.Recent {
		if c.Letters.Known() {
			e.number(descRecent, number(max(c.Letters, q.Arrived)), q.Topic, Number(c.Seconds).String())
		}
	}
	if q.FirstExpiry != nil && q.Letters != 0 {
		e.number(descExpiry, Number(q.FirstExpiry.Unix()), q.Topic)
	}
	if q.Oldest != nil {
		e.number(descOldest, Number(q.Oldest.Unix()), q.Topic)
	}
}

func (e emitter) group(g *Group) {
	e.number(descRebalances, number(g.Rebalances), g.Name)
	e.number(descChanges, Number(g.Changes), g.Name)
	e.number(descLatency, g.Latency.Max, g.Name)
	e.number(descMedian, g.Latency.Median, g.Name)
	e.number(descSamples, Number(g.Latency.Samples), g.Name)
	e.number(descClocks, g.Latency.ClocksDiffer, g.Name)
}

func (e emitter) replicas(r *Replicas) {
	e.number(descBrokers, number(r.Brokers))
	e.number(descPartitions, number(r.Partitions))
	e.number(descUnder, number(r.UnderReplicated))
	e.number(descOffline, number(r.Offline))
	for i := range r.Topics {
		t := &r.Topics[i]
		e.number(descTopicUnder, Number(len(t.UnderReplicated)), t.Topic)
		e.number(descTopicOff, Number(len(t.Offline)), t.Topic)
	}
}

func (e emitter) transactions(open []Transaction) {
	e.number(descOpen, Number(len(open)))
	oldest := Number(0)
	for i := range open {
		if !open[i].Age.Known() {
			oldest = Unknown()
			break
		}
		oldest = max(oldest, open[i].Age)
	}
	e.number(descOpenAge, oldest)
}

// LagMetrics are those of [lag.Metrics] for the report; they are empty where groups
// could not be read.
func LagMetrics(r *Report) prometheus.Collector {
	if r.Lag == nil {
		return lag.Metrics(&lag.Report{})
	}
	return lag.Metrics(r.Lag)
}
