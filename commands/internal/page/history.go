package page

import (
	"fmt"
	"strings"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/doctor/health"
	"github.com/evtctl/evtctl/lag"
)

// lineChart is one value over the window, in a drawing of lineWidth by lineHeight.
type lineChart struct {
	Title, From, To, Least, Most, Last string
	Points                             string // of a polyline
}

const lineWidth, lineHeight = 300.0, 60.0

// historyCharts shows what changed within the window. A value that isn't known at two
// moments has no chart.
func historyCharts(r *health.Report) (charts []lineChart) {
	for _, series := range []struct {
		title string
		of    func(*health.Sample) lag.Int
	}{
		{"Lag of all groups", func(s *health.Sample) lag.Int { return s.Lag }},
		{"Letters written, ever", func(s *health.Sample) lag.Int { return s.Letters }},
		{"Groups that rebalance", func(s *health.Sample) lag.Int { return s.Rebalancing }},
		{"Partitions without all replicas", func(s *health.Sample) lag.Int { return s.UnderReplicated }},
	} {
		var at []time.Time
		var values []int64
		for i := range r.History {
			if n := series.of(&r.History[i]); n.Known() {
				at, values = append(at, r.History[i].At), append(values, int64(n))
			}
		}
		if len(values) > 1 {
			charts = append(charts, newLineChart(series.title, at, values))
		}
	}
	return charts
}

func newLineChart(title string, at []time.Time, values []int64) lineChart {
	least, most := values[0], values[0]
	for _, n := range values {
		least, most = min(least, n), max(most, n)
	}
	first, last := at[0], at[len(at)-1]
	var points strings.Builder
	for i, n := range values {
		x, y := lineWidth*float64(i)/float64(len(values)-1), lineHeight/2
		if span := last.Sub(first); span > 0 {
			x = lineWidth * float64(at[i].Sub(first)) / float64(span)
		}
		if most > least {
			y = lineHeight * float64(most-n) / float64(most-least)
		}
		fmt.Fprintf(&points, "%.1f,%.1f ", x, y)
	}
	return lineChart{
		Title: title, From: first.Format(time.TimeOnly), To: last.Format(time.TimeOnly),
		Least: render.Count(least), Most: render.Count(most), Last: render.Count(values[len(values)-1]),
		Points: strings.TrimSpace(points.String()),
	}
}
