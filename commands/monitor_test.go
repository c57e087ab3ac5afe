package commands

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/doctor/health"
	"github.com/evtctl/evtctl/lag"
)

// full is a judged report in which every figure has a value and something is wrong.
func full() *health.Report {
	now := time.Date(2026, 3, 2, 13, 0, 0, 0, time.UTC)
	since, expiry, oldest := now.Add(-time.Hour), now.Add(30*time.Minute), now.Add(-2*time.Hour)
	r := &health.Report{
		Version: 1, ClusterID: "c", TakenAt: now, WindowSeconds: 5, Past: &since, Produced: 3,
		Lag: &lag.Report{Groups: []lag.Group{{
			Name: "g", Type: lag.Classic, State: "Stable", Members: 1, Lag: 200_000, TimeLag: 90,
			Partitions: []lag.Partition{{Topic: "orders", LogStart: 0, Committed: 0, LogEnd: 200_000, Lag: 200_000, TimeLag: 90}},
		}}},
		Groups: []health.Group{{
			Name: "g", State: "Stable", Members: 1, Lag: 200_000, MaxLag: 200_000, TimeLag: 90, Rebalances: 9, Changes: 1,
			Latency: health.Latency{Source: "commits", Samples: 1, Median: 2, Max: 3, Topic: "orders", Ahead: 1, ClocksDiffer: 4},
		}},
		Queues: []health.Queue{{
			Topic: "orders.DLQ", Letters: 12, Undisposed: 12, Written: 15, Arrived: 0, LastHour: 12, ExpiryKnown: true, Exact: true, Counted: true, Tallied: 12,
			Recent: []health.Count{{Seconds: 60, Letters: 2}, {Seconds: 300, Letters: 12}}, Oldest: &oldest, FirstExpiry: &expiry,
		}},
		Replicas: health.Replicas{Brokers: 2, Partitions: 6, UnderReplicated: 2, Offline: 1,
			Topics: []health.TopicReplica{{Topic: "orders", UnderReplicated: []int32{0, 1}, Offline: []int32{2}, Missing: []int32{3}}}},
		Transactions: []health.Transaction{{ID: "tx", ProducerID: 7, Age: 90, Timeout: 900, Topics: []string{"orders"}, Holds: []string{"g"}}},
	}
	limits := health.DefaultLimits
	limits.WarnLatency, limits.MaxLatency = time.Second, 30*time.Second
	health.Judge(r, limits, health.Commands{})
	return r
}

// served gives what a scrape of a monitor that got these answers has.
func served(t *testing.T, r *health.Report, err error) (metrics, healthz string, m *monitor) {
	t.Helper()
	m = newMonitor(&Env{Streams: &render.Streams{Out: io.Discard, Err: io.Discard}, Now: time.Now}, time.Minute, 15*time.Second,
		func(context.Context) (*health.Report, error) { return r, err })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); m.lookOn(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return body(t, m, "/metrics"), body(t, m, "/healthz"), m
}

func body(t *testing.T, m *monitor, path string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- serve(ctx, l, m.handler()) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	resp, err := http.Get("http://" + l.Addr().String() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Status + "\n" + string(text)
}

func TestMonitorServesEveryFigure(t *testing.T) {
	metrics, healthz, _ := served(t, full(), nil)
	for _, want := range []string{
		"evtctl_up 1", `evtctl_health_verdict{figure="offline"} 3`, `evtctl_health_limit{figure="dead-letters",severity="critical"} 10`,
		`kafka_dlq_messages_total{topic="orders.DLQ"} 15`, `kafka_dlq_undisposed{topic="orders.DLQ"} 12`,
		`kafka_dlq_recent_messages{seconds="300",topic="orders.DLQ"} 12`, `kafka_consumergroup_rebalances_last_hour{consumergroup="g"} 9`,
		`kafka_consumergroup_latency_seconds{consumergroup="g"} 3`, "kafka_cluster_under_replicated_partitions 2", "kafka_cluster_offline_partitions 1",
		`kafka_topic_offline_partitions{topic="orders"} 1`, "kafka_open_transactions 1", "kafka_open_transactions_oldest_age_seconds 90",
		`kafka_consumergroup_lag{consumergroup="g",partition="0",topic="orders"} 200000`,
	} {
		if !strings.Contains(metrics, "\n"+want+"\n") {
			t.Errorf("no %q in\n%s", want, metrics)
		}
	}
	if healthz != "200 OK\nok\n" {
		t.Errorf("healthz: %q", healthz)
	}
}

func TestMonitorServesNothingOldWhenTheClusterIsGone(t *testing.T) {
	metrics, healthz, m := served(t, nil, errors.New("no broker answers"))
	if !strings.Contains(metrics, "\nevtctl_up 0\n") || strings.Contains(metrics, "kafka_") || strings.Contains(metrics, "evtctl_health") {
		t.Errorf("%s", metrics)
	}
	if healthz != "503 Service Unavailable\nno broker answers\n" {
		t.Errorf("healthz: %q", healthz)
	}
	m.mu.Lock()
	m.problem, m.at = "", time.Now().Add(-4*time.Minute)
	m.mu.Unlock()
	if got := body(t, m, "/healthz"); got != "503 Service Unavailable\nthe last look is 4m0s old\n" {
		t.Errorf("healthz: %q", got)
	}
}

func TestALookMayTakeLongerThanFromOneToTheNext(t *testing.T) {
	_, _, m := served(t, full(), nil)
	m.mu.Lock()
	m.every, m.most, m.at = time.Second, time.Hour, time.Now().Add(-time.Minute)
	m.mu.Unlock()
	if got := body(t, m, "/healthz"); got != "200 OK\nok\n" {
		t.Errorf("healthz: %q", got)
	}
}

func TestNamesThatLookAlikeStayApart(t *testing.T) {
	r := full()
	r.Groups = append(r.Groups, r.Groups[0], r.Groups[0])
	r.Groups[1].Name, r.Groups[2].Name = "g\xff", "g\xfe"
	groups := r.Lag.Groups
	r.Lag.Groups = append(groups, groups[0], groups[0])
	r.Lag.Groups[1].Name, r.Lag.Groups[2].Name = "g\xff", "g\xfe"
	metrics, _, _ := served(t, r, nil)
	for _, want := range []string{"evtctl_up 1", `kafka_consumergroup_latency_seconds{consumergroup="g\\xff"} 3`, `kafka_consumergroup_group_sum_lag{consumergroup="g\\xfe"} 200000`} {
		if !strings.Contains(metrics, "\n"+want+"\n") {
			t.Errorf("no %q in\n%s", want, metrics)
		}
	}
	// One name that is written as another is: what is beside them is served.
	r.Groups[1].Name = `g\xfe`
	if metrics, _, _ = served(t, r, nil); !strings.Contains(metrics, "\nevtctl_up 1\n") {
		t.Errorf("%s", metrics)
	}
}

func TestMetricsOfHealthPassTheLinter(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(healthMetrics{full()})
	problems, err := testutil.GatherAndLint(registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

func TestMetricsOfHostileNames(t *testing.T) {
	r := full()
	r.Queues[0].Topic, r.Groups[0].Name, r.Transactions[0].Age = "a\xff\n\"", "\xfe", health.Unknown()
	var text bytes.Buffer
	if err := writeMetrics(&text, healthMetrics{r}); err != nil {
		t.Fatal(err)
	}
	if got := text.String(); !strings.Contains(got, `topic="a\\xff\n\""`) || strings.Contains(got, "oldest_age_seconds 9") {
		t.Errorf("%s", got)
	}
}

// TestTheWholeScrape holds the example of a scrape, with which the tests in deploy read
// the alert rules and the dashboard.
func TestTheWholeScrape(t *testing.T) {
	still := func() time.Time { return time.Date(2026, 3, 2, 13, 0, 0, 0, time.UTC) }
	m := newMonitor(&Env{Streams: &render.Streams{Out: io.Discard, Err: io.Discard}, Now: still}, time.Minute, 15*time.Second,
		func(context.Context) (*health.Report, error) { return full(), nil })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); m.lookOn(ctx) }()
	defer func() { cancel(); <-ended }()
	_, got, _ := strings.Cut(body(t, m, "/metrics"), "\n")
	const file = "testdata/monitor.prom"
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s isn't as it was (-want +got):\n%s", file, diff)
	}
}
