package schema_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/schema"
	"github.com/evtctl/evtctl/schema/registry"
	"github.com/evtctl/evtctl/schema/wire"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestARecordShowsWhatSchemasDoNot: against the latest version alone the candidate
// is fine, and a record that an older one wrote breaks its readers.
func TestARecordShowsWhatSchemasDoNot(t *testing.T) {
	registered := kafkatest.Apicurio(t)
	client, err := registry.New(registered.URL, &http.Client{Timeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	subject := registered.Subject(t, "orders") + "-value"
	put := func(path string, body any) {
		t.Helper()
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		method := http.MethodPost
		if path == "/config/"+subject {
			method = http.MethodPut
		}
		registered.Must(t, method, path, string(text))
	}
	put("/subjects/"+subject+"/versions", map[string]string{"schema": v1})
	put("/config/"+subject, map[string]string{"compatibility": "NONE"})
	put("/subjects/"+subject+"/versions", map[string]string{"schema": broken})
	put("/config/"+subject, map[string]string{"compatibility": "BACKWARD"})
	history, err := client.History(t.Context(), subject, registry.Live)
	if err != nil {
		t.Fatal(err)
	}
	codec := wire.NewCodec(schema.WireSource(client, ""), wire.Options{})
	record := func(id int, json string) *kgo.Record {
		t.Helper()
		e, err := codec.Encode(t.Context(), wire.Value, wire.Frame{ID: wire.ID{Number: int32(id)}}, []byte(json))
		if err != nil {
			t.Fatal(err)
		}
		return &kgo.Record{Value: e.Data}
	}
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 2)
		for i, r := range []*kgo.Record{
			record(history[0].ID, `{"orderId":"a","amount":1}`),
			record(history[1].ID, `{"orderId":"b","amount":2,"customerTier":"gold"}`),
			{Value: nil}, {Value: []byte("plain text")},
		} {
			r.Topic, r.Partition = topic, int32(i%2)
			c.Produce(t, r)
		}
		candidates := candidate(broken)
		candidates[0].Subject = subject
		result := check(t, schema.Request{
			Candidates: candidates, Baseline: schema.InRegistry(client),
			Trial: &schema.Trial{Records: schema.Tail(c.Client(t)), Decoder: schema.WireDecoder(client), Topic: topic, N: 10},
		}).Results[0]
		s := result.Sample
		if s == nil || result.Compatible || result.Breaks() != 0 || s.Read != 4 || s.Decoded != 1 || s.Nulls != 1 || len(s.Unreadable) != 1 || len(s.Failed) != 1 {
			t.Fatalf("%+v, sample %+v", result, s)
		}
		want := fmt.Sprintf(`written with schema %d: the field "customerTier" of record com.example.events.OrderPlacedEvent is not here, and it has no default`, history[0].ID)
		if s.Failed[0] != (schema.SampleFailure{Partition: 0, Offset: 0, Reason: want}) {
			t.Errorf("failed %+v, want %s", s.Failed[0], want)
		}
	})
}
