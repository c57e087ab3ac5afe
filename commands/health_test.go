package commands_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/charmbracelet/x/ansi"
	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/google/go-cmp/cmp"
)

// sick makes a group that nobody reads for, twelve letters of now, and an open
// transaction.
func sick(t *testing.T, c *kafkatest.Cluster) (group, topic, letters string) {
	t.Helper()
	topic, group = c.Topic(t, 2), c.Name(t, "group")
	letters = c.Name(t, "letters") + ".DLQ"
	adm := c.Admin(t)
	if _, err := adm.CreateTopic(t.Context(), 1, -1, nil, letters); err != nil {
		t.Fatal(err)
	}
	c.AwaitTopic(t, letters, 1)
	var recs []*kgo.Record
	for i := range 12 {
		recs = append(recs, &kgo.Record{Topic: topic, Partition: int32(i % 2), Value: []byte("x")}, &kgo.Record{Topic: letters, Value: []byte("x")})
	}
	c.Produce(t, recs...)
	c.Commit(t, group, topic, map[int32]int64{0: 0, 1: 2})
	cl := c.Client(t, kgo.TransactionalID(c.Name(t, "tx")), kgo.DefaultProduceTopic(topic))
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := cl.ProduceSync(t.Context(), kgo.StringRecord("held")).FirstErr(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cl.EndTransaction(t.Context(), kgo.TryAbort); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return group, topic, letters
}

// document is what a script reads of -o json.
type document struct {
	Version int
	Verdict string
	Figures []struct {
		Figure, Verdict, Reason, Says string
		Value                         *float64
		Findings                      []struct{ Group, Topic, Verdict, Evidence, Next string }
	}
}

func TestEachFindingNamesACommandThatExists(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		group, topic, letters := sick(t, c)
		brokers := strings.Join(c.Brokers(), ",")
		r := run(t, nil, "health", "--window", "2s", "--max-transaction", "1s", "--max-latency", "1ms", "--max-rebalances", "0", "-o", "json", "-b", brokers)
		var doc document
		if err := json.Unmarshal([]byte(r.stdout), &doc); err != nil {
			t.Fatalf("%v\n%+v", err, r)
		}
		if r.code != 3 || doc.Version != 1 || doc.Verdict != "critical" || len(doc.Figures) != 8 {
			t.Errorf("exit code %d, %+v", r.code, doc)
		}
		var found []string
		for _, f := range doc.Figures {
			if f.Value == nil && f.Reason == "" && len(f.Findings) == 0 {
				t.Errorf("%s has neither a value nor a reason", f.Figure)
			}
			for _, x := range f.Findings {
				if x.Group == group || x.Topic == letters || x.Topic == topic {
					found = append(found, f.Figure)
				}
				words := strings.Fields(x.Next)
				if words[0] != "evtctl" {
					continue
				}
				if help := run(t, nil, append(words[1:], "--help")...); help.code != 0 {
					t.Errorf("%q: exit code %d, %s", x.Next, help.code, help.stderr)
				}
				if !strings.HasSuffix(x.Next, "-b "+brokers) && !strings.Contains(x.Next, "-b "+brokers+" ") {
					t.Errorf("%q goes to another cluster", x.Next)
				}
			}
		}
		for _, want := range []string{"lag", "dead-letters", "latency", "transactions"} {
			if !slices.Contains(found, want) {
				t.Errorf("nothing about %s in %v", want, found)
			}
		}
	})
}

func TestHealthInEveryForm(t *testing.T) {
	c := kafkatest.Fake(t)
	_, topic, letters := sick(t, c)
	for form, want := range map[string]string{
		"table": "critical  dead-letters: " + letters, "wide": "evtctl dlq stats " + letters, "json": `"figure": "dead-letters"`, "yaml": "figure: dead-letters",
		"jsonl": `"figure":"dead-letters"`, "csv": "critical,dead-letters,12,letters,1,10,", "prometheus": `kafka_dlq_messages_total{topic="` + letters + `"} 12`,
	} {
		r := run(t, nil, "health", "--window", "0s", "-o", form, "-b", strings.Join(c.Brokers(), ","))
		if r.code != 3 || !strings.Contains(r.stdout, want) {
			t.Errorf("-o %s: exit code %d, no %q in\n%s", form, r.code, want, r.stdout)
		}
	}
	if r := run(t, nil, "health", "-o", "html", "-b", c.Brokers()[0]); r.code != 2 || !strings.Contains(r.stderr, "prometheus") {
		t.Errorf("%+v", r)
	}
	_ = topic
}

func TestTheExitCodeSaysHowThingsAre(t *testing.T) {
	c := kafkatest.Fake(t)
	at := []string{"--window", "0s", "--no-history", "-b", strings.Join(c.Brokers(), ",")}
	if r := run(t, nil, append([]string{"health"}, at...)...); r.code != 0 || !strings.HasPrefix(r.stdout, "ok: all is well") {
		t.Errorf("an empty cluster: %+v", r)
	}
	if r := run(t, nil, "health", "--window", "0s", "-b", strings.Join(c.Brokers(), ",")); r.code != 0 {
		t.Errorf("no groups, of which no past is needed: %+v", r)
	}
	topic := c.Topic(t, 1)
	c.Produce(t, &kgo.Record{Topic: topic, Value: []byte("x")})
	c.Commit(t, "g", topic, map[int32]int64{0: 1})
	if r := run(t, nil, "health", "--window", "0s", "-b", strings.Join(c.Brokers(), ",")); r.code != 4 || !strings.Contains(r.stdout, "unknown   rebalances: not known") {
		t.Errorf("rebalances that can't be learnt: %+v", r)
	}
	c.Commit(t, "g", topic, map[int32]int64{0: 0})
	if r := run(t, nil, append([]string{"health"}, at...)...); r.code != 0 || !strings.HasPrefix(r.stdout, "warning: 1 warning, 7 ok") {
		t.Errorf("a group without members: %+v", r)
	}
	if r := run(t, nil, append([]string{"health", "--fail-on", "warning"}, at...)...); r.code != 3 {
		t.Errorf("it fails on warnings: %+v", r)
	}
	if r := run(t, nil, append([]string{"health", "--max-lag", "0"}, at...)...); r.code != 3 || !strings.HasPrefix(r.stdout, "critical: 1 critical, 7 ok") {
		t.Errorf("a lag over the limit: %+v", r)
	}
	if r := run(t, nil, "health", "-b", closedPort(t), "--timeout", "2s"); r.code != 1 || r.stdout != "" {
		t.Errorf("nobody there: %+v", r)
	}
}

// tooWide lists lines that are wider than they may be. Commands are never broken.
func tooWide(text string, width int) (lines []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		command := regexp.MustCompile(`^ {10}(evtctl|kafka-)`).MatchString(ansi.Strip(line))
		longWord := slices.ContainsFunc(strings.Fields(ansi.Strip(line)), func(w string) bool { return len(w) > width-30 })
		if ansi.StringWidth(line) > width && !command && !longWord {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestThePageFitsEightyColumns(t *testing.T) {
	c := kafkatest.Fake(t)
	sick(t, c)
	args := []string{"health", "--window", "0s", "-b", strings.Join(c.Brokers(), ",")}
	r := run(t, nil, args...)
	if wide := tooWide(r.stdout, 80); len(wide) > 0 {
		t.Errorf("too wide for 80 columns:\n%s", strings.Join(wide, "\n"))
	}
	if strings.Contains(r.stdout, "\x1b") || regexp.MustCompile(`(?m) $`).MatchString(r.stdout) {
		t.Errorf("piped, it has colours or blanks at the ends of lines:\n%q", r.stdout)
	}
	var out, errs bytes.Buffer
	env := &commands.Env{
		Streams: &render.Streams{In: strings.NewReader(""), Out: &out, Err: &errs, OutTTY: true, Color: true, Width: 60},
		Getenv:  func(string) string { return "" }, Now: time.Now,
	}
	if code := commands.Run(t.Context(), env, args); code != 3 || !strings.Contains(out.String(), "\x1b[") {
		t.Errorf("on a terminal: exit code %d, %q", code, out.String())
	}
	if wide := tooWide(out.String(), 60); len(wide) > 0 {
		t.Errorf("too wide for 60 columns:\n%s", strings.Join(wide, "\n"))
	}
}

func TestHostileNamesOnThePage(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		if c.IsReal() {
			c = kafkatest.RealNodes(t, 1) // what other tests leave behind would be more urgent
		}
		topic := c.Topic(t, 1)
		c.Produce(t, &kgo.Record{Topic: topic, Value: []byte("x")})
		group := c.Name(t, "g") + "\x1b[31m\u202e<script>'$(id)'"
		c.Commit(t, group, topic, map[int32]int64{0: 0})
		t.Cleanup(func() { _, _ = kadm.NewClient(c.Client(t)).DeleteGroups(t.Context(), group) })
		file := filepath.Join(t.TempDir(), "page.html")
		for _, form := range []string{"table", "wide", "csv", "json", "jsonl", "yaml"} {
			r := run(t, nil, "health", "--window", "0s", "--no-history", "-o", form, "--html", file, "-b", strings.Join(c.Brokers(), ","))
			if strings.ContainsAny(r.stdout+r.stderr, "\x1b\u202e") || !strings.Contains(r.stdout, "script") {
				t.Errorf("-o %s: %q %q", form, r.stdout, r.stderr)
			}
			if form == "table" && !strings.Contains(r.stdout, `'\''$(id)'\'''`) {
				t.Errorf("the command is not safe for a shell:\n%s", r.stdout)
			}
		}
		text, err := os.ReadFile(file)
		if err != nil || bytes.ContainsAny(text, "\x1b\u202e") || bytes.Contains(text, []byte("<script")) {
			t.Errorf("%v\n%q", err, text)
		}
	})
}

func TestThePageGoesWhereItCan(t *testing.T) {
	c := kafkatest.Fake(t)
	r := run(t, nil, "health", "--window", "0s", "--html", filepath.Join(t.TempDir(), "no", "such", "page.html"), "-b", c.Brokers()[0])
	if r.code != 1 || r.stdout != "" || !strings.Contains(r.stderr, "--html") {
		t.Errorf("%+v", r)
	}
}

func TestHealthOfAUserWhoMaySeeLittle(t *testing.T) {
	c := kafkatest.Secured(t)
	group, topic, letters := sick(t, c.Cluster)
	as := []string{"health", "--window", "1s", "-b", c.Listener(kafkatest.SASLPlaintext), "--command-config", login(t, plain(kafkatest.Bob, kafkatest.Password(kafkatest.Bob))...)}
	r := run(t, nil, as...)
	if r.code != 0 || !strings.Contains(r.stderr, "may not describe the cluster") || !strings.Contains(r.stderr, "nothing in it may be seen") {
		t.Errorf("a user who sees nothing: %+v", r)
	}
	c.Allow(t, kafkatest.Bob, kmsg.ACLResourceTypeGroup, group, kmsg.ACLOperationDescribe)
	c.Allow(t, kafkatest.Bob, kmsg.ACLResourceTypeTopic, topic, kmsg.ACLOperationDescribe)
	c.Allow(t, kafkatest.Bob, kmsg.ACLResourceTypeTopic, letters, kmsg.ACLOperationDescribe)
	r = run(t, nil, append(as, "--max-transaction", "1s")...)
	if r.code != 3 && r.code != 4 {
		t.Errorf("exit code %d", r.code)
	}
	flat := strings.Join(strings.Fields(r.stdout), " ")
	for _, want := range []string{
		"lag: " + group + " " + topic + ":0 is",                          // what can be known
		"dead-letters: " + letters + ": up to 12 letters in the last 5m", // which may not be read
		"expiring-letters: " + letters,
		"offline: none",
	} {
		if !strings.Contains(flat, want) {
			t.Errorf("no %q in\n%s\n%s", want, r.stdout, r.stderr)
		}
	}
	if !strings.Contains(r.stderr, "__consumer_offsets") {
		t.Errorf("stderr %q, want that the past can't be read", r.stderr)
	}
}

func TestMonitorServesUntilCtrlC(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		group, topic, letters := sick(t, c)
		p := start(t, "monitor", "--listen", "127.0.0.1:0", "--window", "1s", "--every", "1s", "-b", c.Brokers()[0])
		url := strings.TrimSuffix(p.await(t, &p.err, `serving (http://\S+/metrics)`), "/metrics")
		metrics := get(t, url+"/metrics")
		for _, want := range []string{
			"evtctl_up 1", fmt.Sprintf("kafka_dlq_messages_total{topic=%q} 12", letters), `evtctl_health_verdict{figure="dead-letters"} 3`,
			fmt.Sprintf("kafka_consumergroup_lag{consumergroup=%q,partition=\"1\",topic=%q} ", group, topic),
			fmt.Sprintf("kafka_consumergroup_rebalances_in_window{consumergroup=%q} 0", group),
		} {
			if !strings.Contains(metrics, "\n"+want) {
				t.Errorf("no %q in\n%s", want, metrics)
			}
		}
		if got := get(t, url+"/healthz"); got != "ok\n" {
			t.Errorf("healthz: %q", got)
		}
		if got := get(t, url+"/"); !strings.Contains(got, "/metrics") {
			t.Errorf("%q", got)
		}
		c.Produce(t, &kgo.Record{Topic: letters, Value: []byte("x")})
		kafkatest.Eventually(t, time.Minute, "the next look", func() (bool, string) {
			metrics = get(t, url+"/metrics")
			return strings.Contains(metrics, fmt.Sprintf("kafka_dlq_messages_total{topic=%q} 13", letters)), metrics
		})
		if code := p.end(t); code != 0 {
			t.Errorf("ended with %d, want 0", code)
		}
	})
}

// TestARealScrapeHasAllMetrics holds the example of a scrape, and so the alert rules and
// the dashboard, to a monitor that watches Kafka: no metric is there only, or has other
// labels.
func TestARealScrapeHasAllMetrics(t *testing.T) {
	c := kafkatest.Real(t)
	sick(t, c)
	topic := c.Topic(t, 1)
	c.Produce(t, &kgo.Record{Topic: topic, Value: []byte("x"), Timestamp: time.Now().Add(time.Minute)})
	c.Commit(t, c.Name(t, "ahead"), topic, map[int32]int64{0: 1})
	p := start(t, "monitor", "--listen", "127.0.0.1:0", "--window", "1s", "--every", "1s", "-b", c.Brokers()[0])
	url := p.await(t, &p.err, `serving (http://\S+/metrics)`)
	example, err := os.ReadFile("testdata/monitor.prom")
	if err != nil {
		t.Fatal(err)
	}
	want := labelsOf(string(example))
	// Those of partitions that lack replicas: this cluster has one broker.
	delete(want, "kafka_topic_offline_partitions")
	delete(want, "kafka_topic_under_replicated_partitions")
	kafkatest.Eventually(t, time.Minute, "all metrics", func() (bool, string) {
		got := labelsOf(get(t, url))
		diff := cmp.Diff(want, got)
		return diff == "", diff
	})
	if code := p.end(t); code != 0 {
		t.Errorf("ended with %d, want 0", code)
	}
}

// labelsOf gives the type and the labels of each metric of a scrape.
func labelsOf(scrape string) map[string]string {
	metrics := map[string]string{}
	for line := range strings.Lines(scrape) {
		if words := strings.Fields(line); words[0] == "#" {
			if words[1] == "TYPE" {
				metrics[words[2]] = words[3]
			}
			continue
		}
		name := line[:strings.IndexAny(line, "{ ")]
		if strings.Contains(metrics[name], " ") {
			continue // another sample
		}
		for _, label := range regexp.MustCompile(`[{,]([a-z]+)="`).FindAllStringSubmatch(line, -1) {
			metrics[name] += " " + label[1]
		}
	}
	return metrics
}

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v\n%s", url, resp.Status, err, text.String())
	}
	return text.String()
}

func TestMonitorOnATakenAddressFails(t *testing.T) {
	c := kafkatest.Fake(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r := run(t, nil, "monitor", "--listen", l.Addr().String(), "-b", c.Brokers()[0])
	if r.code != 1 || !strings.Contains(r.stderr, "serving metrics on "+l.Addr().String()) || !strings.Contains(r.stderr, "choose another address with --listen") {
		t.Errorf("%+v", r)
	}
	for _, wrong := range [][]string{{"--listen", "9309"}, {"--every", "10ms"}, {"--max-lag", "x"}} {
		if r := run(t, nil, append([]string{"monitor", "-b", c.Brokers()[0]}, wrong...)...); r.code != 2 {
			t.Errorf("%v: %+v", wrong, r)
		}
	}
}
