package commands_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kgo"
)

// hook is a webhook that keeps what is posted to it.
type hook struct {
	*httptest.Server
	mu     sync.Mutex
	alerts []dlq.Alert
}

func newHook(t *testing.T) *hook {
	h := &hook{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var alert dlq.Alert
		if err := json.Unmarshal(body, &alert); err != nil || r.Method != http.MethodPost {
			t.Errorf("%s %q: %v", r.Method, body, err)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.alerts = append(h.alerts, alert)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) kinds() (list []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.alerts {
		list = append(list, a.Kind)
	}
	return list
}

func brokers(c *kafkatest.Cluster) map[string]string {
	return map[string]string{"EVTCTL_BROKERS": strings.Join(c.Brokers(), ",")}
}

// begin runs evtctl until it is stopped, as by Ctrl-C.
func begin(t *testing.T, env map[string]string, args ...string) (stop func() result) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var out, errs bytes.Buffer
	e := &commands.Env{
		Streams: &render.Streams{In: strings.NewReader(""), Out: &out, Err: &errs},
		Getenv:  func(key string) string { return env[key] }, Now: time.Now,
	}
	code := make(chan int, 1)
	go func() { code <- commands.Run(ctx, e, args) }()
	return func() result {
		cancel()
		return result{code: <-code, stdout: out.String(), stderr: errs.String()}
	}
}

func TestAWatchTellsOfWhatArrives(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, h := c.Topic(t, 2), newHook(t)
		old := spring(topic, 0, "k", "v", "card expired")
		old.Timestamp = time.Now().Add(-time.Hour)
		c.Produce(t, old)
		stop := begin(t, brokers(c), "dlq", "watch", topic, "--alert", "4/1m", "--every", "20ms", "--webhook", h.URL)
		// A letter of a known cause, again and again: it takes the fourth for an alert.
		kafkatest.Eventually(t, 15*time.Second, "an alert about the rate", func() (bool, string) {
			if kinds := h.kinds(); len(kinds) > 0 {
				return kinds[0] == "rate", strings.Join(kinds, " ")
			}
			c.Produce(t, spring(topic, 1, "k", "v", "card expired"))
			return false, "none"
		})
		c.Produce(t, spring(topic, 0, "k", "v", "order not found"))
		kafkatest.Eventually(t, 15*time.Second, "an alert about a new cause", func() (bool, string) {
			kinds := strings.Join(h.kinds(), " ")
			return kinds == "rate new-cause", kinds
		})
		r := stop()
		holds(t, r, 130, "order not found, at "+topic+":0:1\n", "")
		if n := strings.Count(r.stdout, "\n"); n != 2 {
			t.Errorf("%d alerts, want 2:\n%s", n, r.stdout)
		}
	})
}

func TestAWatchThatCannotHandItsAlertsOnSaysSo(t *testing.T) {
	c := kafkatest.Fake(t)
	topic, h := c.Topic(t, 1), newHook(t)
	c.Produce(t, spring(topic, 0, "k", "v", "card expired"))
	elsewhere := httptest.NewServer(http.RedirectHandler(h.URL, http.StatusTemporaryRedirect))
	t.Cleanup(elsewhere.Close)
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "too\x1b[31m many", http.StatusServiceUnavailable)
	}))
	t.Cleanup(busy.Close)
	for name, c2 := range map[string]struct {
		args []string
		want string
	}{
		"a redirect":                 {[]string{"--webhook", elsewhere.URL}, "it redirects (307 Temporary Redirect), which is not followed"},
		"a refusal":                  {[]string{"--webhook", busy.URL}, `503 Service Unavailable: too\x1b[31m many`},
		"nobody there":               {[]string{"--webhook", "http://127.0.0.1:1/secret"}, "webhook at 127.0.0.1:1: dial tcp"},
		"a command that fails":       {[]string{"--exec", "echo no room; exit 3"}, `command "echo no room; exit 3": exit status 3`},
		"a command that doesn't end": {[]string{"--exec", "sleep 60", "--timeout", "300ms"}, `command "sleep 60": still running at the time limit`},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, brokers(c), append([]string{"dlq", "watch", topic, "--once", "--alert", "0/5m"}, c2.args...)...)
			holds(t, r, 4, "new cause ", c2.want)
			if strings.Contains(r.stderr, "secret") {
				t.Errorf("%q has the webhook's URL in it", r.stderr)
			}
		})
	}
	if kinds := h.kinds(); len(kinds) > 0 {
		t.Errorf("the redirect was followed: %v", kinds)
	}
}

func TestAWatchRunsACommandForTwentyNewCausesAtMost(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := c.Topic(t, 1)
	var recs []*kgo.Record
	for i := range 30 {
		recs = append(recs, spring(topic, 0, "k", "v", "cause "+strings.Repeat("x", i+1)))
	}
	c.Produce(t, recs...)
	r := run(t, brokers(c), "dlq", "watch", topic, "--once", "--alert", "0/5m", "--exec", "echo ran")
	holds(t, r, 3, "new cause ", "and 10 new causes more")
	if ran := strings.Count(r.stderr, "ran\n"); ran != 20 {
		t.Errorf("the command ran %d times, want 20", ran)
	}
}
