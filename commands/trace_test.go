package commands_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/sandbox"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// traced is what scripts read of a trace.
type traced struct {
	Events  []tracedEvent
	Missing []tracedMissing
}

type tracedEvent struct {
	Coordinates, Topic, Type string
	TraceID                  string `json:"trace_id"`
	CorrelationID            string `json:"correlation_id"`
	EventID                  string `json:"event_id"`
	Key                      string
	Letter                   *struct{ Class string }
	Groups                   []struct {
		Group  string
		Passed *bool
	}
}

type tracedMissing struct{ What, Coordinates string }

func (r traced) coordinates() (list []string) {
	for _, e := range r.Events {
		list = append(list, e.Coordinates)
	}
	return list
}

func (r traced) types() (list []string) {
	for _, e := range r.Events {
		list = append(list, e.Topic[strings.LastIndexByte(e.Topic, '-')+1:]+" "+e.Type)
	}
	slices.Sort(list)
	return list
}

// flowing is a cluster with a registry for the order flow.
func flowing(t *testing.T, c *kafkatest.Cluster) map[string]string {
	t.Helper()
	env := map[string]string{"EVTCTL_BROKERS": strings.Join(c.Brokers(), ",")}
	if c.IsReal() {
		env["EVTCTL_REGISTRY"] = kafkatest.Apicurio(t).URL
		return env
	}
	box, err := sandbox.Start(t.Context(), sandbox.Config{Addr: "127.0.0.1:0", RegistryAddr: "127.0.0.1:0", Checker: commands.SchemaChecker{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { box.Close() })
	env["EVTCTL_REGISTRY"] = box.RegistryURL()
	return env
}

func trace(t *testing.T, env map[string]string, code int, args ...string) (r traced) {
	t.Helper()
	got := run(t, env, append([]string{"trace", "-o", "json", "--timeout", "60s"}, args...)...)
	if got.code != code {
		t.Fatalf("trace %v: exit code %d, want %d\n%s\n%s", args, got.code, code, got.stdout, got.stderr)
	}
	if err := json.Unmarshal([]byte(got.stdout), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// someKey is the key of a record of a topic.
func someKey(t *testing.T, c *kafkatest.Cluster, topic string) string {
	t.Helper()
	cl := c.Client(t, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	for {
		fetches := cl.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		for iter := fetches.RecordIter(); !iter.Done(); {
			if rec := iter.Next(); len(rec.Key) > 0 {
				return string(rec.Key)
			}
		}
	}
}

func TestAnOrdersStoryIsTheSameFromAllOfItsIDs(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		env, prefix := flowing(t, c), c.Name(t, "")+"."
		if demo := run(t, env, "demo", "--orders", "20", "--rate", "0", "--yes", "--prefix", prefix, "--timeout", "60s"); demo.code != 0 {
			t.Fatalf("%d\n%s\n%s", demo.code, demo.stdout, demo.stderr)
		}
		only := []string{"--topic", prefix + "*"}
		order := someKey(t, c, prefix+"order-events")
		story := trace(t, env, 0, append(only, order, "--expect", "placed,reserved,paid,shipped")...)
		want := []string{"events OrderPaidEvent", "events OrderPlacedEvent", "events OrderShippedEvent", "events StockReservedEvent"}
		if diff := cmp.Diff(want, story.types()); diff != "" {
			t.Fatalf("%s: %s", order, diff)
		}
		if first := story.Events[0]; first.Type != "OrderPlacedEvent" || first.Key != order || first.TraceID == "" || first.CorrelationID == "" {
			t.Fatalf("%+v", first)
		}
		groups := map[string]bool{}
		for _, e := range story.Events {
			for _, g := range e.Groups {
				groups[strings.TrimPrefix(g.Group, prefix)] = g.Passed != nil && *g.Passed
			}
		}
		for _, g := range []string{"inventory-group", "payment-group", "delivery-group", "notification-group"} {
			if !groups[g] {
				t.Errorf("%s has not gone past the story: %v", g, groups)
			}
		}
		for _, e := range story.Events {
			for _, id := range []string{e.EventID, e.TraceID, e.CorrelationID} {
				if diff := cmp.Diff(story.coordinates(), trace(t, env, 0, append(only, id)...).coordinates()); diff != "" {
					t.Errorf("by %s: %s", id, diff)
				}
			}
		}
		if nothing := trace(t, env, 3, append(only, order, "--expect", "cancelled")...); len(nothing.Missing) == 0 {
			t.Error("the step that isn't there isn't missing")
		}
	})
}

func TestALettersDeathIsInItsOrdersStory(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		env, prefix := flowing(t, c), c.Name(t, "")+"."
		if demo := run(t, env, "demo", "dead-letters", "--orders", "40", "--rate", "0", "--yes", "--prefix", prefix, "--timeout", "60s"); demo.code != 0 {
			t.Fatalf("%d\n%s\n%s", demo.code, demo.stdout, demo.stderr)
		}
		order := someKey(t, c, prefix+"order-events.DLQ")
		story := trace(t, env, 0, "--topic", prefix+"*", order)
		died := slices.IndexFunc(story.Events, func(e tracedEvent) bool { return e.Letter != nil })
		if died < 1 || story.Events[died].Letter.Class == "" || story.Events[died].Topic != prefix+"order-events.DLQ" {
			t.Fatalf("no letter after the order: %+v", story)
		}
		at := story.Events[died].Coordinates
		if !slices.ContainsFunc(story.Missing, func(m tracedMissing) bool { return m.What == "undisposed" && m.Coordinates == at }) {
			t.Errorf("nobody has dealt with %s, and it isn't missing: %+v", at, story.Missing)
		}
	})
}

func TestAnInterruptedTraceShowsWhatItHas(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := c.Topic(t, 2)
	c.Produce(t, &kgo.Record{Topic: topic, Partition: 0, Key: []byte("ord-1")}, &kgo.Record{Topic: topic, Partition: 1, Key: []byte("ord-1")})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.Kfake().ControlKey(int16(kmsg.DescribeGroups), func(kmsg.Request) (kmsg.Response, error, bool) {
		cancel() // all is read, and the groups are asked
		return nil, nil, false
	})
	c.Commit(t, c.Name(t, "group"), topic, map[int32]int64{0: 0})
	var out, errs bytes.Buffer
	env := &commands.Env{Streams: &render.Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, Getenv: func(string) string { return "" }, Now: time.Now}
	file := filepath.Join(t.TempDir(), "trace.json")
	code := commands.Run(ctx, env, []string{"trace", "ord-1", "--otlp", file, "-b", strings.Join(c.Brokers(), ","), "--timeout", "60s"})
	if code != 130 || !strings.HasPrefix(out.String(), "ord-1: 2 records in 1 topic") || !strings.Contains(errs.String(), "interrupted") {
		t.Errorf("exit code %d\n%s\n%s", code, &out, &errs)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a file is left that has only a part of the trace")
	}
}

func TestATraceIsSentToAReceiver(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 1)
		const id, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
		c.Produce(t, &kgo.Record{Topic: topic, Key: []byte("ord-1"), Value: []byte("{}"), Headers: []kgo.RecordHeader{
			{Key: "traceparent", Value: fmt.Appendf(nil, "00-%s-%s-01", id, span)},
		}})
		var got collectorpb.ExportTraceServiceRequest
		receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err == nil && r.URL.Path == "/v1/traces" {
				err = proto.Unmarshal(body, &got)
			}
			if err != nil {
				t.Error(err)
			}
		}))
		defer receiver.Close()
		env := map[string]string{"EVTCTL_BROKERS": strings.Join(c.Brokers(), ",")}
		if sent := run(t, env, "trace", "ord-1", "--topic", topic, "--otlp", receiver.URL, "--timeout", "60s"); sent.code != 0 {
			t.Fatalf("%+v", sent)
		}
		if len(got.ResourceSpans) != 1 {
			t.Fatalf("%v", &got)
		}
		if s := got.ResourceSpans[0].ScopeSpans[0].Spans[0]; fmt.Sprintf("%x %x", s.TraceId, s.SpanId) != id+" "+span {
			t.Errorf("%v", s)
		}
	})
}
