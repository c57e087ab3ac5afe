package commands

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/lag"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/expfmt"
	"github.com/spf13/cobra"
)

// lagExportOptions is what "evtctl lag export" was asked, parsed and checked.
type lagExportOptions struct {
	Env     *Env
	Request lag.Request
	Limits  lag.Limits
	Listen  string
	MaxAge  time.Duration
}

func newLagExportCmd(env *Env, run func(context.Context, *lagExportOptions) error) *cobra.Command {
	opts := &lagExportOptions{Env: env}
	flags := &lagFlags{}
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Serve the lag as Prometheus metrics",
		Long: `Serve the lag of all groups as Prometheus metrics on /metrics, under the names
that dashboards for Kafka already use: kafka_consumergroup_lag,
kafka_consumergroup_lag_seconds and so on. The cluster is asked when a scrape
comes and the answer is older than --max-age; scrapes in between get the same
answer. evtctl_up tells whether the last question was answered.`,
		Example: `  evtctl lag export
  evtctl lag export --listen 127.0.0.1:9308 --max-age 30s
  evtctl lag -o prometheus > /var/lib/node_exporter/lag.prom`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if opts.Request, opts.Limits, err = flags.parse(); err != nil {
				return err
			}
			if err := checkAddress(opts.Listen, ":9308"); err != nil {
				return err
			}
			if opts.MaxAge < 0 {
				return usagef("such as --max-age 15s", "--max-age %s is negative", opts.MaxAge)
			}
			return run(cmd.Context(), opts)
		},
	}
	flags.register(cmd, env)
	cmd.Flags().StringVar(&opts.Listen, "listen", ":9308", "the `address` to serve on")
	cmd.Flags().DurationVar(&opts.MaxAge, "max-age", 15*time.Second, "how old an answer may be before the cluster is asked again")
	return cmd
}

func runLagExport(ctx context.Context, opts *lagExportOptions) error {
	cl, settings, err := opts.Env.Open(ctx)
	if err != nil {
		return err
	}
	defer cl.Close()
	exporter := &lagExporter{env: opts.Env, maxAge: opts.MaxAge, ask: func(ctx context.Context) (*lag.Report, error) {
		report, err := within(ctx, settings, collectLag(cl, settings, opts.Request))
		if err == nil {
			lag.Judge(report, opts.Limits)
		}
		return report, err
	}}
	listener, err := listen(opts.Listen)
	if err != nil {
		return err
	}
	render.Message(opts.Env.Streams, render.Plain, "serving http://%s/metrics; Ctrl-C ends it", listener.Addr())
	return serve(ctx, listener, exporter.handler())
}

// checkAddress tells whether --listen can be one.
func checkAddress(address, example string) error {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return usagef("such as --listen "+example+" or --listen 127.0.0.1"+example, "--listen %q is no address", address)
	}
	return nil
}

// listen takes an address for metrics.
func listen(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, &hintedError{fmt.Errorf("serving metrics on %s: %w", address, err), "choose another address with --listen"}
	}
	return listener, nil
}

// handler is what the exporter answers to.
func (e *lagExporter) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", e.serveMetrics)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "evtctl lag export: metrics are at /metrics\n")
	})
	return mux
}

// serve answers until ctx ends, which is how an exporter is meant to end.
func serve(ctx context.Context, l net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if server.Shutdown(bounded) != nil {
			server.Close()
		}
	})
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving metrics on %s: %w", l.Addr(), err)
	}
	<-ended // scrapes under way get their answer
	return nil
}

// lagExporter keeps an answer between scrapes. A scrape that comes while the
// cluster is being asked waits for the same answer.
type lagExporter struct {
	env    *Env
	maxAge time.Duration
	ask    func(context.Context) (*lag.Report, error)

	mu    sync.Mutex
	last  *lag.Report // nil when the last question failed
	at    time.Time   // of the last question
	took  time.Duration
	asked bool
}

var (
	descUp   = prometheus.NewDesc("evtctl_up", "Whether the cluster answered the last question.", nil, nil)
	descTook = prometheus.NewDesc("evtctl_collect_duration_seconds", "How long the last question took.", nil, nil)
	descAge  = prometheus.NewDesc("evtctl_collect_age_seconds", "How old the answer is.", nil, nil)
)

func (e *lagExporter) serveMetrics(w http.ResponseWriter, r *http.Request) {
	registry := prometheus.NewRegistry()
	report := e.refresh(r.Context(), registry)
	if report != nil {
		registry.MustRegister(lag.Metrics(report))
	}
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}).ServeHTTP(w, r)
}

// refresh gives the answer, asking for a new one when it is too old.
func (e *lagExporter) refresh(ctx context.Context, registry *prometheus.Registry) *lag.Report {
	e.mu.Lock()
	defer e.mu.Unlock()
	if now := e.env.Now(); !e.asked || now.Sub(e.at) >= e.maxAge {
		// Other scrapes share the answer: this one's end must not spoil it.
		report, err := e.ask(context.WithoutCancel(ctx))
		e.last, e.at, e.took, e.asked = report, e.env.Now(), e.env.Now().Sub(now), true
		if err != nil {
			failure := Exit(err)
			render.Error(e.env.Streams, "%s", failure.Message)
		}
	}
	up := 0.0
	if e.last != nil {
		up = 1
	}
	registry.MustRegister(constant{descUp, up}, constant{descTook, e.took.Seconds()})
	if e.last != nil {
		registry.MustRegister(constant{descAge, e.env.Now().Sub(e.at).Seconds()})
	}
	return e.last
}

// constant is a collector of one number.
type constant struct {
	desc  *prometheus.Desc
	value float64
}

func (c constant) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }
func (c constant) Collect(ch chan<- prometheus.Metric) {
	ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, c.value)
}

// printMetrics writes a collector's metrics as the answer. Names are foreign text,
// and the format leaves ESC as it is: a terminal gets them escaped.
func printMetrics(s *render.Streams, c prometheus.Collector) error {
	if !s.OutTTY {
		return writeMetrics(s.Out, c)
	}
	var text bytes.Buffer
	if err := writeMetrics(&text, c); err != nil {
		return err
	}
	for line := range strings.Lines(text.String()) {
		if err := render.Line(s, render.Plain, "%s", strings.TrimSuffix(line, "\n")); err != nil {
			return err
		}
	}
	return nil
}

// writeMetrics writes what a collector has in Prometheus's text format.
func writeMetrics(w io.Writer, c prometheus.Collector) error {
	registry := prometheus.NewRegistry()
	if err := registry.Register(c); err != nil {
		return fmt.Errorf("writing metrics: %w", err)
	}
	families, err := registry.Gather()
	if err != nil {
		return fmt.Errorf("writing metrics: %w", err)
	}
	encoder := expfmt.NewEncoder(w, expfmt.NewFormat(expfmt.TypeTextPlain))
	for _, f := range families {
		if err := encoder.Encode(f); err != nil {
			return fmt.Errorf("writing metrics: %w", err)
		}
	}
	return nil
}
