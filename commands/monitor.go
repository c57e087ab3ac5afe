package commands

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/doctor/health"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/spf13/cobra"
)

// monitorOptions is what "evtctl monitor" was asked, parsed and checked.
type monitorOptions struct {
	Env    *Env
	Config health.Config
	Listen string
	Every  time.Duration
}

func newMonitorCmd(env *Env, run func(context.Context, *monitorOptions) error) *cobra.Command {
	opts := &monitorOptions{Env: env}
	flags := &healthFlags{}
	cmd := &cobra.Command{
		Use:   "monitor",
		Short: "Serve all figures of health as Prometheus metrics",
		Long: `Serve all figures of "evtctl health" as Prometheus metrics on /metrics, with those
of "evtctl lag export". The cluster is looked at in the background, each --every
anew; a scrape gets the last answer, and the first one waits for it. When the
cluster doesn't answer, evtctl_up is 0 and the figures are gone: none is old.

/healthz answers 200 while the last look succeeded and isn't older than three times
--every, or three times --window and --timeout where a look may take longer than that;
else 503 with the reason.

deploy/prometheus has alert rules for these metrics, deploy/grafana a dashboard.`,
		Example: `  evtctl monitor
  evtctl monitor --listen 127.0.0.1:9309 --every 1m --max-latency 30s`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if opts.Config, err = flags.parse(); err != nil {
				return err
			}
			if err := checkAddress(opts.Listen, ":9309"); err != nil {
				return err
			}
			if opts.Every < time.Second {
				return usagef("such as --every 30s", "--every %s is less than a second", opts.Every)
			}
			return run(cmd.Context(), opts)
		},
	}
	flags.register(cmd, env)
	cmd.Flags().StringVar(&opts.Listen, "listen", ":9309", "the `address` to serve on")
	cmd.Flags().DurationVar(&opts.Every, "every", 30*time.Second, "the time from one look to the next")
	return cmd
}

func runMonitor(ctx context.Context, opts *monitorOptions) error {
	office, err := opts.Env.openDLQ(ctx)
	if err != nil {
		return err
	}
	defer office.client.Close()
	listener, err := listen(opts.Listen)
	if err != nil {
		return err
	}
	opts.Config.Tally = new(health.Tally)
	m := newMonitor(opts.Env, opts.Every, opts.Config.Window+office.settings.Timeout, func(ctx context.Context) (*health.Report, error) {
		r, err := collectHealth(ctx, opts.Env, office, opts.Config)
		if err == nil {
			health.Judge(r, opts.Config.Limits, health.Commands{})
		}
		return r, err
	})
	render.Message(opts.Env.Streams, render.Plain, "serving http://%s/metrics; Ctrl-C ends it", listener.Addr())
	looking, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); m.lookOn(looking) }()
	err = serve(ctx, listener, m.handler())
	stop()
	<-ended
	return err
}

// monitor keeps the last answer.
type monitor struct {
	env   *Env
	every time.Duration
	most  time.Duration // that a look takes in a cluster that answers
	ask   func(context.Context) (*health.Report, error)

	asked chan struct{} // closed when the first answer is there

	mu      sync.Mutex
	last    *health.Report // nil when the last look failed
	problem string
	at      time.Time // of the last look's end
	took    time.Duration
}

func newMonitor(env *Env, every, most time.Duration, ask func(context.Context) (*health.Report, error)) *monitor {
	return &monitor{env: env, every: every, most: most, ask: ask, asked: make(chan struct{})}
}

// lookOn looks again and again until ctx ends. The time between is counted from
// beginning to beginning; a look that takes longer is followed by the next at once.
func (m *monitor) lookOn(ctx context.Context) {
	first := sync.OnceFunc(func() { close(m.asked) })
	tick := time.NewTicker(m.every)
	defer tick.Stop()
	for {
		m.look(ctx)
		if ctx.Err() != nil {
			return
		}
		first()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (m *monitor) look(ctx context.Context) {
	begun := m.env.Now()
	r, err := m.ask(ctx)
	if ctx.Err() != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last, m.problem, m.at = r, "", m.env.Now()
	m.took = m.at.Sub(begun)
	if err != nil {
		m.last, m.problem = nil, Exit(err).Message
		render.Error(m.env.Streams, "%s", m.problem)
	}
}

func (m *monitor) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", m.serveMetrics)
	mux.HandleFunc("GET /healthz", m.serveHealthz)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "evtctl monitor: metrics are at /metrics, and whether it works at /healthz\n")
	})
	return mux
}

func (m *monitor) serveMetrics(w http.ResponseWriter, r *http.Request) {
	select {
	case <-m.asked:
	case <-r.Context().Done():
		http.Error(w, "the first look has not ended yet", http.StatusServiceUnavailable)
		return
	}
	m.mu.Lock()
	last, age, took := m.last, m.env.Now().Sub(m.at), m.took
	m.mu.Unlock()
	registry := prometheus.NewRegistry()
	up := 0.0
	if last != nil {
		up = 1
		registry.MustRegister(healthMetrics{last}, constant{descAge, age.Seconds()})
	}
	registry.MustRegister(constant{descUp, up}, constant{descTook, took.Seconds()})
	// Two names that are one label cost their own samples, and not the scrape.
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}).ServeHTTP(w, r)
}

func (m *monitor) serveHealthz(w http.ResponseWriter, _ *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	age := m.env.Now().Sub(m.at)
	switch {
	case m.at.IsZero():
		http.Error(w, "the first look has not ended yet", http.StatusServiceUnavailable)
	case m.problem != "":
		http.Error(w, m.problem, http.StatusServiceUnavailable)
	case age > 3*max(m.every, m.most):
		http.Error(w, fmt.Sprintf("the last look is %s old", age.Round(time.Second)), http.StatusServiceUnavailable)
	default:
		io.WriteString(w, "ok\n")
	}
}

// healthMetrics are all metrics of a report, those of its lag with them.
type healthMetrics struct{ report *health.Report }

func (h healthMetrics) Describe(ch chan<- *prometheus.Desc) {
	health.Metrics(h.report).Describe(ch)
	health.LagMetrics(h.report).Describe(ch)
}

func (h healthMetrics) Collect(ch chan<- prometheus.Metric) {
	health.Metrics(h.report).Collect(ch)
	health.LagMetrics(h.report).Collect(ch)
}
