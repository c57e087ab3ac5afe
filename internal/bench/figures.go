package main

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/lag"
)

// scale is how much data there is, and how often each program runs.
type scale struct {
	few, many  size
	partitions int
	records    int // in each partition
	runs       int
	slowRuns   int // of what takes seconds
}

// size is a number of groups, with what evtctl lag is meant to need for them.
type size struct {
	groups int
	goal   goal
}

var full = scale{
	few:        size{500, goal{0.25, 60 * mib}},
	many:       size{2000, goal{0.6, 120 * mib}},
	partitions: 100, records: 200,
	runs: 7, slowRuns: 3,
}

const mib = 1 << 20

// report is all that was found out, as -json prints it.
type report struct {
	Machine   machine    `json:"machine"`
	Data      string     `json:"data"`
	Questions []question `json:"questions"`
}

// bench is one taking of figures.
type bench struct {
	scale
	programs *programs
	cluster  *kafkatest.Cluster
	data     *data
	report   report
	say      func(format string, args ...any) // tells what is being done
}

// takeFigures asks everything.
func takeFigures(ctx context.Context, t testing.TB, evtctl string, s scale, log io.Writer) *report {
	t.Helper()
	b := newBench(ctx, t, evtctl, s, log)
	if err := b.askAll(ctx); err != nil {
		t.Fatal(err)
	}
	b.say("done")
	return &b.report
}

// newBench starts a broker and writes records to it.
func newBench(ctx context.Context, t testing.TB, evtctl string, s scale, log io.Writer) *bench {
	t.Helper()
	b := startBench(ctx, t, evtctl, log)
	b.scale = s
	b.say("writing %d records", s.partitions*s.records)
	b.data = newData(ctx, t, b.cluster, s)
	b.report = report{Machine: b.programs.machine(ctx, t), Data: b.data.String()}
	return b
}

// startBench starts a broker.
func startBench(ctx context.Context, t testing.TB, evtctl string, log io.Writer) *bench {
	t.Helper()
	started := time.Now()
	b := &bench{say: func(format string, args ...any) {
		fmt.Fprintf(log, "%4.0fs  %s\n", time.Since(started).Seconds(), fmt.Sprintf(format, args...))
	}}
	b.say("building what runs beside evtctl, starting a broker")
	b.programs = buildPrograms(ctx, t, evtctl)
	b.cluster = kafkatest.RealNodes(t, 1, kafkatest.WithHeap(1024))
	b.programs.connect(t, b.cluster)
	return b
}

// askAll goes from few groups to many, as none is ever taken away.
func (b *bench) askAll(ctx context.Context) error {
	steps := []struct {
		groups    int // that commit first; 0: nobody does
		at        placement
		questions []question
	}{
		{0, nowhere, []question{b.startUp()}},
		{b.few.groups, spread, []question{b.allGroups(b.few, spread), b.oneGroup(spread, goal{Seconds: 0.13})}},
		{b.few.groups, nearEnd, []question{b.allGroups(b.few, nearEnd)}},
		{b.few.groups, atEnd, []question{b.oneGroup(atEnd, goal{Seconds: 0.025})}},
		{b.many.groups, spread, []question{b.allGroups(b.many, spread)}},
		{b.many.groups, nearEnd, []question{b.allGroups(b.many, nearEnd)}},
	}
	for _, step := range steps {
		if step.groups > 0 {
			b.say("committing for %d groups, %s", step.groups, step.at)
			if err := b.data.commit(ctx, step.groups, step.at); err != nil {
				return err
			}
		}
		for _, q := range step.questions {
			if err := b.ask(ctx, q); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) ask(ctx context.Context, q question) error {
	b.say("%s", q.What)
	if err := q.ask(ctx, b.programs); err != nil {
		return fmt.Errorf("%s: %w", q.What, err)
	}
	b.report.Questions = append(b.report.Questions, q)
	return nil
}

// startUp asks for no cluster: what libraries do before main shows here.
func (b *bench) startUp() question {
	return question{What: "The start of the program, no cluster asked", Programs: []entry{
		{Name: "evtctl version", command: b.programs.evtctl("version"), runs: 3 * b.runs, check: notEmpty},
	}}
}

// allGroups asks for every group of a cluster that has so many.
func (b *bench) allGroups(n size, at placement) question {
	positions := b.data.positions(n.groups, at)
	measured := positions <= lag.DefaultMaxPositions
	told := "time lags measured"
	if !measured {
		told = "too many for evtctl to measure time lags unless asked to"
	}
	same := &agreement{groups: n.groups, partitions: n.groups * b.partitions}
	q := question{
		What: fmt.Sprintf("%d groups × %d partitions, %s: %d positions, %s", n.groups, b.partitions, at, positions, told),
		Programs: []entry{
			{Name: "evtctl lag", Goal: n.goal, command: b.programs.evtctl("lag"), runs: b.runs, check: same.groupTable(measured)},
			{Name: "evtctl lag --by partition", command: b.programs.evtctl("lag", "--by", "partition"), runs: b.runs, check: same.partitionTable},
			{Name: "the bare protocol", peer: protocol, command: b.programs.floor(), runs: b.runs, check: same.sums},
		},
	}
	if !measured && n == b.few {
		q.Programs = append(q.Programs, entry{Name: "evtctl lag --time-lag always",
			command: b.programs.evtctl("lag", "--time-lag", "always"), runs: b.slowRuns, check: same.groupTable(true)})
	}
	if at == spread { // it knows no time lags, and does the same wherever the groups stand
		q.Programs = append(q.Programs, entry{Name: "kafka-consumer-groups --describe --all-groups", peer: apache,
			command: b.programs.apache("--describe", "--all-groups"), runs: b.slowRuns, check: same.partitionTable})
	}
	return q
}

// oneGroup asks for one group of a cluster that has few.
func (b *bench) oneGroup(at placement, limit goal) question {
	name := groupName(b.few.groups / 2)
	same := &agreement{groups: 1, partitions: b.partitions}
	return question{
		What: fmt.Sprintf("One group of %d, %d partitions, %s", b.few.groups, b.partitions, at),
		Programs: []entry{
			{Name: "evtctl lag --group G", Goal: limit, command: b.programs.evtctl("lag", "--group", name), runs: b.runs, check: all(same.partitionTable, timeLags)},
			{Name: "the bare protocol", peer: protocol, command: b.programs.floor(name), runs: b.runs, check: same.sums},
			{Name: "kafka-consumer-groups --describe --group G", peer: apache,
				command: b.programs.apache("--describe", "--group", name), runs: b.slowRuns, check: same.partitionTable},
		},
	}
}
