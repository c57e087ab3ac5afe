package deploy

import (
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"go.yaml.in/yaml/v3"
)

const rulesFile = "prometheus/evtctl.rules.yml"

// rules gives what Prometheus loads, by the names of the alerts.
func rules(t *testing.T) map[string]rulefmt.Rule {
	t.Helper()
	loaded, errs := rulefmt.ParseFile(rulesFile, false, model.UTF8Validation, promQL, slog.New(slog.DiscardHandler))
	for _, err := range errs {
		t.Error(err)
	}
	if loaded == nil {
		t.FailNow()
	}
	list := map[string]rulefmt.Rule{}
	for _, g := range loaded.Groups {
		for _, r := range g.Rules {
			if list[r.Alert].Alert != "" {
				t.Errorf("there are two alerts %s", r.Alert)
			}
			list[r.Alert] = r
		}
	}
	return list
}

// metricName finds metrics in prose.
var metricName = regexp.MustCompile(`\b(?:kafka|evtctl)_[a-z_]+\b`)

func TestPrometheusLoadsTheRules(t *testing.T) {
	metrics := served(t)
	for alert, r := range rules(t) {
		check(t, alert, r.Expr, metrics)
		for _, name := range metricName.FindAllString(r.Annotations["description"], -1) {
			if metrics[name] == nil {
				t.Errorf("%s sends to %s, which the monitor doesn't have", alert, name)
			}
		}
		if s := r.Labels["severity"]; s != "warning" && s != "critical" {
			t.Errorf("%s: severity %q", alert, s)
		}
		if r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
			t.Errorf("%s says nothing", alert)
		}
	}
}

// unitTests is a file in the format of "promtool test rules", as far as it is used here.
type unitTests struct {
	RuleFiles []string       `yaml:"rule_files"`
	Interval  model.Duration `yaml:"evaluation_interval"`
	Tests     []struct {
		Interval model.Duration `yaml:"interval"`
		Series   []struct {
			Series string `yaml:"series"`
			Values string `yaml:"values"`
		} `yaml:"input_series"`
		Alerts []struct {
			At    model.Duration `yaml:"eval_time"`
			Alert string         `yaml:"alertname"`
			Want  []struct {
				Labels      map[string]string `yaml:"exp_labels"`
				Annotations map[string]string `yaml:"exp_annotations"`
			} `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
	} `yaml:"tests"`
}

func TestTheRulesFireAsTheirUnitTestsSay(t *testing.T) {
	file, err := os.Open("prometheus/evtctl.rules_test.yml")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var units unitTests
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	if err := decoder.Decode(&units); err != nil {
		t.Fatal(err)
	}
	if len(units.RuleFiles) != 1 || units.RuleFiles[0] != filepath.Base(rulesFile) || units.Interval == 0 {
		t.Errorf("it is about %v, each %s", units.RuleFiles, units.Interval)
	}
	list, fires, quiet := rules(t), map[string]bool{}, map[string]bool{}
	for _, unit := range units.Tests {
		p := newServer(t)
		for _, s := range unit.Series {
			p.add(t, s.Series+" "+s.Values, time.Duration(unit.Interval))
		}
		for _, a := range unit.Alerts {
			r, there := list[a.Alert]
			if !there {
				t.Errorf("there is no alert %s", a.Alert)
				continue
			}
			want := []firing{}
			for _, w := range a.Want {
				want = append(want, firing{w.Labels, w.Annotations})
			}
			got := p.firings(t, r, time.Duration(units.Interval), time.Duration(a.At))
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s at %s (-want +got):\n%s", a.Alert, a.At, diff)
			}
			fires[a.Alert] = fires[a.Alert] || len(want) > 0
			quiet[a.Alert] = quiet[a.Alert] || len(want) == 0
		}
	}
	for alert := range list {
		if !fires[alert] || !quiet[alert] {
			t.Errorf("no unit test has %s fire, or none has it quiet", alert)
		}
	}
}
