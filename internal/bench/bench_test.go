package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if builtIn != "" {
		_ = os.RemoveAll(builtIn)
	}
	os.Exit(code)
}

// buildOnce builds the program that figures are taken of, and those beside it, for all
// tests here.
var buildOnce = sync.OnceValues(func() (evtctl string, err error) {
	dir, err := os.MkdirTemp("", "evtctl-bench-")
	if err != nil {
		return "", err
	}
	builtIn = dir
	out, err := goBuild(context.Background(), dir, "cmd/evtctl", "internal/bench/measure", "internal/bench/floor", "internal/bench/bare")
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return filepath.Join(dir, "evtctl"), nil
})

func buildEvtctl(t testing.TB) string {
	t.Helper()
	path, err := buildOnce()
	if err != nil {
		t.Fatalf("building evtctl: %v", err)
	}
	return path
}

func TestOnlyProgramsThatAgreeAreTimed(t *testing.T) {
	tiny := scale{few: size{groups: 3}, partitions: 4, records: 20, runs: 2, slowRuns: 1}
	b := newBench(t.Context(), t, buildEvtctl(t), tiny, t.Output())
	if err := b.data.commit(t.Context(), tiny.few.groups, spread); err != nil {
		t.Fatal(err)
	}
	for _, q := range []question{b.startUp(), b.allGroups(tiny.few, spread), b.oneGroup(spread, goal{})} {
		if err := b.ask(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := writeJSON(&out, &b.report); err != nil {
		t.Fatal(err)
	}
	var told report
	if err := json.Unmarshal(out.Bytes(), &told); err != nil {
		t.Fatal(err)
	}
	if told.Machine.Kafka == "" || told.Machine.JVM == "" || told.Machine.Go == "" {
		t.Errorf("the machine is %+v", told.Machine)
	}
	var runs []int
	for _, q := range told.Questions {
		for _, e := range q.Programs {
			runs = append(runs, e.Took.Runs)
			if e.Took.Seconds < e.Took.Fastest || e.Took.Fastest <= 0 || e.Took.CPU <= 0 || e.Took.RSS < mib {
				t.Errorf("%s, %s took %+v", q.What, e.Name, e.Took)
			}
		}
	}
	if want := []int{6, 2, 2, 2, 1, 2, 2, 1}; !slices.Equal(runs, want) {
		t.Errorf("the programs ran %v times, want %v", runs, want)
	}

	err := b.ask(t.Context(), b.allGroups(size{groups: 4}, spread))
	if err == nil || !strings.Contains(err.Error(), "told of 3 groups, there are 4") {
		t.Errorf("asking for a group too many: %v", err)
	}
	if len(b.report.Questions) != 3 {
		t.Error("a wrong answer got a figure")
	}
}

func TestMemoryOfTheOneWhoMeasuresIsNotCounted(t *testing.T) {
	ballast := bytes.Repeat([]byte{1}, 100*mib)
	buildEvtctl(t) // and what measures
	r, err := buildPrograms(t.Context(), t, os.Args[0]).time(t.Context(), []string{os.Args[0], "-test.list=none"})
	if err != nil {
		t.Fatal(err)
	}
	if r.rss < 2*mib || r.rss > int64(len(ballast))/2 {
		t.Errorf("another process of this program had %s, this test alone %s", mebibytes(r.rss), mebibytes(int64(len(ballast))))
	}
}

func TestAProgramThatFailsSaysWhy(t *testing.T) {
	buildEvtctl(t) // and what measures
	_, err := buildPrograms(t.Context(), t, os.Args[0]).time(t.Context(), []string{os.Args[0], "-moon"})
	if err == nil || !strings.Contains(err.Error(), "moon") {
		t.Errorf("the error is %v, want the program's own words", err)
	}
}
