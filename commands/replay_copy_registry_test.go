package commands_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

// What can't be decoded while the registry is down isn't taken for what nobody wants,
// and what the registry doesn't know holds nothing up.
func TestACopyDoesNotTakeARegistryThatIsDownForAnAnswer(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		var up atomic.Bool
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			schema, _ := json.Marshal(map[string]string{"schema": orderV1})
			switch id := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]; {
			case id == "7" || id == "8" && up.Load():
				_, _ = w.Write(schema)
			case id == "8":
				w.WriteHeader(http.StatusInternalServerError)
			default:
				w.WriteHeader(http.StatusNotFound)
				_, _ = w.Write([]byte(`{"error_code": 40403, "message": "Schema not found"}`))
			}
		}))
		defer server.Close()
		from, to := c.Topic(t, 1), c.Topic(t, 1)
		for _, value := range []string{"\x00\x00\x00\x00\x07\x02a", "\x00\x00\x00\x00\x09\x02a", "\x00\x00\x00\x00\x07\x02b", "\x00\x00\x00\x00\x08\x02a", `{"id": "b"}`, "\x00\x00\x00\x00\x07\x02a"} {
			c.Produce(t, &kgo.Record{Topic: from, Value: []byte(value)})
		}
		replay := func(more ...string) result {
			return run(t, nil, append([]string{
				"replay", "copy", "--topic", from, "--to", to, "--from", "start", "--yes", "--registry", server.URL, "-b", strings.Join(c.Brokers(), ","),
			}, more...)...)
		}
		query := []string{"--where", `.decoded.value.json.id == "a"`}
		r := replay(query...)
		if r.code != 4 || !strings.Contains(r.stdout, "copied 1 record of") || !strings.Contains(r.stdout, " left; job") ||
			!strings.Contains(r.stderr, "reading "+from+":0:3 with its schema: ") || !strings.Contains(r.stderr, "once that is mended, run the same again") {
			t.Errorf("exit code %d, stdout %q, stderr %q", r.code, r.stdout, r.stderr)
		}
		set := []string{"--to", c.Topic(t, 1), "--set", `.id = "x"`} // nor is it held against each single record
		if r := replay(set...); r.code != 4 || !strings.Contains(r.stdout, "failed "+from+":0:1: ") || strings.Contains(r.stdout, from+":0:3") {
			t.Errorf("exit code %d, stdout %q, stderr %q", r.code, r.stdout, r.stderr)
		}
		up.Store(true)
		if r := replay(append(query, "--verify")...); r.code != 0 || !strings.Contains(r.stdout, "copied 2 records of") || !strings.Contains(r.stdout, "verified: 3 records") {
			t.Errorf("exit code %d, stdout %q, stderr %q", r.code, r.stdout, r.stderr)
		}
		if r := replay(query...); r.code != 0 || !strings.Contains(r.stderr, "there is nothing to copy") {
			t.Errorf("exit code %d, stdout %q, stderr %q", r.code, r.stdout, r.stderr)
		}
	})
}
