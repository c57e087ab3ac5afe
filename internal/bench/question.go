package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// question is what several programs answer, in turn.
type question struct {
	What     string  `json:"what"`
	Programs []entry `json:"programs"`
}

// entry is one program that answers a question.
type entry struct {
	Name string `json:"name"`
	Goal goal   `json:"goal,omitzero"` // what evtctl is meant to need
	Took tally  `json:"took"`

	peer    peer
	command []string
	runs    int
	check   func(answer string) error
}

// goal is an upper limit; zero: none is set.
type goal struct {
	Seconds float64 `json:"seconds,omitzero"`
	RSS     int64   `json:"max_rss_bytes,omitzero"`
}

// peer tells the programs that the others are compared with.
type peer int

const (
	nobody peer = iota
	apache
	protocol
	client
)

// tally is what the runs of one program took.
type tally struct {
	Runs    int     `json:"runs"`
	Seconds float64 `json:"median_seconds"` // from start to end
	Fastest float64 `json:"min_seconds"`
	CPU     float64 `json:"median_cpu_seconds"` // user and system, of all cores together
	RSS     int64   `json:"max_rss_bytes"`      // of the largest run
}

// run is what one run took.
type run struct {
	seconds, cpu float64
	rss          int64
}

// ask lets every program answer once, to look at the answer and to warm the broker
// up, and then takes their times: one run of each, and again, so that a slow moment
// of the machine falls on all of them.
func (q *question) ask(ctx context.Context, p *programs) error {
	most := 0
	for _, e := range q.Programs {
		answer, err := p.answer(ctx, e.command)
		if err == nil {
			err = e.check(answer)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
		most = max(most, e.runs)
	}
	runs := make([][]run, len(q.Programs))
	for i := range most {
		for j, e := range q.Programs {
			if i >= e.runs {
				continue
			}
			r, err := p.time(ctx, e.command)
			if err != nil {
				return fmt.Errorf("%s: %w", e.Name, err)
			}
			runs[j] = append(runs[j], r)
		}
	}
	for j := range q.Programs {
		q.Programs[j].Took = tallyOf(runs[j])
	}
	return nil
}

func tallyOf(runs []run) tally {
	t := tally{Runs: len(runs)}
	var seconds, cpu []float64
	for _, r := range runs {
		seconds, cpu = append(seconds, r.seconds), append(cpu, r.cpu)
		t.RSS = max(t.RSS, r.rss)
	}
	t.Seconds, t.Fastest, t.CPU = median(seconds), slices.Min(seconds), median(cpu)
	return t
}

// median sorts its argument, which must not be empty.
func median(list []float64) float64 {
	slices.Sort(list)
	middle := len(list) / 2
	if len(list)%2 == 1 {
		return list[middle]
	}
	return (list[middle-1] + list[middle]) / 2
}

// answer runs a program and gives what it prints.
func (p *programs) answer(ctx context.Context, command []string) (string, error) {
	cmd := p.command(ctx, command)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
	}
	return string(out), err
}

// time runs a program by way of another one, small and written for it: the memory
// that the system counts for a process includes that of the one which started it,
// until it became a program of its own.
func (p *programs) time(ctx context.Context, command []string) (run, error) {
	out, err := p.answer(ctx, append([]string{p.measure}, command...))
	if err != nil {
		return run{}, err
	}
	var r run
	if _, err := fmt.Fscan(strings.NewReader(out), &r.seconds, &r.cpu, &r.rss); err != nil {
		return run{}, fmt.Errorf("what measure tells, %q: %w", out, err)
	}
	return r, nil
}
