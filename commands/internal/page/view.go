package page

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/doctor/health"
	"github.com/evtctl/evtctl/lag"
)

// view is what the template shows: text that is worded already, and numbers for charts.
type view struct {
	Verdict, Cluster, Taken, Window string
	Counts                          []count
	Figures                         []figure
	Charts                          []barChart
	History                         []lineChart
	Notes                           []string
}

type count struct {
	Verdict string
	Figures int
}

type figure struct {
	Name, Verdict, Says, Limits, Measured string
	Findings                              []finding
	More                                  int
}

type finding struct{ Verdict, Evidence, Next string }

func newView(r *health.Report) view {
	v := view{
		Verdict: r.Verdict.String(), Cluster: r.ClusterID, Taken: r.TakenAt.Format(time.RFC3339), Window: "once",
		Notes: r.Notes,
	}
	if d := r.WindowSeconds.Seconds(); d > 0 {
		v.Window = "for " + render.Age(d)
	}
	byVerdict := map[lag.Verdict]int{}
	for i := range r.Figures {
		byVerdict[r.Figures[i].Verdict]++
		v.Figures = append(v.Figures, newFigure(&r.Figures[i]))
	}
	for _, verdict := range []lag.Verdict{lag.Critical, lag.Warning, lag.Uncertain, lag.OK} {
		if n := byVerdict[verdict]; n > 0 {
			v.Counts = append(v.Counts, count{verdict.String(), n})
		}
	}
	v.Charts = []barChart{lagChart(r), lettersChart(r), latencyChart(r), rebalancesChart(r)}
	v.History = historyCharts(r)
	return v
}

func newFigure(f *health.Figure) figure {
	out := figure{Name: string(f.Name), Verdict: f.Verdict.String(), Says: f.Says, Limits: f.Limit, Measured: f.Measured, More: f.More}
	for i := range f.Findings {
		out.Findings = append(out.Findings, finding{f.Findings[i].Verdict.String(), f.Findings[i].Evidence, f.Findings[i].Next})
	}
	return out
}

// barChart has the greatest values of something, each with its bar.
type barChart struct {
	Title, Caption string
	Bars           []bar
	More           int
	Empty          string // said where there are no bars
}

// bar is one of them: how long it is, of 100, and a second value within it.
type bar struct {
	Name, Value, Verdict string
	Length, Inner        float64
	HasInner             bool

	value, inner float64
}

// maxBars bounds the bars of a chart.
const maxBars = 25

// measure sorts the bars, keeps the greatest, and gives them their lengths.
func (c barChart) measure() barChart {
	slices.SortStableFunc(c.Bars, func(a, b bar) int { return cmp.Compare(b.value, a.value) })
	if c.More = max(0, len(c.Bars)-maxBars); c.More > 0 {
		c.Bars = c.Bars[:maxBars]
	}
	for i := range c.Bars {
		if most := c.Bars[0].value; most > 0 {
			c.Bars[i].Length, c.Bars[i].Inner = 100*c.Bars[i].value/most, 100*c.Bars[i].inner/most
		}
	}
	return c
}

// verdictsOf are those of a figure's findings, by group and topic.
func verdictsOf(r *health.Report, name health.Name) func(group, topic string) string {
	found := map[[2]string]lag.Verdict{}
	for i := range r.Figures {
		if r.Figures[i].Name != name {
			continue
		}
		for _, f := range r.Figures[i].Findings {
			found[[2]string{string(f.Group), ""}] = max(found[[2]string{string(f.Group), ""}], f.Verdict)
			found[[2]string{"", string(f.Topic)}] = max(found[[2]string{"", string(f.Topic)}], f.Verdict)
		}
	}
	return func(group, topic string) string { return found[[2]string{group, topic}].String() }
}

func lagChart(r *health.Report) barChart {
	c := barChart{Title: "Lag of partitions", Caption: "records that the group has not read", Empty: "no partition is behind"}
	if r.Lag == nil {
		c.Empty = "groups could not be read"
		return c
	}
	for i := range r.Lag.Groups {
		g := &r.Lag.Groups[i]
		for k := range g.Partitions {
			if p := &g.Partitions[k]; p.Lag.Known() && p.Lag > 0 {
				c.Bars = append(c.Bars, bar{
					Name:  fmt.Sprintf("%s · %s:%d", g.Name, p.Topic, p.Partition),
					Value: render.Count(int64(p.Lag)), Verdict: p.Verdict.String(), value: float64(p.Lag),
				})
			}
		}
	}
	return c.measure()
}

func lettersChart(r *health.Report) barChart {
	c := barChart{Title: "Dead letters", Caption: "letters in each topic; the darker part is undisposed", Empty: "no dead-letter topic has letters"}
	verdict := verdictsOf(r, health.LettersFigure)
	for i := range r.Queues {
		q := &r.Queues[i]
		if !q.Letters.Known() || q.Letters == 0 {
			continue
		}
		b := bar{Name: q.Topic, Value: render.Count(int64(q.Letters)), Verdict: verdict("", q.Topic), value: float64(q.Letters)}
		if q.Undisposed.Known() {
			b.inner, b.HasInner = float64(q.Undisposed), true
			b.Value += ", " + render.Count(int64(q.Undisposed)) + " undisposed"
		}
		c.Bars = append(c.Bars, b)
	}
	return c.measure()
}

func latencyChart(r *health.Report) barChart {
	c := barChart{Title: "From producing to consuming", Caption: "the slowest partition of each group; the darker part is the median", Empty: "no group has committed anything new that can be read"}
	verdict := verdictsOf(r, health.LatencyFigure)
	for i := range r.Groups {
		if g := &r.Groups[i]; g.Latency.Max.Known() {
			c.Bars = append(c.Bars, bar{
				Name: g.Name, Value: render.Age(g.Latency.Max.Seconds()) + ", median " + render.Age(g.Latency.Median.Seconds()),
				Verdict: verdict(g.Name, ""), value: float64(g.Latency.Max), inner: float64(g.Latency.Median), HasInner: true,
			})
		}
	}
	return c.measure()
}

func rebalancesChart(r *health.Report) barChart {
	c := barChart{Title: "Rebalances", Caption: "of each group, in the last hour", Empty: "no group has rebalanced"}
	if r.Past == nil {
		c.Caption = "of each group, as seen in the window"
	}
	verdict := verdictsOf(r, health.RebalancesFigure)
	for i := range r.Groups {
		g := &r.Groups[i]
		n := int64(g.Changes)
		if g.Rebalances.Known() {
			n = max(n, int64(g.Rebalances))
		}
		if n > 0 {
			c.Bars = append(c.Bars, bar{Name: g.Name, Value: render.Count(n), Verdict: verdict(g.Name, ""), value: float64(n)})
		}
	}
	return c.measure()
}
