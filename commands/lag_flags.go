package commands

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evtctl/evtctl/lag"
	"github.com/spf13/cobra"
)

// lagFlags are the flags that all lag commands have, as typed.
type lagFlags struct {
	limitFlags
	env            *Env
	groups, topics []string
	timeLag        string
}

// limitFlags say which lag is too much, as typed.
type limitFlags struct {
	cmd            *cobra.Command
	warn, critical string
	maxTimeLag     time.Duration
}

func (f *limitFlags) register(cmd *cobra.Command) {
	f.cmd = cmd
	flags := cmd.Flags()
	flags.StringVar(&f.warn, "warn", "10k", "a partition over so many `records` is a warning, or none")
	flags.StringVar(&f.critical, "critical", "100k", "a partition over so many `records` is critical, or none")
	flags.DurationVar(&f.maxTimeLag, "max-time-lag", 0, "a partition further behind than this is critical (0: no limit)")
}

func (f *lagFlags) register(cmd *cobra.Command, env *Env) {
	f.env = env
	f.limitFlags.register(cmd)
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.groups, "group", "g", nil, "only this `group` (repeat for more)")
	flags.StringArrayVarP(&f.topics, "topic", "t", nil, "only this `topic` (repeat for more)")
	flags.StringVar(&f.timeLag, "time-lag", "auto", "`when` to read records for the time lag: auto (up to 2,000 positions, or with --max-time-lag), always, never")
	complete(cmd, "group", groupNames(env))
	complete(cmd, "topic", topicNames(env))
	complete(cmd, "time-lag", fixed("auto", "always", "never"))
}

func (f *lagFlags) parse() (lag.Request, lag.Limits, error) {
	req := lag.Request{Groups: f.groups, Topics: f.topics, Now: f.env.Now}
	limits, err := f.limits()
	if err != nil {
		return req, limits, err
	}
	if slices.Contains(f.groups, "") {
		return req, limits, usagef("name a group; \"evtctl lag\" lists them", "--group is empty")
	}
	if slices.Contains(f.topics, "") {
		return req, limits, usagef("name a topic, or leave --topic out", "--topic is empty")
	}
	switch f.timeLag {
	case "auto":
		if f.maxTimeLag > 0 {
			req.MaxPositions = 1 << 30 // the limit is no use without
		}
	case "always":
		req.MaxPositions = 1 << 30
	case "never":
		if f.maxTimeLag > 0 {
			return req, limits, usagef("leave one of them out", "--max-time-lag needs the time lag, and --time-lag never leaves it out")
		}
		req.MaxPositions = -1
	default:
		return req, limits, usagef("--time-lag auto, always or never", "--time-lag %q is none of auto, always and never", f.timeLag)
	}
	return req, limits, nil
}

func (f *limitFlags) limits() (limits lag.Limits, err error) {
	limits.MaxTimeLag = f.maxTimeLag
	if f.maxTimeLag < 0 {
		return limits, usagef("such as --max-time-lag 5m", "--max-time-lag %s is negative", f.maxTimeLag)
	}
	if limits.Warn, err = parseLimit("--warn", f.warn); err != nil {
		return limits, err
	}
	if limits.Critical, err = parseLimit("--critical", f.critical); err != nil {
		return limits, err
	}
	if limits.Critical >= 0 && limits.Warn > limits.Critical {
		if f.cmd.Flags().Changed("warn") {
			return limits, usagef("give the smaller number to --warn", "--warn %s is over --critical %s", f.warn, f.critical)
		}
		limits.Warn = limits.Critical // only --critical was given
	}
	return limits, nil
}

// parseLimit reads a number of records such as 500, 10k or 1.5M; "none" is -1.
func parseLimit(flag, s string) (int64, error) {
	if s == "none" {
		return -1, nil
	}
	number, unit := strings.TrimSuffix(s, "k"), 1e3
	if number == s {
		if number, unit = strings.TrimSuffix(s, "M"), 1e6; number == s {
			unit = 1
		}
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || !(v >= 0 && v*unit < 1<<53) || v*unit != float64(int64(v*unit)) {
		return 0, usagef("such as 500, 10k, 1.5M or none", "%s %q is not a number of records", flag, s)
	}
	return int64(v * unit), nil
}
