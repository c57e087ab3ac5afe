package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/sandbox"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

var update = flag.Bool("update", false, "write the transcripts anew")

// noon is when the records of the transcripts begin; their clock stands at one o'clock.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	testscript.Main(cleaning{m}, map[string]func(){"evtctl": func() { os.Exit(frozen()) }})
}

// cleaning takes away what tests have built for all of them.
type cleaning struct{ *testing.M }

func (c cleaning) Run() int {
	defer func() { _ = os.RemoveAll(builtOnce) }()
	return c.M.Run()
}

// frozen is main with a clock that stands still where a transcript wants that, so
// that ages can be compared.
func frozen() int {
	if path := os.Getenv("PEAK"); path != "" { // for a test that reads how much memory it took
		defer func() {
			status, _ := os.ReadFile("/proc/self/status")
			_ = os.WriteFile(path, status, 0o600) // missing, it is told there
		}()
	}
	env := commands.SystemEnv(os.Getenv)
	if os.Getenv("FROZEN") != "" {
		env.Now = func() time.Time { return noon.Add(time.Hour) }
	}
	return run(env)
}

// TestTranscripts runs the manual: every page of testdata/script, on the fake broker
// and on a real one.
func TestTranscripts(t *testing.T) {
	t.Run("fake", func(t *testing.T) {
		testscript.Run(t, params(func(env *testscript.Env) parts {
			registry, broker := imitation(env)
			return parts{kafkatest.Fake(env.T().(testing.TB)), registry, broker}
		}))
	})
	t.Run("real", func(t *testing.T) {
		c, registry := kafkatest.RealNodes(t, 1), kafkatest.OwnApicurio(t)
		p := params(func(*testscript.Env) parts {
			empty(t, c)
			emptyRegistry(t, registry)
			return parts{c, registry.URL, c.Brokers()[0]}
		})
		for _, page := range pages(t) { // one after the other, since they share the broker
			if scenario, ok := strings.CutPrefix(filepath.Base(page), "demo_"); ok && scenario != "poison.txtar" {
				continue // the doctor's tests play each scenario on a real broker, and hold what it says
			}
			p.Dir, p.Files, p.UpdateScripts = "", []string{page}, false
			testscript.RunT(sequential{t}, p)
		}
	})
}

// parts are what the commands of a page talk to.
type parts struct {
	cluster  *kafkatest.Cluster
	registry string // its URL
	single   string // a broker that is alone
}

// imitation starts a sandbox for a page: its registry, and its one broker.
func imitation(env *testscript.Env) (registry, broker string) {
	box, err := sandbox.Start(context.Background(), sandbox.Config{
		Addr: "127.0.0.1:0", RegistryAddr: "127.0.0.1:0", Checker: commands.SchemaChecker{},
	})
	if err != nil {
		env.T().Fatal(err)
	}
	env.Defer(func() { _ = box.Close() })
	return box.RegistryURL(), box.Brokers()[0]
}

// sequential keeps testscript from running pages side by side.
type sequential struct{ *testing.T }

func (s sequential) Parallel() {}
func (s sequential) Run(name string, f func(testscript.T)) {
	s.T.Run(name, func(t *testing.T) { f(sequential{t}) })
}
func (s sequential) Verbose() bool { return testing.Verbose() }

func pages(t *testing.T) []string {
	t.Helper()
	list, err := filepath.Glob("../../testdata/script/*.txtar")
	if err != nil || len(list) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	return list
}

func params(start func(*testscript.Env) parts) testscript.Params {
	return testscript.Params{
		Dir:           "../../testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			p := start(env)
			env.Values["cluster"] = p.cluster
			env.Setenv("EVTCTL_BROKERS", strings.Join(p.cluster.Brokers(), ","))
			env.Setenv("EVTCTL_REGISTRY", p.registry)
			env.Setenv("ONE_BROKER", p.single)
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("FROZEN", "1")
			env.Setenv("RED", "\x1b[31mred")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": code, "topic": topic, "produce": produce, "delete-before": deleteBefore,
			"commit": commit, "share": share, "consume": consume, "transaction": transaction, "event": event, "encode": encode, "proxy": proxy,
			"letters": letters, "letter": letter, "configure": configure, "delete-topic": deleteTopic,
			"address": address, "fetch": fetch,
		},
	}
}

// tb makes a script's end the end of what kafkatest sets up for it.
type tb struct {
	testing.TB
	ts *testscript.TestScript
}

func (t tb) Helper()                      {}
func (t tb) Cleanup(f func())             { t.ts.Defer(f) }
func (t tb) Context() context.Context     { return context.Background() }
func (t tb) Fatal(args ...any)            { t.ts.Fatalf("%s", fmt.Sprint(args...)) }
func (t tb) Fatalf(f string, args ...any) { t.ts.Fatalf(f, args...) }
func (t tb) Logf(f string, args ...any)   { t.ts.Logf(f, args...) }

func clusterOf(ts *testscript.TestScript) (tb, *kafkatest.Cluster) {
	return tb{ts: ts}, ts.Value("cluster").(*kafkatest.Cluster)
}

// code runs a program that must end with an exact exit code: code 3 evtctl lag check …
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N program [argument…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// topic makes a topic that keeps old records: topic NAME PARTITIONS
func topic(ts *testscript.TestScript, _ bool, args []string) {
	t, c := clusterOf(ts)
	partitions, err := strconv.Atoi(args[1])
	ts.Check(err)
	forever, adm := "-1", c.Admin(t)
	_, err = adm.CreateTopic(t.Context(), int32(partitions), 1, map[string]*string{"retention.ms": &forever}, args[0])
	ts.Check(err)
	c.AwaitTopic(t, args[0], int32(partitions))
}

// produce writes records, one a minute from noon: produce TOPIC PARTITION COUNT
func produce(ts *testscript.TestScript, _ bool, args []string) {
	t, c := clusterOf(ts)
	partition, err := strconv.Atoi(args[1])
	ts.Check(err)
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	var recs []*kgo.Record
	for i := range n {
		recs = append(recs, &kgo.Record{
			Topic: args[0], Partition: int32(partition), Value: fmt.Appendf(nil, "record %d", i),
			Timestamp: noon.Add(time.Duration(i) * time.Minute),
		})
	}
	c.Produce(t, recs...)
}

// event writes one record with a key and an event id, so many minutes after noon; the id
// - is none: event TOPIC PARTITION KEY ID MINUTE
func event(ts *testscript.TestScript, _ bool, args []string) {
	t, c := clusterOf(ts)
	partition, err := strconv.Atoi(args[1])
	ts.Check(err)
	minute, err := strconv.Atoi(args[4])
	ts.Check(err)
	r := &kgo.Record{
		Topic: args[0], Partition: int32(partition), Key: []byte(args[2]), Value: []byte("{}"),
		Timestamp: noon.Add(time.Duration(minute) * time.Minute),
	}
	if args[3] != "-" {
		r.Headers = []kgo.RecordHeader{{Key: "event-id", Value: []byte(args[3])}}
	}
	c.Produce(t, r)
}

// commit commits for an empty group: commit GROUP TOPIC PARTITION=OFFSET…
func commit(ts *testscript.TestScript, _ bool, args []string) {
	t, c := clusterOf(ts)
	offsets := map[int32]int64{}
	for _, arg := range args[2:] {
		var partition int32
		var offset int64
		_, err := fmt.Sscanf(arg, "%d=%d", &partition, &offset)
		ts.Check(err)
		offsets[partition] = offset
	}
	c.Commit(t, args[0], args[1], offsets)
}

// share sets the start offsets of an empty share group: share GROUP TOPIC PARTITION=OFFSET…
func share(ts *testscript.TestScript, _ bool, args []string) {
	t, c := clusterOf(ts)
	var starts kadm.Offsets
	for _, arg := range args[2:] {
		at := kadm.Offset{Topic: args[1]}
		_, err := fmt.Sscanf(arg, "%d=%d", &at.Partition, &at.At)
		ts.Check(err)
		starts.Add(at)
	}
	kafkatest.Eventually(t, 30*time.Second, "start offsets of "+args[0], func() (bool, string) {
		answers, err := c.Admin(t).AlterShareGroupOffsets(t.Context(), args[0], starts)
		return err == nil && answers.Error() == nil, fmt.Sprint(answers, err)
	})
}

// consume joins a group, reads to the end and commits, and stays until the script
// ends: consume GROUP TOPIC CLIENT-ID
func consume(ts *testscript.TestScript, _ bool, args []string) {
	t, c := clusterOf(ts)
	cl := c.Client(t, kgo.ConsumerGroup(args[0]), kgo.ConsumeTopics(args[1]), kgo.ClientID(args[2]),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.AutoCommitInterval(100*time.Millisecond))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			cl.PollFetches(ctx)
		}
	}()
	ts.Defer(func() { cancel(); <-done })
	adm := c.Admin(t)
	kafkatest.Eventually(t, 30*time.Second, "group "+args[0], func() (bool, string) {
		lags, err := adm.Lag(ctx, args[0])
		if err != nil {
			return false, err.Error()
		}
		g := lags[args[0]]
		committed, err := adm.FetchOffsets(ctx, args[0])
		return g.State == "Stable" && g.Lag.Total() == 0 && err == nil && len(committed) > 0, fmt.Sprintf("%+v", g)
	})
}

// deleteBefore deletes records: delete-before TOPIC PARTITION OFFSET
func deleteBefore(ts *testscript.TestScript, _ bool, args []string) {
	t, c := clusterOf(ts)
	var at kadm.Offset
	_, err := fmt.Sscanf(args[1]+" "+args[2], "%d %d", &at.Partition, &at.At)
	ts.Check(err)
	at.Topic = args[0]
	var offsets kadm.Offsets
	offsets.Add(at)
	_, err = c.Admin(t).DeleteRecords(t.Context(), offsets)
	ts.Check(err)
}

// transaction leaves one open until the script ends: transaction TOPIC ID
func transaction(ts *testscript.TestScript, _ bool, args []string) {
	t, c := clusterOf(ts)
	cl := c.Client(t, kgo.TransactionalID(args[1]), kgo.DefaultProduceTopic(args[0]))
	ts.Check(cl.BeginTransaction())
	ts.Check(cl.ProduceSync(t.Context(), kgo.StringRecord("held")).FirstErr())
}

// empty takes everything away that a page before left on a real broker.
func empty(t *testing.T, c *kafkatest.Cluster) {
	t.Helper()
	cl := c.Client(t)
	adm := kadm.NewClient(cl)
	kafkatest.Eventually(t, 30*time.Second, "an empty cluster", func() (bool, string) {
		if ended, still := endTransactions(t, adm, cl); !ended {
			return false, still
		}
		groups, err := adm.ListGroups(t.Context())
		if err != nil {
			return false, err.Error()
		}
		if len(groups) > 0 {
			deleted, err := adm.DeleteGroups(t.Context(), groups.Groups()...)
			return false, fmt.Sprint(deleted, err)
		}
		topics, err := adm.ListTopics(t.Context())
		if err != nil {
			return false, err.Error()
		}
		names := kadm.TopicDetails(topics).Names()
		if len(names) > 0 {
			_, err := adm.DeleteTopics(t.Context(), names...)
			return false, fmt.Sprint(names, err)
		}
		return true, ""
	})
}

// endTransactions ends those that a page before left open. A coordinator writes the marker
// of a transaction into the topic of its name, be it another one that was made since, and
// there it is one offset more than the next page counts on.
func endTransactions(t *testing.T, adm *kadm.Client, cl *kgo.Client) (ended bool, still string) {
	t.Helper()
	open, err := adm.ListTransactions(t.Context(), nil, []string{"Ongoing", "PrepareCommit", "PrepareAbort", "PrepareEpochFence"})
	if err != nil {
		return false, err.Error()
	}
	for _, id := range open.TransactionalIDs() {
		fence := kmsg.NewPtrInitProducerIDRequest() // whoever begins with an id ends what it had begun
		fence.TransactionalID, fence.TransactionTimeoutMillis = &id, 60_000
		resp, err := fence.RequestWith(t.Context(), cl)
		if err != nil {
			return false, err.Error()
		}
		still = fmt.Sprintf("open transaction %q: %v", id, kerr.ErrorForCode(resp.ErrorCode))
	}
	return len(open) == 0, still
}

// emptyRegistry does the same for a real registry. Apicurio demands nothing while
// nothing is set, so that the default of the others is set.
func emptyRegistry(t *testing.T, r *kafkatest.Registry) {
	t.Helper()
	var subjects []string
	if err := json.Unmarshal([]byte(r.Must(t, "GET", "/subjects", "")), &subjects); err != nil {
		t.Fatal(err)
	}
	for _, subject := range subjects {
		path := "/subjects/" + url.PathEscape(subject)
		r.Ask(t, "DELETE", path, "")
		r.Must(t, "DELETE", path+"?permanent=true", "")
	}
	r.Must(t, "PUT", "/config", `{"compatibility": "BACKWARD"}`)
}
