package commands_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/internal/flowtest"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow"
)

// diagnosis is the JSON of "evtctl doctor", as far as these tests look at it.
type diagnosis struct {
	Groups []struct {
		Group   string
		Answers []struct{ Question, Answer, Evidence string }
	}
	Findings, Advice []struct {
		Cause, Verdict, Summary string
		Groups                  []string
		Evidence, Commands      []string
	}
	Unknown []string
	Records int64
}

func (d *diagnosis) causes() (causes []string) {
	for _, f := range d.Findings {
		causes = append(causes, f.Cause)
	}
	return causes
}

// diagnose runs "evtctl doctor" and reads its answer.
func diagnose(t *testing.T, c *kafkatest.Cluster, registry string, code int, args ...string) *diagnosis {
	t.Helper()
	env := map[string]string{"EVTCTL_BROKERS": strings.Join(c.Brokers(), ","), "EVTCTL_REGISTRY": registry}
	r := run(t, env, append([]string{"doctor", "-o", "json", "--timeout", "60s", "--window", "2s"}, args...)...)
	var d diagnosis
	if err := json.Unmarshal([]byte(r.stdout), &d); err != nil || r.code != code {
		t.Errorf("exit code %d, want %d: %v\n%s\n%s", r.code, code, err, r.stdout, r.stderr)
	}
	return &d
}

// broken plays a scenario, and looks while it is broken.
func broken(t *testing.T, shop orderflow.Config, name string, look func()) *orderflow.Outcome {
	t.Helper()
	looked := false
	shop.OnBroken = func(context.Context, orderflow.Broken) error {
		looked = true
		look()
		return nil
	}
	out := flowtest.Play(t, shop, name)
	if !looked {
		t.Error("nobody could look while it was broken")
	}
	return out
}

func TestTheDoctorFindsWhatEachScenarioBreaks(t *testing.T) {
	for _, x := range []struct {
		scenario, topic, cause string
		evidence               string   // in the finding
		args                   []string // DATABASE stands for the shop's
		fake                   bool     // on the fake broker, too
	}{
		{"poison", "order-events", "stuck-record", "can't be decoded", nil, true},
		{"dead-letters", "order-events", "dead-letters", "UnknownArticleException", nil, false},
		{"burst", "order-events", "falling-behind", "records/s came in", []string{"--window", "4s", "--max-time-lag", "2s"}, false},
		{"wrong-key", "payment-events", "scattered-keys", "different keys", nil, true},
		{"dual-write", "order-events", "dual-write", "orders that nobody was told of", []string{"--database", "DATABASE"}, false},
		{"duplicates", "inventory-events", "duplicate-events", "is the same event as", nil, false},
		{"rebalance-storm", "order-events", "rebalance-loop", "no member is static", nil, false},
		{"late-group", "order-events", "started-at-end", "auto.offset.reset", []string{"--window", "6s"}, false},
	} {
		t.Run(x.scenario, func(t *testing.T) {
			each := kafkatest.Each
			if !x.fake {
				each = func(t *testing.T, test func(*testing.T, *kafkatest.Cluster)) { test(t, kafkatest.Real(t)) }
			}
			each(t, func(t *testing.T, c *kafkatest.Cluster) {
				shop := flowtest.Shop(t, c, 120)
				broken(t, shop, x.scenario, func() {
					args := []string{"--topic", shop.Prefix + x.topic}
					for _, a := range x.args {
						args = append(args, strings.ReplaceAll(a, "DATABASE", shop.Database))
					}
					d := diagnose(t, c, "", commands.ExitBadNews, args...)
					if got := d.causes(); !slices.Equal(got, []string{x.cause}) {
						t.Errorf("causes %v, want %s only: %+v", got, x.cause, d)
						return // it isn't the test's goroutine in every scenario
					}
					if got := strings.Join(d.Findings[0].Evidence, "\n"); !strings.Contains(got, x.evidence) {
						t.Errorf("no %q in the evidence:\n%s", x.evidence, got)
					}
				})
			})
		})
	}
}

func TestTheDoctorFindsASchemaThatBreaksItsReaders(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		shop := flowtest.Shop(t, c, 120)
		shop.RegistryURL = flowtest.Registry(t, c)
		out := broken(t, shop, "schema-break", func() {
			d := diagnose(t, c, shop.RegistryURL, commands.ExitBadNews, "--topic", shop.Prefix+"order-events")
			if got := d.causes(); !slices.Equal(got, []string{"schema-break"}) {
				t.Fatalf("causes %v: %+v", got, d)
			}
			if got := strings.Join(d.Findings[0].Evidence, "\n"); !strings.Contains(got, "amount") {
				t.Errorf("the field isn't named:\n%s", got)
			}
		})
		if !strings.Contains(strings.Join(out.Broke, " "), "12 records") {
			t.Errorf("%q", out.Broke)
		}
	})
}

func TestTheDoctorFindsABrokerThatStopped(t *testing.T) {
	c := kafkatest.RealNodes(t, 3)
	shop := flowtest.Shop(t, c, 120)
	flowtest.Stops(t, c, 2, &shop)
	out := broken(t, shop, "unreplicated", func() {
		d := diagnose(t, c, "", commands.ExitBadNews, "--topic", shop.Prefix+"order-events")
		if got := d.causes(); !slices.Equal(got, []string{"under-replicated"}) {
			t.Errorf("causes %v: %+v", got, d)
		}
	})
	if !strings.Contains(strings.Join(out.Broke, " "), "fewer replicas in sync") {
		t.Errorf("%q", out.Broke)
	}
}

func TestTheDoctorFindsNothingInAHealthyFlow(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		shop := flowtest.Shop(t, c, 120)
		shop.Orders, shop.Rate, shop.Keep = 0, 50, true
		running, stop := context.WithCancel(t.Context())
		defer stop()
		ended := make(chan error, 1)
		started := make(chan bool)
		shop.Progress = func(p orderflow.Progress) {
			if p.Placed > 50 && started != nil {
				close(started)
				started = nil
			}
		}
		waiting := started
		go func() {
			_, err := orderflow.Run(running, shop)
			ended <- err
		}()
		select {
		case <-waiting:
		case err := <-ended:
			t.Fatal(err)
		}
		for _, topic := range []string{"order-events", "payment-events", "inventory-events"} {
			window := "2s"
			if topic == "order-events" {
				window = "6s" // in less, nobody seems to have begun at the end or to hang
			}
			d := diagnose(t, c, "", commands.ExitDone, "--topic", shop.Prefix+topic, "--window", window, "--database", shop.Database, "--lifecycle", "OrderPlacedEvent,OrderShippedEvent")
			if len(d.Findings) != 0 || len(d.Groups) == 0 || d.Records == 0 {
				t.Errorf("%s: %+v", topic, d)
			}
		}
		stop()
		<-ended
	})
}
