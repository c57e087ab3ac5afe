package main

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
)

// agreement holds the answers of the programs against each other, and against what
// the data must come to.
type agreement struct {
	groups, partitions int
	rows               map[string]string // of the first that told of partitions
	lag                int64             // the sum over all of them
	known              bool
}

// partitionTable looks at a table whose first columns are GROUP, TOPIC, PARTITION,
// CURRENT-OFFSET, LOG-END-OFFSET and LAG. Apache's tool and evtctl both print it.
func (a *agreement) partitionTable(answer string) error {
	rows, lag := map[string]string{}, int64(0)
	for line := range strings.Lines(answer) {
		f := strings.Fields(line)
		if len(f) < 6 || f[0] == "GROUP" {
			continue
		}
		n, err := number(f[5])
		if err != nil {
			return err
		}
		lag += n
		rows[strings.Join(f[:3], " ")] = strings.Join(f[3:5], " ") + " " + strconv.FormatInt(n, 10)
	}
	if len(rows) != a.partitions {
		return fmt.Errorf("told of %d partitions, there are %d", len(rows), a.partitions)
	}
	if a.rows == nil {
		a.rows = rows
	}
	if !maps.Equal(a.rows, rows) {
		return errors.New("its offsets and lags are not those that the others tell")
	}
	return a.agree(lag)
}

// groupTable gives the check of evtctl's table of groups, with or without time lags.
func (a *agreement) groupTable(timed bool) func(string) error {
	return func(answer string) error {
		groups, lag := 0, int64(0)
		for line := range strings.Lines(answer) {
			f := strings.Fields(line) // GROUP TYPE STATE MEMBERS PARTITIONS LAG TIME-LAG …
			if len(f) < 7 || f[0] == "GROUP" {
				continue
			}
			n, err := number(f[5])
			if err != nil {
				return err
			}
			if has := f[6] != "-"; has != timed {
				return fmt.Errorf("time lag %q in %q", f[6], line)
			}
			groups, lag = groups+1, lag+n
		}
		if groups != a.groups {
			return fmt.Errorf("told of %d groups, there are %d", groups, a.groups)
		}
		return a.agree(lag)
	}
}

// sums looks at what floor prints.
func (a *agreement) sums(answer string) error {
	var groups, partitions int
	var lag int64
	if _, err := fmt.Sscan(answer, &groups, &partitions, &lag); err != nil {
		return fmt.Errorf("%q: %w", answer, err)
	}
	if groups != a.groups || partitions != a.partitions {
		return fmt.Errorf("told of %d groups and %d partitions, there are %d and %d", groups, partitions, a.groups, a.partitions)
	}
	return a.agree(lag)
}

func (a *agreement) agree(lag int64) error {
	if a.known && lag != a.lag {
		return fmt.Errorf("its lags come to %d, those of the others to %d", lag, a.lag)
	}
	a.lag, a.known = lag, true
	return nil
}

// timeLags checks that every row of evtctl's table of partitions has one.
func timeLags(answer string) error {
	for line := range strings.Lines(answer) {
		if f := strings.Fields(line); len(f) > 6 && f[6] == "-" {
			return fmt.Errorf("no time lag in %q", line)
		}
	}
	return nil
}

// all makes one check of several.
func all(checks ...func(string) error) func(string) error {
	return func(answer string) error {
		for _, check := range checks {
			if err := check(answer); err != nil {
				return err
			}
		}
		return nil
	}
}

func notEmpty(answer string) error {
	if answer == "" {
		return errors.New("it says nothing")
	}
	return nil
}

// number reads what is written for people: 12,345.
func number(s string) (int64, error) {
	return strconv.ParseInt(strings.ReplaceAll(s, ",", ""), 10, 64)
}
