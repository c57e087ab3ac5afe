package health_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evtctl/evtctl/internal/doctor/health"
	"github.com/evtctl/evtctl/lag"
)

var now = time.Date(2026, 3, 2, 13, 0, 0, 0, time.UTC)

// well is a report of a cluster in which nothing is wrong.
func well() *health.Report {
	since := now.Add(-time.Hour)
	return &health.Report{Standing: []health.Standing{},
		TakenAt: now, WindowSeconds: 5, Past: &since, Produced: 10, Lag: &lag.Report{},
		Replicas: health.Replicas{Brokers: 3, Partitions: 12},
	}
}

func group(name string) health.Group {
	unknown := health.Unknown()
	return health.Group{
		Name: name, State: "Stable", Members: 2, Lag: 0, MaxLag: 0, TimeLag: 0, Rebalances: 0,
		Latency: health.Latency{Median: unknown, Max: unknown, ClocksDiffer: unknown, Partition: lag.Unknown},
	}
}

func letters(topic string, n, undisposed, minute, five lag.Int) health.Queue {
	return health.Queue{
		Topic: topic, Letters: n, Undisposed: undisposed, Written: n, Arrived: 0, ExpiryKnown: true, Exact: true, Counted: true,
		Recent: []health.Count{{Seconds: 60, Letters: minute}, {Seconds: 300, Letters: five}},
	}
}

func behind(group string, n lag.Int) *lag.Report {
	return &lag.Report{Groups: []lag.Group{{
		Name: group, State: "Stable", Members: 1, Lag: n, TimeLag: 90,
		Partitions: []lag.Partition{
			{Topic: "orders", Partition: 0, Committed: 5, LogStart: 0, LogEnd: 5 + n, Lag: n, TimeLag: 90, MemberID: "m"},
			{Topic: "orders", Partition: 1, Committed: 5, LogStart: 0, LogEnd: 5 + n/2, Lag: n / 2, TimeLag: 90, MemberID: "m"},
			{Topic: "payments", Partition: 0, Committed: 5, LogStart: 0, LogEnd: 5, Lag: 0, TimeLag: 0, MemberID: "m"},
		},
	}}}
}

func at(t time.Time) *time.Time { return &t }

func TestJudge(t *testing.T) {
	limits := health.DefaultLimits
	limits.WarnLatency, limits.MaxLatency = 10*time.Second, 30*time.Second
	for name, test := range map[string]struct {
		change  func(*health.Report)
		figure  health.Name
		verdict lag.Verdict
		value   float64 // NaN: unknown
		says    string  // in the evidence of the first finding, else in what the figure says
		next    string
	}{
		"nothing is wrong": {func(*health.Report) {}, health.OfflineFigure, lag.OK, 0, "none", ""},
		"a lag at its limit is ok": {func(r *health.Report) {
			r.Groups, r.Lag = []health.Group{group("g")}, behind("g", 10_000)
		}, health.LagFigure, lag.OK, 10_000, "at most 10,000 records, g orders:0", ""},
		"a lag over the first limit": {func(r *health.Report) {
			r.Groups, r.Lag = []health.Group{group("g")}, behind("g", 10_001)
		}, health.LagFigure, lag.Warning, 10_001, "g orders:0 is 10,001 records behind, 1m30s in time (over-warning)", "evtctl lag --group g --topic orders"},
		"a lag over the second limit, in two partitions": {func(r *health.Report) {
			r.Groups, r.Lag = []health.Group{group("g")}, behind("g", 200_002)
		}, health.LagFigure, lag.Critical, 200_002, "(over-critical); 1 more partition of the topic", "evtctl lag --group g --topic orders"},
		"no groups": {func(*health.Report) {}, health.LagFigure, lag.OK, math.NaN(), "no groups", ""},
		"one letter in a minute is ok": {func(r *health.Report) {
			r.Queues = []health.Queue{letters("a.DLQ", 9, 9, 1, 9)}
		}, health.LettersFigure, lag.OK, 9, "9 undisposed, of 9 in 1 topic", ""},
		"more than one letter in a minute": {func(r *health.Report) {
			r.Queues = []health.Queue{letters("a.DLQ", 9, 9, 2, 9)}
		}, health.LettersFigure, lag.Warning, 9, "a.DLQ: 2 letters in the last 1m (warning over 1 in 1m)", "evtctl dlq stats a.DLQ"},
		"ten letters in five minutes, none in the last": {func(r *health.Report) {
			r.Queues = []health.Queue{letters("a.DLQ", 12, 3, 0, 10)}
		}, health.LettersFigure, lag.Critical, 10, "a.DLQ: 10 letters in the last 5m (critical from 10 in 5m); 3 of 12 undisposed", "evtctl dlq stats a.DLQ"},
		"letters whose time stamps are old arrive": {func(r *health.Report) {
			q := letters("a.DLQ", 12, 3, 0, 0)
			q.Arrived = 11
			r.Queues = []health.Queue{q}
		}, health.LettersFigure, lag.Critical, 11, "11 letters", "evtctl dlq stats a.DLQ"},
		"letters that can't be counted": {func(r *health.Report) {
			r.Queues = []health.Queue{letters("a.DLQ", lag.Unknown, lag.Unknown, lag.Unknown, lag.Unknown)}
		}, health.LettersFigure, lag.Uncertain, math.NaN(), "a.DLQ: its letters could not be counted", "evtctl dlq stats a.DLQ"},
		"letters that are too many to read": {func(r *health.Report) {
			r.Queues = []health.Queue{letters("a.DLQ", 20_000, 9, 2, 20_000)}
			r.Queues[0].Exact, r.Queues[0].Counted = false, false
		}, health.LettersFigure, lag.Critical, 20_000, "a.DLQ: up to 20,000 letters in the last 5m (critical from 10 in 5m); up to 9 of 20,000 undisposed", "evtctl dlq stats a.DLQ"},
		"letters that expire in two hours": {func(r *health.Report) {
			r.Queues = []health.Queue{letters("a.DLQ", 3, 2, 0, 0)}
			r.Queues[0].FirstExpiry = at(now.Add(2 * time.Hour))
		}, health.ExpiryFigure, lag.Warning, 7200, "a.DLQ: retention may delete the first letter in 2h; 2 of 3 undisposed", "evtctl dlq export --file a.DLQ.jsonl a.DLQ"},
		"letters that are overdue": {func(r *health.Report) {
			r.Queues = []health.Queue{letters("-a.DLQ", 3, 2, 0, 0)}
			r.Queues[0].FirstExpiry = at(now.Add(-time.Minute))
		}, health.ExpiryFigure, lag.Critical, -60, "at any time", "evtctl dlq export --file ./-a.DLQ.jsonl -- -a.DLQ"},
		"letters that are dealt with may expire": {func(r *health.Report) {
			r.Queues = []health.Queue{letters("a.DLQ", 3, 0, 0, 0)}
			r.Queues[0].FirstExpiry = at(now)
		}, health.ExpiryFigure, lag.OK, math.NaN(), "no undisposed letters that expire", ""},
		"letters whose retention can't be read": {func(r *health.Report) {
			r.Queues = []health.Queue{letters("a.DLQ", 3, 3, 0, 0)}
			r.Queues[0].ExpiryKnown = false
		}, health.ExpiryFigure, lag.Uncertain, math.NaN(), "configuration can't be read", "evtctl dlq export --file a.DLQ.jsonl a.DLQ"},
		"three rebalances an hour are ok": {func(r *health.Report) {
			r.Groups = []health.Group{group("g")}
			r.Groups[0].Rebalances = 3
		}, health.RebalancesFigure, lag.OK, 3, "at most 3 in 1h, in 1 group", ""},
		"four rebalances an hour": {func(r *health.Report) {
			r.Groups = []health.Group{group("it's g")}
			r.Groups[0].Rebalances = 4
		}, health.RebalancesFigure, lag.Warning, 4, "it's g: 4 rebalances in 1h (limit: 3 an hour); state Stable, 2 members", `evtctl lag watch --group 'it'\''s g'`},
		"rebalances in the window, where the past is hidden": {func(r *health.Report) {
			r.Groups, r.Past, r.PastProblem = []health.Group{group("g")}, nil, "hidden"
			r.Groups[0].Rebalances, r.Groups[0].Changes = lag.Unknown, 5
		}, health.RebalancesFigure, lag.Warning, 5, "5 rebalances in the 5s that were looked at", "evtctl lag watch --group g"},
		"a latency over the limit": {func(r *health.Report) {
			r.Groups = []health.Group{group("g")}
			r.Groups[0].Latency = health.Latency{Samples: 3, Median: 2, Max: 31, Topic: "orders", Partition: 1, ClocksDiffer: health.Unknown()}
		}, health.LatencyFigure, lag.Critical, 31, "g: 31s from producing to consuming, in orders:1 (limit 30s); half of its 3 partitions within 2s", "evtctl lag --group g --time-lag always"},
		"a latency within them": {func(r *health.Report) {
			r.Groups = []health.Group{group("g")}
			r.Groups[0].Latency = health.Latency{Samples: 3, Median: 2, Max: 10, Topic: "orders", Partition: 1, ClocksDiffer: health.Unknown()}
		}, health.LatencyFigure, lag.OK, 10, "at most 10s, g", ""},
		"a record that waits longer than the limit": {func(r *health.Report) {
			r.Groups = []health.Group{group("g")}
			r.Groups[0].TimeLag = 12
		}, health.LatencyFigure, lag.Warning, math.NaN(), "g: a record waits for 12s and isn't consumed yet (limit 10s)", "evtctl lag --group g --time-lag always"},
		"clocks that differ": {func(r *health.Report) {
			r.Groups = []health.Group{group("g")}
			r.Groups[0].Latency.Ahead, r.Groups[0].Latency.ClocksDiffer = 2, 600
		}, health.LatencyFigure, lag.Uncertain, math.NaN(), "clocks of producers and brokers differ by up to 10m", "evtctl lag --group g --time-lag always"},
		"a broker is down": {func(r *health.Report) {
			r.Replicas = health.Replicas{Brokers: 2, Partitions: 12, UnderReplicated: 3, Topics: []health.TopicReplica{{Topic: "orders", UnderReplicated: []int32{0, 1, 5}, Missing: []int32{3}}}}
		}, health.ReplicasFigure, lag.Critical, 3, "orders: 3 partitions under-replicated (0, 1, 5); broker 3 is not in sync", "kafka-topics.sh --bootstrap-server k1:9092,k2:9092 --describe --under-replicated-partitions"},
		"a partition without a leader": {func(r *health.Report) {
			r.Replicas = health.Replicas{Brokers: 2, Partitions: 12, Offline: 1, Topics: []health.TopicReplica{{Topic: "orders", Offline: []int32{7}, Missing: []int32{3, 4}}}}
		}, health.OfflineFigure, lag.Critical, 1, "orders: 1 partition without a leader (7); brokers 3, 4 are not in sync", "kafka-topics.sh --bootstrap-server k1:9092,k2:9092 --describe --unavailable-partitions"},
		"a transaction that is open for long": {func(r *health.Report) {
			r.Transactions = []health.Transaction{{ID: "tx", ProducerID: 7, Age: 61, Timeout: 900, Topics: []string{"orders"}, Holds: []string{"g"}}}
		}, health.TransactFigure, lag.Warning, 61, `transaction "tx" is open for 1m1s (limit 1m); the broker aborts it after 15m; it holds readers of committed records in g; topics orders`,
			"kafka-transactions.sh --bootstrap-server k1:9092,k2:9092 describe --transactional-id tx"},
		"a transaction that hangs": {func(r *health.Report) {
			r.Transactions = []health.Transaction{{ID: "tx", ProducerID: 7, Age: 100, Timeout: 60}}
		}, health.TransactFigure, lag.Critical, 100, "should have been aborted after 1m", "kafka-transactions.sh --bootstrap-server k1:9092,k2:9092 describe --transactional-id tx"},
		"a transaction that began in the future": {func(r *health.Report) {
			r.Transactions = []health.Transaction{{ID: "tx", ProducerID: 7, Age: health.Unknown(), Timeout: 60}}
		}, health.TransactFigure, lag.Uncertain, math.NaN(), "clocks of this machine and the broker differ", "kafka-transactions.sh --bootstrap-server k1:9092,k2:9092 describe --transactional-id tx"},
		"a transaction that may not be described": {func(r *health.Report) {
			r.Transactions = []health.Transaction{{ProducerID: 7, Age: health.Unknown(), Timeout: health.Unknown()}}
		}, health.TransactFigure, lag.Uncertain, math.NaN(), "a transaction of producer 7 is open; since when may not be seen", "kafka-transactions.sh --bootstrap-server k1:9092,k2:9092 list"},
	} {
		t.Run(name, func(t *testing.T) {
			r := well()
			test.change(r)
			health.Judge(r, limits, health.Commands{Brokers: []string{"k1:9092", "k2:9092"}})
			f := figure(t, r, test.figure)
			if f.Verdict != test.verdict || r.Verdict != test.verdict {
				t.Errorf("verdict %s, of all %s; want %s: %+v", f.Verdict, r.Verdict, test.verdict, f)
			}
			if got := float64(f.Value); got != test.value && !(math.IsNaN(got) && math.IsNaN(test.value)) {
				t.Errorf("value %v, want %v", got, test.value)
			}
			if !f.Value.Known() && f.Reason == "" && len(f.Findings) == 0 {
				t.Error("no value, and no reason for it")
			}
			says, next := f.Says, ""
			if len(f.Findings) > 0 {
				says, next = f.Findings[0].Evidence, f.Findings[0].Next
			}
			if !strings.Contains(says, test.says) || next != test.next {
				t.Errorf("says %q, next %q; want %q and %q", says, next, test.says, test.next)
			}
		})
	}
}

func TestTheMostUrgentIsFirst(t *testing.T) {
	r := well()
	r.Queues = []health.Queue{letters("a.DLQ", 9, 9, 2, 9), letters("b.DLQ", 30, 9, 0, 30), letters("c.DLQ", 40, 9, 0, 40)}
	r.Groups = []health.Group{group("g")}
	r.Groups[0].Rebalances = 9
	health.Judge(r, health.DefaultLimits, health.Commands{})
	var order []string
	for _, f := range r.Figures {
		order = append(order, string(f.Name))
	}
	want := []string{"dead-letters", "rebalances", "offline", "under-replicated", "lag", "expiring-letters", "latency", "transactions"}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Error(diff)
	}
	var topics []string
	for _, f := range r.Figures[0].Findings {
		topics = append(topics, string(f.Topic))
	}
	if diff := cmp.Diff([]string{"c.DLQ", "b.DLQ", "a.DLQ"}, topics); diff != "" {
		t.Error(diff)
	}
}

func TestFindingsAreBounded(t *testing.T) {
	r := well()
	for range health.MaxFindings + 7 {
		r.Queues = append(r.Queues, letters("a.DLQ", 30, 9, 0, 30))
	}
	health.Judge(r, health.DefaultLimits, health.Commands{})
	if f := figure(t, r, health.LettersFigure); len(f.Findings) != health.MaxFindings || f.More != 7 {
		t.Errorf("%d findings and %d more", len(f.Findings), f.More)
	}
}

func TestLimitsThatAreNone(t *testing.T) {
	none := health.Limits{
		Lag: lag.Limits{Warn: -1, Critical: -1}, WarnLetters: health.Rate{None: true}, MaxLetters: health.Rate{None: true},
		Rebalances: -1, Transaction: time.Hour,
	}
	r := well()
	r.Groups, r.Lag = []health.Group{group("g")}, behind("g", 1_000_000)
	r.Groups[0].Rebalances, r.Groups[0].Latency.Ahead, r.Groups[0].Latency.ClocksDiffer = 99, 1, 5
	r.Queues = []health.Queue{letters("a.DLQ", 999, 999, 999, 999)}
	r.Queues[0].Recent = []health.Count{}
	health.Judge(r, none, health.Commands{})
	if r.Verdict != lag.OK {
		t.Errorf("%+v", r.Figures)
	}
	if f := figure(t, r, health.LatencyFigure); !strings.Contains(f.Says, "differ by up to 5s") || f.Value.Known() {
		t.Errorf("%+v: want what is known of the clocks, and no number", f)
	}
}

func TestJSONHasNullForWhatIsNotKnown(t *testing.T) {
	r := well()
	r.Groups = []health.Group{group("g")}
	r.Groups[0].Rebalances = lag.Unknown
	health.Judge(r, health.DefaultLimits, health.Commands{})
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"version":`, `"rebalances":null`, `"max_seconds":null`, `"findings":[]`, `"past_since":"2026-03-02T12:00:00Z"`, `"verdict":"ok"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}
