package commands

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/evtctl/evtctl/dlq"
	"github.com/spf13/cobra"
)

// letterFlags say which letters of a topic are meant, as typed.
type letterFlags struct {
	env          *Env
	where        string
	since, until string
	partitions   []int32
	fingerprint  string
	undisposed   bool
}

func (f *letterFlags) register(cmd *cobra.Command, env *Env) {
	f.registerSome(cmd, env)
	flags := cmd.Flags()
	flags.StringVar(&f.since, "since", "", "only letters with a time stamp from this `time` on: 2h (ago), 2026-03-02T12:00:00Z, milliseconds since 1970")
	flags.StringVar(&f.until, "until", "", "only letters with a time stamp before this `time`")
	flags.StringVar(&f.fingerprint, "fingerprint", "", "only letters that died alike, by their `fingerprint`; \"evtctl dlq stats\" shows it")
	flags.BoolVar(&f.undisposed, "undisposed", false, "only letters that nobody has dealt with")
}

// registerSome leaves out those that make no sense for letters still to come.
func (f *letterFlags) registerSome(cmd *cobra.Command, env *Env) {
	f.env = env
	flags := cmd.Flags()
	flags.StringVarP(&f.where, "where", "w", "", "only letters that this `jq` query over their JSON lets through")
	flags.Int32SliceVarP(&f.partitions, "partition", "p", nil, "only this `partition` (repeat for more)")
	completeArgs(cmd, false, topicNames(env))
}

// parse checks everything, the query of --where included, so that a mistake is told
// before a letter is read.
func (f *letterFlags) parse(topic string) (q dlq.Query, err error) {
	q = dlq.Query{Topic: topic, Partitions: f.partitions, Fingerprint: f.fingerprint, Undisposed: f.undisposed}
	if topic == "" {
		return q, usagef("\"evtctl dlq list\" shows the dead-letter topics", "the topic's name is empty")
	}
	if strings.Count(topic, ":") == 2 {
		return q, usagef("\"evtctl dlq show "+topic+"\" shows that letter", "%q is a letter, and a topic is wanted", topic)
	}
	if q.Where, err = parseWhere(f.where); err != nil {
		return q, err
	}
	if q.Since, q.Until, err = parseTimes(f.since, f.until, f.env.Now()); err != nil {
		return q, err
	}
	for _, p := range f.partitions {
		if p < 0 {
			return q, usagef("partitions count from 0", "--partition %d is none", p)
		}
	}
	if f.fingerprint != "" && !isFingerprint(f.fingerprint) {
		return q, usagef("\"evtctl dlq stats\" shows them", "--fingerprint %q is none: they have twelve hexadecimal digits", f.fingerprint)
	}
	return q, nil
}

func parseWhere(query string) (*dlq.Where, error) {
	if strings.TrimSpace(query) == "" {
		return nil, nil
	}
	return dlq.NewWhere(query)
}

func isFingerprint(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789abcdef") == ""
}

// parseTimes reads --since and --until.
func parseTimes(since, until string, now time.Time) (from, to time.Time, err error) {
	if from, err = parseMoment("--since", since, now); err != nil {
		return from, to, err
	}
	if to, err = parseMoment("--until", until, now); err != nil {
		return from, to, err
	}
	if !from.IsZero() && !to.IsZero() && !from.Before(to) {
		err = usagef("give the earlier time to --since", "--since %s isn't before --until %s: nothing can be between them", since, until)
	}
	return from, to, err
}

// parseMoment reads a time as people type it: how long ago, RFC 3339, a date in UTC, or
// milliseconds. An @ before it, as positions have it, is left away.
func parseMoment(flag, s string, now time.Time) (time.Time, error) {
	text := strings.TrimPrefix(s, "@")
	if text == "" && s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly, "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && ms > 0 && len(text) >= 12 {
		return time.UnixMilli(ms), nil
	}
	if ago, err := parseDays(strings.TrimPrefix(text, "-")); err == nil && ago > 0 {
		return now.Add(-ago), nil
	}
	return time.Time{}, usagef("such as 30m, 2h, 7d, 2026-03-02, 2026-03-02T12:00:00Z or 1772452800000", "%s %q is no time", flag, s)
}

// parseDays is time.ParseDuration with days.
func parseDays(s string) (time.Duration, error) {
	days, ok := strings.CutSuffix(s, "d")
	if !ok {
		return time.ParseDuration(s)
	}
	n, err := strconv.ParseFloat(days, 64)
	if err != nil || !(n >= 0 && n*24 < math.MaxInt64/float64(time.Hour)) {
		return 0, strconv.ErrRange
	}
	return time.Duration(n * 24 * float64(time.Hour)), nil
}
