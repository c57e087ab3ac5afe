//lint:file-ignore SA1019 a dashboard in a file has the classic form, and not that of the API

package deploy

import (
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// board gives the dashboard as Grafana's schema reads it: a field that the schema, or
// that of a panel or a query, doesn't know is an error.
func board(t *testing.T) (d dashboard.Dashboard, text []byte) {
	t.Helper()
	kinds := cog.NewRuntime()
	kinds.RegisterPanelcfgVariant(bargauge.VariantConfig())
	kinds.RegisterPanelcfgVariant(stat.VariantConfig())
	kinds.RegisterPanelcfgVariant(timeseries.VariantConfig())
	kinds.RegisterDataqueryVariant(prometheus.VariantConfig())
	text, err := os.ReadFile("grafana/evtctl.json")
	if err != nil {
		t.Fatal(err)
	}
	if d, err = strictly(text); err != nil {
		t.Fatal(err)
	}
	if err := d.Validate(); err != nil {
		t.Error(err)
	}
	return d, text
}

// strictly reads a dashboard twice. The strict reader says what is wrong, and leaves the
// panels out since its errors are never nil, but empty.
func strictly(text []byte) (d dashboard.Dashboard, err error) {
	var problems cog.BuildErrors
	if err := d.UnmarshalJSONStrict(text); !errors.As(err, &problems) || len(problems) > 0 {
		return d, err
	}
	d = dashboard.Dashboard{}
	return d, json.Unmarshal(text, &d)
}

// panels gives the panels of a dashboard, which has no rows.
func panels(t *testing.T, d dashboard.Dashboard) (list []dashboard.Panel) {
	t.Helper()
	for _, p := range d.Panels {
		if p.Panel == nil {
			t.Fatalf("%+v is no panel", p)
		}
		list = append(list, *p.Panel)
	}
	return list
}

// variable is how a query names one.
var variable = regexp.MustCompile(`\$\{?([a-z]+)\}?`)

func TestGrafanaLoadsTheDashboard(t *testing.T) {
	d, text := board(t)
	if d.Uid == nil || *d.Uid == "" || d.Title == nil || *d.Title == "" || len(d.Panels) == 0 {
		t.Errorf("%+v", d)
	}
	ids, metrics := map[uint32]bool{}, served(t)
	for _, p := range panels(t, d) {
		if _, known := cog.ConfigForPanelcfgVariant(p.Type); !known {
			t.Errorf("a panel of type %q was not looked at strictly", p.Type)
		}
		if p.Id == nil || ids[*p.Id] || p.Title == nil || *p.Title == "" || len(p.Targets) == 0 {
			t.Errorf("%+v", p)
			continue
		}
		ids[*p.Id] = true
		if p.GridPos == nil || p.GridPos.W == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("%s lies at %+v", *p.Title, p.GridPos)
		}
		for _, target := range p.Targets {
			query, ok := target.(*prometheus.Dataquery)
			if !ok {
				t.Errorf("%s: %T is no query for Prometheus", *p.Title, target)
				continue
			}
			check(t, *p.Title, variable.ReplaceAllString(query.Expr, "x"), metrics)
		}
	}
	for _, used := range variable.FindAllStringSubmatch(string(text), -1) {
		if !variables(d)[used[1]] {
			t.Errorf("there is no variable %s", used[0])
		}
	}
}

func variables(d dashboard.Dashboard) map[string]bool {
	names := map[string]bool{}
	for _, v := range d.Templating.List {
		names[v.Name] = true
	}
	return names
}

// labelValues is what Grafana's variables ask Prometheus for.
var labelValues = regexp.MustCompile(`^label_values\((.+), ([a-z]+)\)$`)

func TestTheVariablesOfTheDashboardHaveValues(t *testing.T) {
	d, _ := board(t)
	metrics, asked := served(t), 0
	for _, v := range d.Templating.List {
		if v.Type != dashboard.VariableTypeQuery {
			continue
		}
		asked++
		raw, err := json.Marshal(v.Query)
		if err != nil {
			t.Fatal(err)
		}
		var query struct{ Query string }
		if err := json.Unmarshal(raw, &query); err != nil {
			t.Fatalf("%s: %v: %s", v.Name, err, raw)
		}
		parts := labelValues.FindStringSubmatch(query.Query)
		if parts == nil {
			t.Errorf("%s: %q asks for no values of a label", v.Name, query.Query)
			continue
		}
		check(t, v.Name, "count by ("+parts[2]+") ("+parts[1]+")", metrics)
	}
	if asked != 3 {
		t.Errorf("%d variables ask for their values, want 3", asked)
	}
}

func TestAFieldThatGrafanaDoesNotKnowIsFound(t *testing.T) {
	_, text := board(t)
	for known, wrong := range map[string]string{
		`"schemaVersion"`: `"schemaVersoin"`,
		`"gridPos"`:       `"gridPosition"`,
		`"legendFormat"`:  `"legendFromat"`,
		`"graphMode"`:     `"graphMood"`,
	} {
		damaged := strings.Replace(string(text), known, wrong, 1)
		if damaged == string(text) {
			t.Errorf("the dashboard has no %s", known)
		}
		if _, err := strictly([]byte(damaged)); err == nil {
			t.Errorf("%s passes", wrong)
		}
	}
}
