package health_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/internal/doctor/health"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

// letterTopic makes a topic that has the name of one for dead letters.
func letterTopic(t testing.TB, c *kafkatest.Cluster, partitions int32, configs map[string]*string) string {
	t.Helper()
	name, adm := c.Name(t, "orders")+".DLQ", c.Admin(t)
	if _, err := adm.CreateTopic(t.Context(), partitions, -1, configs, name); err != nil {
		t.Fatal(err)
	}
	c.AwaitTopic(t, name, partitions)
	return name
}

func sources(t testing.TB, cl *kgo.Client) health.Sources {
	t.Helper()
	dialects, err := dlq.NewDialects()
	if err != nil {
		t.Fatal(err)
	}
	return health.Sources{Client: cl, Letters: &dlq.Reader{Client: cl, Dialects: dialects}}
}

// collect looks and judges.
func collect(t testing.TB, c *kafkatest.Cluster, config health.Config) *health.Report {
	t.Helper()
	r, err := health.Collect(t.Context(), sources(t, c.Client(t)), config)
	if err != nil {
		t.Fatal(err)
	}
	health.Judge(r, config.Limits, health.Commands{Brokers: c.Brokers()})
	return r
}

func figure(t testing.TB, r *health.Report, name health.Name) *health.Figure {
	t.Helper()
	for i := range r.Figures {
		if r.Figures[i].Name == name {
			return &r.Figures[i]
		}
	}
	t.Fatalf("no figure %q", name)
	return nil
}
