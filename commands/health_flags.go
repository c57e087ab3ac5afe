package commands

import (
	"slices"
	"strings"
	"time"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/internal/doctor/health"
	"github.com/evtctl/evtctl/lag"
	"github.com/spf13/cobra"
)

// healthFlags are the limits that health and monitor have, as typed, or as the contexts
// file has them.
type healthFlags struct {
	env       *Env
	cmd       *cobra.Command
	values    map[string]*string
	places    map[string]string // of values that are from the contexts file
	noHistory bool
}

// healthLimits are the flags, with their defaults and what help says of them.
var healthLimits = []struct{ name, value, usage string }{
	{"window", "6s", "how `long` to look"},
	{"warn-lag", "10k", "a partition over so many `records` is a warning, or none"},
	{"max-lag", "100k", "a partition over so many `records` is critical, or none"},
	{"max-time-lag", "none", "a partition further behind than this `time` is critical, or none"},
	{"warn-letters", "1/1m", "more `letters/time` in a dead-letter topic are a warning, or none"},
	{"max-letters", "10/5m", "as many `letters/time` in a dead-letter topic are critical, or none"},
	{"max-rebalances", "3", "a group with more `rebalances` an hour is a warning, or none"},
	{"warn-latency", "none", "a group whose records take more `time` to be consumed is a warning, or none"},
	{"max-latency", "none", "a group whose records take more `time` to be consumed is critical, or none"},
	{"warn-expiry", "24h", "letters that retention may delete within this `time` are a warning"},
	{"critical-expiry", "1h", "letters that retention may delete within this `time` are critical"},
	{"max-transaction", "1m", "a transaction that is open for more `time` is a warning"},
}

func (f *healthFlags) register(cmd *cobra.Command, env *Env) {
	f.env, f.cmd, f.values, f.places = env, cmd, map[string]*string{}, map[string]string{}
	for _, l := range healthLimits {
		f.values[l.name] = cmd.Flags().String(l.name, l.value, l.usage)
	}
	cmd.Flags().BoolVar(&f.noHistory, "no-history", false, "don't read the last hour's rebalances and commits in __consumer_offsets")
}

// failOn adds the flag that only a command that ends with a verdict has.
func (f *healthFlags) failOn(cmd *cobra.Command) {
	f.values["fail-on"] = cmd.Flags().String("fail-on", "critical", "the `verdict` from which on to fail: warning or critical")
	complete(cmd, "fail-on", fixed("warning", "critical"))
}

// fill takes what no flag says from the contexts file.
func (f *healthFlags) fill() error {
	config, err := cluster.Load(f.env.configPath())
	if err != nil {
		return err
	}
	settings, err := f.env.Settings()
	if err != nil {
		return err
	}
	for _, v := range config.HealthOf(settings.Context) {
		name := strings.ReplaceAll(v.Key, "_", "-")
		if value := f.values[name]; value != nil && !f.cmd.Flags().Changed(name) {
			*value, f.places[name] = v.Value, v.Place
		}
	}
	return nil
}

// parse gives the question and its limits.
func (f *healthFlags) parse() (c health.Config, err error) {
	if err := f.fill(); err != nil {
		return c, err
	}
	p := healthParser{f: f}
	c.Now = f.env.Now
	c.Window = p.time("window", 0)
	c.Limits = health.Limits{
		Lag:         lag.Limits{Warn: p.records("warn-lag"), Critical: p.records("max-lag"), MaxTimeLag: p.time("max-time-lag", 0)},
		WarnLetters: p.rate("warn-letters"), MaxLetters: p.rate("max-letters"),
		Rebalances:  p.records("max-rebalances"),
		WarnLatency: p.time("warn-latency", 0), MaxLatency: p.time("max-latency", 0),
		WarnExpiry: p.time("warn-expiry", 0), CriticalExpiry: p.time("critical-expiry", 0),
		Transaction: p.time("max-transaction", time.Second),
	}
	l := &c.Limits
	if l.Lag.Critical >= 0 && !f.given("warn-lag") {
		l.Lag.Warn = min(l.Lag.Warn, l.Lag.Critical)
	}
	p.order("warn-lag", "max-lag", l.Lag.Critical >= 0 && l.Lag.Warn > l.Lag.Critical)
	p.order("warn-latency", "max-latency", l.MaxLatency > 0 && l.WarnLatency > l.MaxLatency)
	if !f.given("warn-expiry") {
		l.WarnExpiry = max(l.WarnExpiry, l.CriticalExpiry)
	}
	p.order("critical-expiry", "warn-expiry", l.CriticalExpiry > l.WarnExpiry)
	if f.noHistory {
		c.History = -1
	}
	return c, p.err
}

// given tells whether a limit is anybody's choice.
func (f *healthFlags) given(name string) bool {
	return f.cmd.Flags().Changed(name) || f.places[name] != ""
}

// healthParser keeps the first error.
type healthParser struct {
	f   *healthFlags
	err error
}

// label says where a value is from, for errors.
func (p *healthParser) label(name string) string {
	if place := p.f.places[name]; place != "" {
		return place
	}
	return "--" + name
}

func (p *healthParser) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *healthParser) records(name string) int64 {
	n, err := parseLimit(p.label(name), *p.f.values[name])
	if err != nil {
		p.fail(err)
	}
	return n
}

// time reads a time such as 30s or 7d; "none" is zero.
func (p *healthParser) time(name string, least time.Duration) time.Duration {
	s := *p.f.values[name]
	if s == "none" && least == 0 && name != "window" {
		return 0
	}
	d, err := parseDays(s)
	if err != nil || d < least || d < 0 {
		problem := "is no time"
		if least > 0 {
			problem = "is no time of " + least.String() + " or more"
		}
		p.fail(usagef("such as 30s, 5m or 7d", "%s %q %s", p.label(name), s, problem))
	}
	return d
}

func (p *healthParser) rate(name string) health.Rate {
	s := *p.f.values[name]
	if s == "none" {
		return health.Rate{None: true}
	}
	n, window, err := parseAlert(s)
	if err != nil {
		p.fail(usagef("such as 10/5m: ten letters in five minutes", "%s %q is no number of letters and a time of a second or more", p.label(name), s))
	}
	return health.Rate{Letters: n, Window: window}
}

// order refuses a smaller limit that is the greater one.
func (p *healthParser) order(small, great string, wrong bool) {
	if wrong {
		p.fail(usagef("let it be the smaller one", "%s %s is over %s %s", p.label(small), *p.f.values[small], p.label(great), *p.f.values[great]))
	}
}

// verdict reads --fail-on.
func (f *healthFlags) verdict() (lag.Verdict, error) {
	v, err := lag.ParseVerdict(*f.values["fail-on"])
	if err != nil {
		p := healthParser{f: f}
		return v, usagef("warning or critical", "%s: %s", p.label("fail-on"), err)
	}
	return v, nil
}

// nextCommands says how commands reach the same cluster: with the flags that reached it
// now.
func nextCommands(env *Env, cmd *cobra.Command, s *cluster.Settings) health.Commands {
	return health.Commands{Brokers: slices.Clone(s.Brokers), Doctor: hasDoctor(cmd.Root()), Flags: reach(env)}
}

// reach are the flags with which another command reaches the same cluster.
func reach(env *Env) (flags []string) {
	add := func(flag, value string) {
		if value != "" {
			flags = append(flags, flag, value)
		}
	}
	add("--context", env.Flags.Context)
	add("--config", env.Flags.ConfigFile)
	add("-b", strings.Join(env.Flags.Brokers, ","))
	add("--command-config", env.Flags.CommandConfig)
	for _, property := range env.Flags.Properties {
		add("-X", property)
	}
	return flags
}

func hasDoctor(root *cobra.Command) bool {
	return slices.ContainsFunc(root.Commands(), func(c *cobra.Command) bool { return c.Name() == "doctor" && c.Runnable() })
}
