package orderflow_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow"
	"github.com/evtctl/evtctl/internal/sandbox"
)

// registry is the sandbox's beside the fake broker, and Apicurio beside the real one.
func registry(t *testing.T, c *kafkatest.Cluster) string {
	t.Helper()
	if c.IsReal() {
		return kafkatest.Apicurio(t).URL
	}
	box, err := sandbox.Start(t.Context(), sandbox.Config{Addr: "127.0.0.1:0", RegistryAddr: "127.0.0.1:0", Checker: commands.SchemaChecker{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { box.Close() })
	return box.RegistryURL()
}

// play plays a scenario, and expects the checks to be broken that are named, no
// others, and none in the mended variant.
func play(t *testing.T, c orderflow.Config, name string, broken ...string) *orderflow.Outcome {
	t.Helper()
	s, err := orderflow.FindScenario(name)
	if err != nil {
		t.Fatal(err)
	}
	out, err := orderflow.Play(t.Context(), s, c)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, check := range out.Broken {
		got = append(got, check.What)
		if check.Count == 0 && check.Detail == "" {
			t.Errorf("%q is broken for nothing", check.What)
		}
	}
	got = slices.DeleteFunc(got, func(what string) bool {
		return name == "wrong-key" && what == "what is told of an order is in its order"
	}) // it depends on who is quicker
	if strings.Join(got, "\n") != strings.Join(broken, "\n") {
		t.Errorf("broken checks:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(broken, "\n"))
	}
	for _, check := range out.StillBroken {
		t.Errorf("mended, and yet: %+v", check)
	}
	if len(out.Broke) == 0 || len(out.Mended) == 0 || len(out.Show) == 0 {
		t.Errorf("nothing is said: %+v", out)
	}
	return out
}

func TestScenariosBreakWhatTheySayAndNothingElse(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		for name, broken := range map[string][]string{
			"poison":       {},
			"dead-letters": {"no order without a reservation", "what is paid is shipped"},
			"burst":        {},
			"wrong-key":    {"all of an order's events on a topic are in one partition"},
			"dual-write": {
				"no charge without an order", "no order without an event in the outbox", "no reservation without an order",
				"every order has its event in Kafka", "every event in Kafka has an order",
			},
			"duplicates":      {"no order reserved more than once"},
			"rebalance-storm": {},
			"late-group":      {},
		} {
			t.Run(name, func(t *testing.T) {
				config := config(t, c)
				config.Orders = 120
				out := play(t, config, name, broken...)
				made(t, c, config, name)
				for _, sentence := range append(out.Broke, out.Mended...) {
					t.Log(sentence)
				}
			})
		}
	})
}

// made holds the names that a dry run tells to what a scenario has made: there is nothing
// else, and no topic that it tells of isn't there. Groups of services that a scenario
// doesn't need aren't made.
func made(t *testing.T, c *kafkatest.Cluster, config orderflow.Config, name string) {
	t.Helper()
	s, err := orderflow.FindScenario(name)
	if err != nil {
		t.Fatal(err)
	}
	told := config.Names()
	more := s.Names(config)
	told.Topics, told.Groups = append(told.Topics, more.Topics...), append(told.Groups, more.Groups...)
	adm := c.Admin(t)
	topics, err := adm.ListTopics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	groups, err := adm.ListGroups(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mine := func(names []string) []string {
		return slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, config.Prefix) })
	}
	got := mine(topics.Names())
	slices.Sort(told.Topics)
	if !slices.Equal(got, told.Topics) {
		t.Errorf("topics %v, and told are %v", got, told.Topics)
	}
	for _, group := range mine(groups.Groups()) {
		if !slices.Contains(told.Groups, group) {
			t.Errorf("group %s isn't told of", group)
		}
	}
}

func TestWithoutARefundNothingIsSaidOfRefunds(t *testing.T) {
	c := config(t, kafkatest.Fake(t))
	c.Orders = 2
	out := play(t, c, "wrong-key")
	said := strings.Join(append(out.Broke, out.Mended...), "\n")
	if !strings.Contains(said, "no order had to be refunded") || !strings.Contains(said, "here none was needed") || strings.Contains(said, " 0 ") {
		t.Errorf("%s", said)
	}
}

func TestASchemaThatNobodyKnowsEndsInDeadLetters(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		config := config(t, c)
		config.RegistryURL = registry(t, c)
		out := play(t, config, "schema-break")
		if !strings.Contains(strings.Join(out.Broke, " "), "12 records") {
			t.Errorf("%q", out.Broke)
		}
		config.RegistryURL = ""
		s, err := orderflow.FindScenario("schema-break")
		if err == nil {
			_, err = orderflow.Play(t.Context(), s, config)
		}
		if !errors.Is(err, orderflow.ErrNoRegistry) {
			t.Errorf("without a registry: %v", err)
		}
	})
}

func TestABrokerThatStops(t *testing.T) {
	c := kafkatest.RealNodes(t, 3)
	config := config(t, c)
	config.Timeout = 30 * time.Second
	steps := 0
	config.OnReady = func(string) {
		steps++
		if steps == 1 {
			c.KillNode(t, 2)
		} else {
			c.StartNode(t, 2)
		}
	}
	out := play(t, config, "unreplicated")
	if !strings.Contains(strings.Join(out.Broke, " "), "fewer replicas in sync") || steps != 2 {
		t.Errorf("%d steps, %q", steps, out.Broke)
	}
}

func TestABrokerThatStopsTakesThree(t *testing.T) {
	s, err := orderflow.FindScenario("unreplicated")
	if err == nil {
		c := config(t, kafkatest.Fake(t))
		box, startErr := sandbox.Start(t.Context(), sandbox.Config{Addr: "127.0.0.1:0"}) // which is one broker
		if startErr != nil {
			t.Fatal(startErr)
		}
		defer box.Close()
		c.Open = func(_ context.Context, opts ...kgo.Opt) (*kgo.Client, error) {
			return kgo.NewClient(append(opts, kgo.SeedBrokers(box.Brokers()...))...)
		}
		_, err = orderflow.Play(t.Context(), s, c)
	}
	if !errors.Is(err, orderflow.ErrTooFewBrokers) {
		t.Errorf("%v", err)
	}
}

func TestANameThatNoScenarioHas(t *testing.T) {
	_, err := orderflow.FindScenario("poisson")
	var unknown *orderflow.UnknownScenarioError
	if !errors.As(err, &unknown) || unknown.Near != "poison" || !strings.Contains(unknown.Hint(), "poison") {
		t.Errorf("%v", err)
	}
	if _, err = orderflow.FindScenario("something else entirely"); !errors.As(err, &unknown) || unknown.Near != "" {
		t.Errorf("%v", err)
	}
	if len(orderflow.Scenarios()) != 10 {
		t.Errorf("%d scenarios", len(orderflow.Scenarios()))
	}
}

func TestAScenarioEndsWithItsContext(t *testing.T) {
	c := config(t, kafkatest.Fake(t))
	ctx, cancel := context.WithCancel(t.Context())
	c.Progress = func(orderflow.Progress) {}
	c.Rate, c.Orders = 10, 1000
	time.AfterFunc(300*time.Millisecond, cancel)
	s, err := orderflow.FindScenario("duplicates")
	if err == nil {
		_, err = orderflow.Play(ctx, s, c)
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
