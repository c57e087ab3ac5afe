package commands

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evtctl/evtctl/replay"
	"github.com/spf13/cobra"
)

// replayFlags say what to replay, as typed.
type replayFlags struct {
	group, from string
	topics      []string
	to, until   string
	inPlace     bool
	noLook      bool
	idHeader    string
	toDatetime  string
	byDuration  string
	toOffset    string
	shiftBy     string
	earliest    bool
	latest      bool
	toCurrent   bool
	cmd         *cobra.Command
	env         *Env
}

func (f *replayFlags) register(cmd *cobra.Command, env *Env) {
	f.cmd, f.env = cmd, env
	flags := cmd.Flags()
	flags.StringVarP(&f.group, "group", "g", "", "the isolated `group` (default: made of --from-group and the time)")
	flags.StringVar(&f.from, "from-group", "", "the `group` whose topics are read again")
	flags.StringArrayVarP(&f.topics, "topic", "t", nil, "`T[:P,P][=POSITION]`: only this topic (repeat for more; default: all that --from-group has committed for)")
	flags.StringVar(&f.to, "to", "", "the `POSITION` to begin at")
	flags.StringVar(&f.until, "until", "", "the `POSITION` up to which records are counted; a group itself reads on")
	flags.BoolVar(&f.inPlace, "in-place", false, "reset --from-group itself; \"evtctl replay undo\" takes it back")
	flags.BoolVar(&f.noLook, "no-look", false, "read no records: neither their times, nor whether a cut is clean")
	flags.StringVar(&f.idHeader, "id-header", replay.DefaultIDHeader, "the `header` with a record's event id")
	flags.StringVar(&f.toDatetime, "to-datetime", "", "Apache's name for --to @`TIME`")
	flags.StringVar(&f.byDuration, "by-duration", "", "Apache's name for --to @-`DURATION`: PT2H, or 2h")
	flags.StringVar(&f.toOffset, "to-offset", "", "Apache's name for --to `N`")
	flags.BoolVar(&f.earliest, "to-earliest", false, "Apache's name for --to start")
	flags.BoolVar(&f.latest, "to-latest", false, "Apache's name for --to end")
	flags.StringVar(&f.shiftBy, "shift-by", "", "not offered: it moves again with every run")
	flags.BoolVar(&f.toCurrent, "to-current", false, "not offered: it moves nothing")
	for _, name := range []string{"to-datetime", "by-duration", "to-offset", "to-earliest", "to-latest", "shift-by", "to-current"} {
		_ = flags.MarkHidden(name) // for hands that are used to Apache's tool
	}
	complete(cmd, "group", groupNames(env))
	complete(cmd, "from-group", groupNames(env))
	complete(cmd, "topic", topicNames(env))
	complete(cmd, "to", fixed("start", "end"))
}

// parse makes the request of the flags.
func (f *replayFlags) parse() (req replay.Request, err error) {
	now := f.env.Now()
	req = replay.Request{From: f.from, Group: f.group, InPlace: f.inPlace, Now: now}
	changed := f.cmd.Flags().Changed
	switch {
	case f.from == "":
		return req, usagef("name it with --from-group; \"evtctl lag\" lists the groups", "no group whose topics are to be read again")
	case changed("group") && f.group == "":
		return req, usagef("leave it out for a name made of --from-group and the time", "--group is empty")
	case f.inPlace && f.group != "":
		return req, usagef("leave one of them out", "--in-place resets --from-group itself, and --group names another")
	}
	text, err := f.position()
	if err != nil {
		return req, err
	}
	if req.Topics, err = parseTopics(f.topics, now); err != nil {
		return req, err
	}
	if text == "" && !everyTopicSaysWhere(req.Topics) {
		return req, usagef("such as --to @-2h or --to start", "no position to begin at")
	}
	if text != "" {
		if req.To, err = replay.ParsePosition(text, now); err != nil {
			return req, err
		}
	}
	if f.until != "" {
		until, err := replay.ParsePosition(f.until, now)
		if err != nil {
			return req, err
		}
		req.Until = &until
	}
	return req, nil
}

func everyTopicSaysWhere(topics []replay.Selection) bool {
	return len(topics) > 0 && !slices.ContainsFunc(topics, func(s replay.Selection) bool { return s.To == nil })
}

// position is --to, or what Apache's flags say for it.
func (f *replayFlags) position() (string, error) {
	var said []string
	add := func(flag, position string) {
		if f.cmd.Flags().Changed(flag) {
			said = append(said, position)
		}
	}
	if f.shiftBy != "" {
		return "", usagef("--to with the offset, or --to +N and -N from the ends", "--shift-by moves again with every run, so that a second one goes too far")
	}
	if f.toCurrent {
		return "", usagef("\"evtctl replay export\" writes the current offsets to a file", "--to-current moves nothing")
	}
	duration, err := apacheDuration(f.byDuration)
	if err != nil {
		return "", err
	}
	add("to", f.to)
	add("to-datetime", "@"+f.toDatetime)
	add("by-duration", "@-"+duration)
	add("to-offset", f.toOffset)
	add("to-earliest", "start")
	add("to-latest", "end")
	switch len(said) {
	case 0:
		return "", nil
	case 1:
		return said[0], nil
	}
	return "", usagef("keep one of them", "the position is given %d times", len(said))
}

// apacheDuration reads Java's form of a duration, such as P1DT2H30M, beside Go's.
func apacheDuration(text string) (string, error) {
	rest, java := strings.CutPrefix(text, "P")
	if !java {
		return text, nil
	}
	days, clock, _ := strings.Cut(rest, "T")
	d, err := time.ParseDuration(strings.ToLower(clock) + "0s")
	if strings.HasSuffix(clock, "S") {
		d, err = time.ParseDuration(strings.ToLower(clock))
	}
	n := int64(0)
	if number, ok := strings.CutSuffix(days, "D"); ok && err == nil {
		n, err = strconv.ParseInt(number, 10, 32)
	} else if days != "" && err == nil {
		err = strconv.ErrSyntax
	}
	if err != nil || d < 0 || n < 0 || rest == "" {
		return "", usagef("such as --by-duration PT2H30M, or --to @-2h30m", "--by-duration %q is no duration", text)
	}
	return fmt.Sprintf("%dd%s", n, d), nil
}

// parseTopics reads T[:P,P][=POSITION]; P may be a range such as 0-5.
func parseTopics(texts []string, now time.Time) ([]replay.Selection, error) {
	var list []replay.Selection
	for _, text := range texts {
		place, position, positioned := strings.Cut(text, "=")
		topic, partitions, listed := strings.Cut(place, ":")
		s := replay.Selection{Topic: topic}
		if topic == "" {
			return nil, usagef("such as --topic orders:0,1=@-2h", "--topic %q names no topic", text)
		}
		if positioned {
			to, err := replay.ParsePosition(position, now)
			if err != nil {
				return nil, err
			}
			s.To = &to
		}
		if listed {
			var err error
			if s.Partitions, err = parsePartitions(partitions); err != nil {
				return nil, err
			}
		}
		list = append(list, s)
	}
	return list, nil
}

// maxPartition bounds what a range may name: far more than a topic can have.
const maxPartition = 1 << 20

func parsePartitions(text string) ([]int32, error) {
	var list []int32
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		a, errA := strconv.ParseInt(first, 10, 32)
		b, errB := strconv.ParseInt(last, 10, 32)
		if errA != nil || errB != nil || a < 0 || b < a || b > maxPartition {
			return nil, usagef("such as --topic orders:0,2-5", "%q is no partition", part)
		}
		for id := a; id <= b; id++ {
			list = append(list, int32(id))
		}
	}
	return list, nil
}
