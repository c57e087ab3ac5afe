package commands

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/lag"
)

// exported serves an exporter on a free port until the test ends.
func exported(t *testing.T, e *lagExporter) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- serve(ctx, l, e.handler()) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("ending the exporter: %v", err)
		}
	})
	return "http://" + l.Addr().String()
}

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s, %v", url, resp.Status, err)
	}
	return string(body)
}

func TestExportAsksTheClusterOnceWhileTheAnswerIsFresh(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	var asked int
	var failure error
	e := &lagExporter{
		env:    &Env{Streams: &render.Streams{Out: io.Discard, Err: io.Discard}, Now: func() time.Time { return now }},
		maxAge: 15 * time.Second,
		ask: func(context.Context) (*lag.Report, error) {
			asked++
			if failure != nil {
				return nil, failure
			}
			return &lag.Report{Groups: []lag.Group{{Name: "g", Lag: lag.Int(asked), Members: lag.Unknown}}}, nil
		},
	}
	url := exported(t, e) + "/metrics"
	step := func(after time.Duration, want ...string) {
		t.Helper()
		now = now.Add(after)
		body := get(t, url)
		for _, w := range want {
			if !strings.Contains(body, "\n"+w+"\n") {
				t.Errorf("%s after the step: metrics lack %q:\n%s", after, w, body)
			}
		}
	}
	step(0, `kafka_consumergroup_group_sum_lag{consumergroup="g"} 1`, "evtctl_up 1")
	step(14*time.Second, `kafka_consumergroup_group_sum_lag{consumergroup="g"} 1`, "evtctl_collect_age_seconds 14")
	step(time.Second, `kafka_consumergroup_group_sum_lag{consumergroup="g"} 2`)
	failure = errors.New("no broker answers")
	step(15*time.Second, "evtctl_up 0")
	if body := get(t, url); strings.Contains(body, "kafka_consumergroup") {
		t.Errorf("old figures are still served as if they were true:\n%s", body)
	}
	failure = nil
	step(15*time.Second, `kafka_consumergroup_group_sum_lag{consumergroup="g"} 4`, "evtctl_up 1")
	if asked != 4 {
		t.Errorf("the cluster was asked %d times, want 4", asked)
	}
}
