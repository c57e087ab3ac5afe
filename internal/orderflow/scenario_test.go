package orderflow_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/flowtest"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow"
	"github.com/evtctl/evtctl/internal/sandbox"
)

// On a real broker the doctor's tests play them, and look meanwhile.
func TestScenariosBreakWhatTheySayAndNothingElse(t *testing.T) {
	for _, s := range orderflow.Scenarios() {
		if s.Name == "unreplicated" { // takes brokers that can be stopped
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			c := kafkatest.Fake(t)
			config := flowtest.Shop(t, c, 120)
			config.RegistryURL = flowtest.Registry(t, c)
			out := flowtest.Play(t, config, s.Name)
			made(t, c, config, s)
			for _, sentence := range append(out.Broke, out.Mended...) {
				t.Log(sentence)
			}
		})
	}
}

// made holds the names that a dry run tells to what a scenario has made: there is nothing
// else, and no topic that it tells of isn't there. Groups of services that a scenario
// doesn't need aren't made.
func made(t *testing.T, c *kafkatest.Cluster, config orderflow.Config, s orderflow.Scenario) {
	t.Helper()
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
	s, err := orderflow.FindScenario("wrong-key")
	if err != nil {
		t.Fatal(err)
	}
	out, err := orderflow.Play(t.Context(), s, c)
	if err != nil {
		t.Fatal(err)
	}
	said := strings.Join(append(out.Broke, out.Mended...), "\n")
	if !strings.Contains(said, "no order had to be refunded") || !strings.Contains(said, "here none was needed") || strings.Contains(said, " 0 ") {
		t.Errorf("%s", said)
	}
}

func TestASchemaScenarioWithoutARegistry(t *testing.T) {
	s, err := orderflow.FindScenario("schema-break")
	if err == nil {
		_, err = orderflow.Play(t.Context(), s, config(t, kafkatest.Fake(t)))
	}
	if !errors.Is(err, orderflow.ErrNoRegistry) {
		t.Errorf("without a registry: %v", err)
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
