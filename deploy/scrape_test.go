package deploy

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

// scrape is what "evtctl monitor" answers when every figure has a value. The tests of
// package commands hold it to the monitor, and its names to one that watches a real Kafka.
const scrape = "../commands/testdata/monitor.prom"

// target are the labels that Prometheus adds to all that it scrapes.
var target = []string{"job", "instance"}

// served gives the labels of each metric of a scrape.
func served(t *testing.T) map[string][]string {
	t.Helper()
	file, err := os.Open(scrape)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(file)
	if err != nil {
		t.Fatalf("%s: %v", scrape, err)
	}
	metrics := map[string][]string{}
	for name, family := range families {
		names := slices.Clone(target)
		for _, pair := range family.GetMetric()[0].GetLabel() {
			names = append(names, pair.GetName())
		}
		metrics[name] = names
	}
	if len(metrics) < 30 {
		t.Fatalf("%s has %d metrics only", scrape, len(metrics))
	}
	return metrics
}

// promQL reads expressions as Prometheus does by default.
var promQL = parser.NewParser(parser.Options{})

// check holds an expression to what is served: each metric is there, and has the labels
// that are asked of it.
func check(t *testing.T, where, expr string, metrics map[string][]string) {
	t.Helper()
	parsed, err := promQL.ParseExpr(expr)
	if err != nil {
		t.Errorf("%s: %q: %v", where, expr, err)
		return
	}
	used := 0
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			used++
			selected(t, where, n, metrics)
		case *parser.AggregateExpr:
			grouped(t, where, n, metrics)
		case *parser.BinaryExpr:
			if n.VectorMatching != nil {
				for _, side := range []parser.Expr{n.LHS, n.RHS} {
					have(t, where, n.VectorMatching.MatchingLabels, side, metrics)
				}
			}
		}
		return nil
	})
	if used == 0 {
		t.Errorf("%s: %q asks for no metric", where, expr)
	}
}

func selected(t *testing.T, where string, s *parser.VectorSelector, metrics map[string][]string) {
	t.Helper()
	has, there := metrics[s.Name]
	if !there {
		t.Errorf("%s: the monitor has no metric %q", where, s.Name)
		return
	}
	for _, m := range s.LabelMatchers {
		if m.Name != model.MetricNameLabel && !slices.Contains(has, m.Name) {
			t.Errorf("%s: %s has no label %q", where, s.Name, m.Name)
		}
	}
}

func grouped(t *testing.T, where string, a *parser.AggregateExpr, metrics map[string][]string) {
	t.Helper()
	if !a.Without {
		have(t, where, a.Grouping, a.Expr, metrics)
	}
}

// have wants labels of every metric within an expression.
func have(t *testing.T, where string, names []string, within parser.Expr, metrics map[string][]string) {
	t.Helper()
	parser.Inspect(within, func(node parser.Node, _ []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok {
			for _, name := range names {
				if !slices.Contains(metrics[s.Name], name) {
					t.Errorf("%s: %s has no label %q", where, s.Name, name)
				}
			}
		}
		return nil
	})
}

func TestAWrongExpressionIsFound(t *testing.T) {
	metrics := served(t)
	for expr, wrong := range map[string]bool{
		`max by (figure) (evtctl_health_verdict{job="x"})`:                        false,
		`increase(kafka_dlq_messages_total[5m]) >= 10`:                            false,
		`evtctl_health_verdct`:                                                    true,
		`evtctl_up{topic="x"}`:                                                    true,
		`max by (consumergroup) (kafka_dlq_messages)`:                             true,
		`kafka_dlq_undisposed and on (consumergroup) kafka_consumergroup_members`: true,
		`1 + 1`:                  true,
		`sum(kafka_dlq_messages`: true,
		`rate(evtctl_up)`:        true,
	} {
		probe := &testing.T{}
		check(probe, "", expr, metrics)
		if probe.Failed() != wrong {
			t.Errorf("%s: found wrong %v, want %v", expr, probe.Failed(), wrong)
		}
	}
	if got := strings.Join(metrics["kafka_consumergroup_lag"], " "); got != "job instance consumergroup partition topic" {
		t.Errorf("labels %s", got)
	}
}
