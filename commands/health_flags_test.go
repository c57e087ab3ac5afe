package commands

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/internal/doctor/health"
	"github.com/evtctl/evtctl/lag"
)

// askedHealth gives what "evtctl health" makes of its flags and a contexts file.
func askedHealth(t *testing.T, file string, args ...string) (got *healthOptions, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	env := &Env{Getenv: func(key string) string { return map[string]string{"EVTCTL_CONFIG": path}[key] }}
	env.Flags.Output = "table"
	cmd := newHealthCmd(env, func(_ context.Context, o *healthOptions) error { got = o; return nil })
	cmd.SetArgs(args)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err = cmd.ExecuteContext(t.Context())
	if err != nil { // the hint is what the test looks at, without the folder's name
		err = &hintedError{err, strings.ReplaceAll(err.Error(), path, "FILE")}
	}
	return got, err
}

const healthFile = `
current: shop
contexts:
  shop:
    brokers: [kafka-1:9092]
    health: {max_lag: 50k, max_latency: 45s}
  other:
    brokers: [kafka-2:9092]
health:
  max_lag: 20k
  max_letters: 20/10m
  max_rebalances: 12
  fail_on: warning
  window: 0s
`

func TestLimitsComeFromFlagsContextAndFileInThisOrder(t *testing.T) {
	for name, test := range map[string]struct {
		file   string
		args   []string
		change func(*healthOptions)
	}{
		"nothing is set": {"", nil, func(*healthOptions) {}},
		"a context before the file": {healthFile, nil, func(o *healthOptions) {
			o.Config.Window, o.FailOn = 0, lag.Warning
			o.Config.Limits.Lag.Critical, o.Config.Limits.MaxLatency, o.Config.Limits.Rebalances = 50_000, 45*time.Second, 12
			o.Config.Limits.MaxLetters = health.Rate{Letters: 20, Window: 10 * time.Minute}
		}},
		"flags before both": {healthFile, []string{"--max-lag", "5k", "--max-latency", "none", "--fail-on", "critical", "--window", "7s"}, func(o *healthOptions) {
			o.Config.Window = 7 * time.Second
			o.Config.Limits.Lag = lag.Limits{Warn: 5000, Critical: 5000} // the default warning gives way
			o.Config.Limits.Rebalances, o.Config.Limits.MaxLetters = 12, health.Rate{Letters: 20, Window: 10 * time.Minute}
		}},
		"all flags": {"", []string{
			"--warn-lag", "none", "--max-lag", "none", "--max-time-lag", "5m", "--warn-letters", "none", "--max-letters", "5/1h", "--max-rebalances", "none",
			"--warn-latency", "1s", "--max-latency", "2s", "--warn-expiry", "2d", "--critical-expiry", "1d", "--max-transaction", "10m", "--no-history", "--html", "x.html",
		}, func(o *healthOptions) {
			o.HTML, o.Config.History = "x.html", -1
			o.Config.Limits = health.Limits{
				Lag: lag.Limits{Warn: -1, Critical: -1, MaxTimeLag: 5 * time.Minute}, WarnLetters: health.Rate{None: true}, MaxLetters: health.Rate{Letters: 5, Window: time.Hour},
				Rebalances: -1, WarnLatency: time.Second, MaxLatency: 2 * time.Second, WarnExpiry: 48 * time.Hour, CriticalExpiry: 24 * time.Hour, Transaction: 10 * time.Minute,
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := askedHealth(t, test.file, test.args...)
			if err != nil {
				t.Fatal(err)
			}
			want := &healthOptions{Config: health.Config{Window: health.DefaultWindow, Limits: health.DefaultLimits}, FailOn: lag.Critical, Format: "table"}
			test.change(want)
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(healthOptions{}, "Env", "Next"), cmpopts.IgnoreFields(health.Config{}, "Now", "Word", "Looked")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestHealthRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		file string
		args []string
		says string
	}{
		"a lag that is no number":          {"", []string{"--max-lag", "5x"}, `--max-lag "5x" is not a number of records`},
		"a number of the file that is no":  {"health: {max_lag: 5x}", nil, `FILE: health.max_lag "5x" is not a number of records`},
		"a time of a context that is none": {"current: a\ncontexts: {a: {health: {max_latency: soon}}}", nil, `FILE: contexts.a.health.max_latency "soon" is no time`},
		"a key that is none":               {"health: {max_lags: 5}", nil, `unknown key "health.max_lags"`},
		"a window that is none":            {"", []string{"--window", "none"}, `--window "none" is no time`},
		"a negative time":                  {"", []string{"--max-latency", "-1s"}, `--max-latency "-1s" is no time`},
		"a rate without a time":            {"", []string{"--max-letters", "10"}, `--max-letters "10" is no number of letters and a time`},
		"limits the wrong way round":       {"", []string{"--warn-lag", "10", "--max-lag", "5"}, "--warn-lag 10 is over --max-lag 5"},
		"latencies the wrong way round":    {"", []string{"--warn-latency", "10s", "--max-latency", "5s"}, "--warn-latency 10s is over --max-latency 5s"},
		"expiries the wrong way round":     {"", []string{"--warn-expiry", "1h", "--critical-expiry", "2h"}, "--critical-expiry 2h is over --warn-expiry 1h"},
		"a verdict that is none":           {"", []string{"--fail-on", "bad"}, `--fail-on: verdict "bad" is neither`},
		"an argument":                      {"", []string{"orders"}, "orders"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := askedHealth(t, test.file, test.args...)
			if err == nil {
				t.Fatal("no error")
			}
			if f := Exit(err); !strings.Contains(f.Hint, test.says) {
				t.Errorf("%q, want %q", f.Hint, test.says)
			}
		})
	}
}

func TestTheContextsFileKeepsLimitsWhenItIsSaved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(healthFile), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := cluster.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := config.Use("other"); err != nil {
		t.Fatal(err)
	}
	if err := config.Save(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Replace(healthFile, "current: shop", "current: other", 1); string(text) != want {
		t.Errorf("saved\n%s", text)
	}
}
