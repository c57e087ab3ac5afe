package main

import (
	"strings"
	"testing"
)

const (
	apacheTable = `
GROUP  TOPIC  PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG   CONSUMER-ID  HOST  CLIENT-ID
g      t      0          5               1205            1200  -            -     -
g      t      1          9               9               0     -            -     -
`
	evtctlTable = `GROUP  TOPIC  PARTITION  CURRENT-OFFSET  LOG-END-OFFSET    LAG  TIME-LAG  VERDICT
g      t              1               9               9      0        0s  ok
g      t              0               5            1205  1,200        3m  warning
`
)

func TestTheSameInAnotherFormAgrees(t *testing.T) {
	a := &agreement{groups: 1, partitions: 2}
	for _, check := range []func() error{
		func() error { return a.partitionTable(apacheTable) },
		func() error { return all(a.partitionTable, timeLags)(evtctlTable) },
		func() error { return a.groupTable(true)("g  classic  Empty  0  2  1,200  3m 20s  warning\n") },
		func() error { return a.sums("1 2 1200\n") },
	} {
		if err := check(); err != nil {
			t.Error(err)
		}
	}
}

func TestAnswersThatDiffer(t *testing.T) {
	for _, c := range []struct{ name, answer, want string }{
		{"another commit with the same lag", strings.Replace(evtctlTable, "5            1205", "6            1206", 1), "not those that the others tell"},
		{"a partition missing", strings.Join(strings.SplitAfter(evtctlTable, "\n")[:2], ""), "told of 1 partitions"},
		{"a lag that isn't a number", strings.Replace(evtctlTable, "1,200", "-", 1), "invalid syntax"},
		{"no time lag", strings.Replace(evtctlTable, "3m", "-", 1), "no time lag"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &agreement{groups: 1, partitions: 2}
			if err := a.partitionTable(apacheTable); err != nil {
				t.Fatal(err)
			}
			if err := all(a.partitionTable, timeLags)(c.answer); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the check says %v, want %q", err, c.want)
			}
		})
	}
	a := &agreement{groups: 1, partitions: 2, known: true, lag: 1200}
	if err := a.sums("1 2 1199"); err == nil {
		t.Error("another sum of lags is taken for the same")
	}
	if err := a.groupTable(true)("g  classic  Empty  0  2  1,200  -  warning\n"); err == nil {
		t.Error("a time lag that wasn't measured is taken for one that was")
	}
}
