package commands

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/lag"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParseLimit(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "500": 500, "10k": 10_000, "1.5k": 1500, "1M": 1_000_000, "2.5M": 2_500_000, "none": -1,
	} {
		if got, err := parseLimit("--warn", s); err != nil || got != want {
			t.Errorf("parseLimit(%q) = %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "k", "-1", "1.5", "1e99", "10 k", "10K", "NaN", "Inf", "0x10", "9007199254740993"} {
		if got, err := parseLimit("--warn", s); err == nil {
			t.Errorf("parseLimit(%q) = %d, want an error", s, got)
		}
	}
}

// checkOptions gives what "lag check" makes of its flags.
func checkOptions(t *testing.T, args ...string) (got *lagCheckOptions, err error) {
	t.Helper()
	env := &Env{Getenv: func(string) string { return "" }}
	env.Flags.Output = "table"
	cmd := newLagCheckCmd(env, func(_ context.Context, o *lagCheckOptions) error { got = o; return nil })
	cmd.SetArgs(args)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err = cmd.ExecuteContext(t.Context())
	return got, err
}

func TestLagCheckFlags(t *testing.T) {
	got, err := checkOptions(t, "-g", "a", "-g", "b", "-t", "orders", "--critical", "5k", "--max-time-lag", "5m",
		"--for", "3", "--every", "1s", "--fail-on", "warning")
	if err != nil {
		t.Fatal(err)
	}
	want := &lagCheckOptions{
		Request: lag.Request{Groups: []string{"a", "b"}, Topics: []string{"orders"}, MaxPositions: 1 << 30},
		// The default warning limit gives way to a lower critical one.
		Limits:  lag.Limits{Warn: 5000, Critical: 5000, MaxTimeLag: 5 * time.Minute},
		Samples: 3, Every: time.Second, FailOn: lag.Warning, Format: render.Table,
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(lagCheckOptions{}, "Env"), cmpopts.IgnoreFields(lag.Request{}, "Now")); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
}

func TestLagCheckRefuses(t *testing.T) {
	for name, args := range map[string][]string{
		"no group":                        {},
		"an empty group":                  {"-g", ""},
		"an empty topic":                  {"-g", "a", "-t", ""},
		"no look":                         {"-g", "a", "--for", "0"},
		"no time between":                 {"-g", "a", "--for", "2", "--every", "0s"},
		"another verdict":                 {"-g", "a", "--fail-on", "ok"},
		"a negative time":                 {"-g", "a", "--max-time-lag", "-5m"},
		"limits the wrong way":            {"-g", "a", "--warn", "2k", "--critical", "1k"},
		"a limit for what isn't measured": {"-g", "a", "--max-time-lag", "5m", "--time-lag", "never"},
		"another way to measure":          {"-g", "a", "--time-lag", "sometimes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := checkOptions(t, args...)
			if f := Exit(err); f.Code != ExitUsage || f.Hint == "" {
				t.Errorf("%v: %+v, want exit code 2 with a hint", args, f)
			}
		})
	}
}

func TestDrainInWords(t *testing.T) {
	for name, c := range map[string]struct {
		movement lag.Movement
		want     string
	}{
		"no rates yet":                  {lag.Movement{In: math.NaN(), Out: math.NaN(), Drain: -1}, ""},
		"nothing to catch up":           {lag.Movement{In: 50, Out: 50}, "-"},
		"catching up":                   {lag.Movement{In: 1, Out: 3, Drain: 90 * time.Second}, "1m 30s"},
		"keeping pace, never at zero":   {lag.Movement{In: 50, Out: 49, Drain: -1}, "steady"},
		"falling behind":                {lag.Movement{In: 50, Out: 17, Drain: -1}, "never"},
		"standing still on old records": {lag.Movement{In: 0, Out: 0, Drain: -1}, "never"},
	} {
		if got := drain(watchRow{movement: c.movement}); got != c.want {
			t.Errorf("%s: drain = %q, want %q", name, got, c.want)
		}
	}
}
