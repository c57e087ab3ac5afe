package deploy

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/template"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// prometheusServer evaluates rules over series that a test gives, beginning at the time
// zero as promtool does. Expressions and templates are Prometheus's own; its storage and
// the loop around its rules, which bring hundreds of packages, are these few lines.
type prometheusServer struct {
	engine *promql.Engine
	series []storage.Series
}

func newServer(t *testing.T) *prometheusServer {
	t.Helper()
	e := promql.NewEngine(promql.EngineOpts{MaxSamples: 100_000, Timeout: time.Minute, LookbackDelta: 5 * time.Minute, Parser: promQL})
	t.Cleanup(func() { _ = e.Close() })
	return &prometheusServer{engine: e}
}

// add takes a series in the notation of promtool's tests, a value for each interval.
func (p *prometheusServer) add(t *testing.T, notation string, interval time.Duration) {
	t.Helper()
	names, values, err := promQL.ParseSeriesDesc(notation)
	if err != nil {
		t.Fatalf("%q: %v", notation, err)
	}
	var samples []chunks.Sample
	for i, v := range values {
		if !v.Omitted {
			samples = append(samples, sample{(time.Duration(i) * interval).Milliseconds(), v.Value})
		}
	}
	p.series = append(p.series, storage.NewListSeries(names, samples))
}

// query evaluates an expression at a time.
func (p *prometheusServer) query(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
	q, err := p.engine.NewInstantQuery(ctx, p, nil, expr, at)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	return q.Exec(ctx).Vector()
}

// firing is an alert as who is woken gets it.
type firing struct{ Labels, Annotations map[string]string }

// firings evaluates a rule, each interval up to a time, and gives what fires then.
func (p *prometheusServer) firings(t *testing.T, r rulefmt.Rule, every, until time.Duration) (list []firing) {
	t.Helper()
	since := map[uint64]time.Duration{}
	for at := time.Duration(0); at <= until; at += every {
		vector, err := p.query(t.Context(), r.Expr, time.UnixMilli(at.Milliseconds()))
		if err != nil {
			t.Fatalf("%s: %v", r.Alert, err)
		}
		list = nil
		active := map[uint64]time.Duration{}
		for _, s := range vector {
			id := s.Metric.Hash()
			active[id] = at
			if began, had := since[id]; had {
				active[id] = began
			}
			if at-active[id] >= time.Duration(r.For) {
				list = append(list, p.firing(t, r, s, at))
			}
		}
		since = active
	}
	return list
}

func (p *prometheusServer) firing(t *testing.T, r rulefmt.Rule, s promql.Sample, at time.Duration) firing {
	t.Helper()
	data := template.AlertTemplateData(s.Metric.Map(), nil, "", s)
	expand := func(text string) string {
		const names = "{{$labels := .Labels}}{{$value := .Value}}"
		ask := func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
			return p.query(ctx, expr, at)
		}
		result, err := template.NewTemplateExpander(t.Context(), names+text, r.Alert, data, model.Time(at.Milliseconds()), ask, nil, nil).Expand()
		if err != nil {
			t.Errorf("%s: %v", r.Alert, err)
		}
		return result
	}
	f := firing{s.Metric.Map(), map[string]string{}}
	delete(f.Labels, model.MetricNameLabel)
	for name, text := range r.Labels {
		f.Labels[name] = expand(text)
	}
	for name, text := range r.Annotations {
		f.Annotations[name] = expand(text)
	}
	return f
}

// Querier implements [storage.Queryable].
func (p *prometheusServer) Querier(int64, int64) (storage.Querier, error) {
	return &storage.MockQuerier{SelectMockFunction: func(_ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
		found := &set{at: -1}
		for _, s := range p.series {
			if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(s.Labels().Get(m.Name)) }) {
				found.series = append(found.series, s)
			}
		}
		return found
	}}, nil
}

// set implements [storage.SeriesSet].
type set struct {
	series []storage.Series
	at     int
}

func (s *set) Next() bool                        { s.at++; return s.at < len(s.series) }
func (s *set) At() storage.Series                { return s.series[s.at] }
func (s *set) Err() error                        { return nil }
func (s *set) Warnings() annotations.Annotations { return nil }

// sample implements [chunks.Sample].
type sample struct {
	at    int64 // milliseconds
	value float64
}

func (s sample) T() int64                      { return s.at }
func (s sample) ST() int64                     { return 0 }
func (s sample) F() float64                    { return s.value }
func (s sample) H() *histogram.Histogram       { return nil }
func (s sample) FH() *histogram.FloatHistogram { return nil }
func (s sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (s sample) Copy() chunks.Sample           { return s }
