package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTally(t *testing.T) {
	got := tallyOf([]run{{3, 0.3, 10}, {1, 0.1, 30}, {2, 0.4, 20}, {9, 0.2, 5}})
	want := tally{Runs: 4, Seconds: 2.5, Fastest: 1, CPU: 0.25, RSS: 30}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTableComparesWithThePeers(t *testing.T) {
	q := question{What: "Everything", Programs: []entry{
		{Name: "evtctl lag", Goal: goal{0.25, 60 * mib}, Took: tally{Runs: 7, Seconds: 0.2, Fastest: 0.19, CPU: 0.1, RSS: 40 * mib}},
		{Name: "the tool", peer: apache, Took: tally{Runs: 3, Seconds: 6, Fastest: 5.5, CPU: 8, RSS: 266 * mib}},
		{Name: "the protocol", peer: protocol, Took: tally{Runs: 7, Seconds: 0.08, Fastest: 0.07, CPU: 0.02, RSS: 9 * mib}},
	}}
	var b strings.Builder
	writeQuestion(&b, &q)
	want := `
Everything
  PROGRAM       RUNS  MEDIAN   GOAL     MIN      CPU      MAX-RSS  GOAL    TO APACHE'S TOOL  TO THE PROTOCOL
  evtctl lag    7     0.200 s  0.250 s  0.190 s  0.100 s  40 MiB   60 MiB  30.0 x faster     2.5 x slower
  the tool      3     6.000 s  -        5.500 s  8.000 s  266 MiB  -       -                 75.0 x slower
  the protocol  7     0.080 s  -        0.070 s  0.020 s  9 MiB    -       75.0 x faster     -
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}
