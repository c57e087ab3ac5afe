package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
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
			Topic: "orders.DLQ", Letters: 12, Undisposed: 12, Written: 15, Arrived: 0, LastHour: 12, ExpiryKnown: true,
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

// given are the names and labels of what the monitor serves.
func given(t *testing.T) (names, labels map[string]bool) {
	t.Helper()
	metrics, _, _ := served(t, full(), nil)
	names, labels = map[string]bool{}, map[string]bool{"job": true, "instance": true}
	for line := range strings.Lines(metrics) {
		name, rest, found := strings.Cut(line, "{")
		if !found {
			name, _, _ = strings.Cut(line, " ")
		}
		if names[name] = !strings.HasPrefix(line, "#"); found {
			for _, l := range regexp.MustCompile(`([a-z]+)="`).FindAllStringSubmatch(rest, -1) {
				labels[l[1]] = true
			}
		}
	}
	return names, labels
}

var (
	metricName = regexp.MustCompile(`\b(?:kafka|evtctl)_[a-z_]+\b`)
	labelName  = regexp.MustCompile(`(?:[{,]\s*([a-z_]+)\s*(?:=~|!~|!=|=))|(?:(?:by|on|without|ignoring) \(([a-z_, ]+)\))`)
)

// checkExpression holds an expression to what is given.
func checkExpression(t *testing.T, where, expr string, names, labels map[string]bool) {
	t.Helper()
	used := metricName.FindAllString(regexp.MustCompile(`"[^"]*"`).ReplaceAllString(expr, `""`), -1)
	if len(used) == 0 {
		t.Errorf("%s: %q uses no metric", where, expr)
	}
	for _, name := range used {
		if !names[name] {
			t.Errorf("%s: the monitor has no metric %s", where, name)
		}
	}
	for _, found := range labelName.FindAllStringSubmatch(expr, -1) {
		for _, label := range strings.FieldsFunc(found[1]+","+found[2], func(r rune) bool { return r == ',' || r == ' ' }) {
			if !labels[label] {
				t.Errorf("%s: the monitor's metrics have no label %s", where, label)
			}
		}
	}
}

func TestAlertRulesUseWhatTheMonitorServes(t *testing.T) {
	text, err := os.ReadFile("../deploy/prometheus/evtctl.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Groups []struct {
			Name  string `yaml:"name"`
			Rules []struct {
				Alert       string            `yaml:"alert"`
				Expr        string            `yaml:"expr"`
				For         string            `yaml:"for"`
				Labels      map[string]string `yaml:"labels"`
				Annotations map[string]string `yaml:"annotations"`
			} `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.UnmarshalWithOptions(text, &rules, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	names, labels := given(t)
	n := 0
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			n++
			checkExpression(t, r.Alert, r.Expr, names, labels)
			for _, name := range metricName.FindAllString(r.Annotations["description"], -1) {
				if !names[name] {
					t.Errorf("%s: it sends to %s, which the monitor doesn't have", r.Alert, name)
				}
			}
			if v := r.Labels["severity"]; v != "warning" && v != "critical" {
				t.Errorf("%s: severity %q", r.Alert, v)
			}
			if r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("%s says nothing", r.Alert)
			}
		}
	}
	if n == 0 {
		t.Error("no rules")
	}
}

func TestTheDashboardUsesWhatTheMonitorServes(t *testing.T) {
	text, err := os.ReadFile("../deploy/grafana/evtctl.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Title, UID    string
		SchemaVersion int
		Panels        []struct {
			ID      int
			Title   string
			Type    string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr, RefID string }
		}
		Templating struct {
			List []struct{ Name, Type, Definition string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil || board.Title == "" || board.UID == "" || board.SchemaVersion == 0 || len(board.Panels) == 0 {
		t.Fatalf("%v: %+v", err, board)
	}
	names, labels := given(t)
	seen := map[int]bool{}
	for _, p := range board.Panels {
		if seen[p.ID] || p.Title == "" || p.Type == "" || len(p.Targets) == 0 || p.GridPos.W == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("%+v", p)
		}
		seen[p.ID] = true
		for _, target := range p.Targets {
			checkExpression(t, p.Title, target.Expr, names, labels)
		}
	}
	variables := map[string]bool{}
	for _, v := range board.Templating.List {
		if variables[v.Name] = true; v.Type == "query" {
			checkExpression(t, v.Name, v.Definition, names, labels)
		}
	}
	for _, used := range regexp.MustCompile(`\$\{?([a-z]+)`).FindAllStringSubmatch(string(text), -1) {
		if !variables[used[1]] {
			t.Errorf("there is no variable $%s", used[1])
		}
	}
}

// promtool runs Prometheus's own tool.
func promtool(t *testing.T, stdin string, args ...string) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("LEFT OUT, promtool needed: install Prometheus, or put its promtool into PATH")
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func TestPrometheusItselfLoadsTheRules(t *testing.T) {
	promtool(t, "", "check", "rules", "../deploy/prometheus/evtctl.rules.yml")
	promtool(t, "", "test", "rules", "../deploy/prometheus/evtctl.rules_test.yml")
}

func TestPrometheusItselfReadsTheMetrics(t *testing.T) {
	metrics, _, _ := served(t, full(), nil)
	_, text, _ := strings.Cut(metrics, "\n")
	promtool(t, text, "check", "metrics")
}
