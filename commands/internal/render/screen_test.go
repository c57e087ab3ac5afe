//go:build unix

package render_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/evtctl/evtctl/commands/internal/render"
)

// show is a screen on a terminal, and the command that runs it.
type show struct {
	*screenTerminal
	result chan error
	stop   context.CancelFunc
}

func run[D, R any](t *testing.T, width, height int, sc render.Screen[D, R]) *show {
	ctx, cancel := context.WithCancel(t.Context())
	sh := &show{screenTerminal: openTerminal(t, width, height), result: make(chan error, 1), stop: cancel}
	done := make(chan struct{})
	go func() {
		defer close(done)
		sh.result <- render.RunScreen(ctx, sh.streams(), sc)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return sh
}

// groups is a screen of n groups that is read once.
func groups(n int) render.Screen[int, int] {
	return render.Screen[int, int]{
		Title: "lag watch", Refresh: time.Hour,
		Load: func(context.Context) (int, error) { return n, nil },
		Draw: func(n int) render.Frame[int] {
			f := render.Frame[int]{
				Header: []string{"cluster \x1b[2Jx"},
				Columns: []render.Column[int]{
					{Name: "GROUP", Raw: func(i int) string { return fmt.Sprintf("group-of-a-service-%d", i) }, Shrink: true},
					{Name: "LAG", Right: true, Raw: func(i int) string { return render.Count(int64(i) * 1000) }},
					{Name: "VERDICT", Raw: func(int) string { return "critical" }},
					{Name: "HOST", Raw: func(int) string { return "10.0.0.7" }, Drop: 1},
				},
				Footer: []string{"lag is an upper bound"},
				Empty:  "no groups",
			}
			for i := range n {
				f.Rows = append(f.Rows, i+1)
			}
			return f
		},
	}
}

func TestScreenShowsAllOfASmallTable(t *testing.T) {
	sh := run(t, 60, 9, groups(3))
	sh.waitForScreen(lines(
		`lag watch                                        read 0s ago`,
		`cluster \x1b[2Jx`,
		`GROUP                   LAG  VERDICT   HOST`,
		`group-of-a-service-1  1,000  critical  10.0.0.7`,
		`group-of-a-service-2  2,000  critical  10.0.0.7`,
		`group-of-a-service-3  3,000  critical  10.0.0.7`,
		``,
		`lag is an upper bound`,
		`q quit  ↑↓ scroll  r read now`,
	))
}

func TestScreenGivesASmallTerminalToItsRows(t *testing.T) {
	for _, c := range []struct {
		width, height int
		want          string
	}{
		{40, 10, lines(
			`lag watch    rows 1-5 of 40  read 0s ago`,
			`cluster \x1b[2Jx`,
			`GROUP                     LAG  VERDICT`,
			`group-of-a-service-1    1,000  critical`,
			`group-of-a-service-2    2,000  critical`,
			`group-of-a-service-3    3,000  critical`,
			`group-of-a-service-4    4,000  critical`,
			`group-of-a-service-5    5,000  critical`,
			`lag is an upper bound`,
			`q quit  ↑↓ scroll  r read now`,
		)},
		{30, 7, lines(
			`   rows 1-3 of 40  read 0s ago`,
			`cluster \x1b[2Jx`,
			`GROUP            LAG  VERDICT`,
			`group-…ice-1   1,000  critical`,
			`group-…ice-2   2,000  critical`,
			`group-…ice-3   3,000  critical`,
			`q quit  ↑↓ scroll  r read now`,
		)},
		{20, 4, lines(
			`  rows 1-1 of 40  r…`,
			`GROUP      LAG  VER…`,
			`gro…-1   1,000  cri…`,
			`q quit  ↑↓ scroll`,
		)},
		{12, 1, lines(
			`gro…-1   1,…`,
		)},
	} {
		t.Run(fmt.Sprintf("%dx%d", c.width, c.height), func(t *testing.T) {
			sh := run(t, c.width, c.height, groups(40))
			sh.waitForScreen(c.want)
		})
	}
}

func TestScreenScrolls(t *testing.T) {
	const (
		up, down, pageUp, pageDown, home, end = "\x1b[A", "\x1b[B", "\x1b[5~", "\x1b[6~", "\x1b[H", "\x1b[F"
	)
	sh := run(t, 60, 15, groups(40)) // 10 rows are shown
	sh.waitForText("rows 1-10 of 40")
	for _, c := range []struct {
		key   string
		first int
	}{
		{down, 2}, {"j", 3}, {up, 2}, {"k", 1}, {up, 1}, {pageDown, 10}, {" ", 19}, {pageUp, 10}, {end, 31}, {down, 31}, {pageDown, 31},
		{home, 1}, {pageUp, 1}, {"G", 31}, {"g", 1},
	} {
		sh.press(c.key)
		shown := fmt.Sprintf("rows %d-%d of 40", c.first, c.first+9)
		sh.waitFor(fmt.Sprintf("%q after %q", shown, c.key), func(screen string) bool {
			return strings.Contains(screen, shown) &&
				strings.Contains(screen, fmt.Sprintf("-%d ", c.first)) && strings.Contains(screen, fmt.Sprintf("-%d ", c.first+9))
		})
	}
}

func TestScreenFollowsTheTerminalsSize(t *testing.T) {
	sh := run(t, 60, 15, groups(40))
	sh.waitForText("rows 1-10 of 40")
	sh.press("G")
	sh.waitForText("rows 31-40 of 40")
	sh.resize(80, 24)
	sh.waitForText("rows 22-40 of 40")
	sh.resize(36, 10)
	sh.waitFor("smaller screen", func(screen string) bool {
		return strings.Contains(screen, "rows 22-26 of 40") && !strings.Contains(screen, "HOST")
	})
}

func TestScreenEndsByKeyAndGivesTheTerminalBack(t *testing.T) {
	for name, key := range map[string]string{"q": "q", "Esc": "\x1b", "Ctrl-C": "\x03"} {
		t.Run(name, func(t *testing.T) {
			sh := run(t, 60, 15, groups(3))
			sh.waitForText("q quit")
			if !sh.fullScreen() {
				t.Error("not on the alternate screen")
			}
			sh.press(key)
			if err := wait(t, sh.result); err != nil {
				t.Errorf("error %v", err)
			}
			checkGivenBack(t, sh)
		})
	}
}

func TestScreenEndsWithItsContext(t *testing.T) {
	sh := run(t, 60, 15, groups(3))
	sh.waitForText("q quit")
	sh.stop()
	if err := wait(t, sh.result); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	checkGivenBack(t, sh)
}

// checkGivenBack checks that the terminal is as before: its screen, its cursor, and that
// it edits lines itself again.
func checkGivenBack(t *testing.T, sh *show) {
	t.Helper()
	sh.waitFor("former screen", func(screen string) bool { return screen == "" && !sh.fullScreen() })
	if !strings.Contains(sh.rawOutput(), "\x1b[?25h") {
		t.Error("the cursor is still hidden")
	}
	sh.press("typed\n")
	sh.waitForText("typed") // the terminal's own echo
}

func TestScreenReadsAnewAndKeysActAtOnce(t *testing.T) {
	var reads atomic.Int64
	slow := make(chan struct{})
	descending := false
	sh := run(t, 60, 15, render.Screen[int64, string]{
		Title: "lag watch", Refresh: time.Millisecond,
		Load: func(ctx context.Context) (int64, error) {
			n := reads.Add(1)
			if n == 3 {
				select {
				case <-slow:
				case <-ctx.Done():
					return 0, ctx.Err()
				}
			}
			return n, nil
		},
		Draw: func(n int64) render.Frame[string] {
			rows := []string{"first of " + strconv.FormatInt(n, 10), "second"}
			if descending {
				rows[0], rows[1] = rows[1], rows[0]
			}
			return render.Frame[string]{Rows: rows, Columns: []render.Column[string]{{Name: "ROW", Raw: func(row string) string { return row }}}}
		},
		Keys: []render.Key{{Name: "s", Help: "order", Do: func() { descending = !descending }}},
	})
	sh.waitForText("ROW\nfirst of 2\nsecond")
	sh.waitForText("reading, read") // the third, which is stuck
	sh.press("s")
	sh.waitForText("ROW\nsecond\nfirst of 2")
	sh.waitForText("q quit  ↑↓ scroll  r read now  s order")
	sh.press("rrr") // one reading at a time
	sh.press("s")
	sh.waitForText("ROW\nfirst of 2\nsecond")
	if n := reads.Load(); n != 3 {
		t.Errorf("%d readings while one is stuck", n)
	}
	close(slow)
	sh.waitFor("fourth reading", func(string) bool { return reads.Load() >= 4 })
}

func TestScreenReadsAtOnceOnR(t *testing.T) {
	var reads atomic.Int64
	sc := groups(3)
	sc.Load = func(context.Context) (int, error) { return int(reads.Add(1)), nil }
	sh := run(t, 60, 15, sc) // reads anew after an hour
	for n := 2; n < 5; n++ {
		sh.waitForText("q quit")
		sh.press("r")
		sh.waitForText(fmt.Sprintf("group-of-a-service-%d ", n))
	}
}

func TestScreenKeepsTheLastGoodReading(t *testing.T) {
	var broken atomic.Bool
	sc := groups(3)
	sc.Refresh = time.Millisecond
	sc.Load = func(context.Context) (int, error) {
		if broken.Load() {
			return 0, errors.New("offsets of topic \"a\x1b[2J\": the broker at 127.0.0.1:9092 doesn't answer\ntry again")
		}
		return 3, nil
	}
	sh := run(t, 60, 15, sc)
	sh.waitForText("group-of-a-service-3")
	broken.Store(true)
	sh.waitForText(strings.TrimSuffix(lines(
		`could not read anew: offsets of topic "a\x1b[2J": the broker`,
		`at 127.0.0.1:9092 doesn't answer; try again`,
	), "\n"))
	sh.waitForText("group-of-a-service-3")
	sh.waitFor("age of the rows, though readings go on", regexp.MustCompile(`read [2-9]s ago`).MatchString)
	broken.Store(false)
	sh.waitFor("recovery", func(screen string) bool {
		return !strings.Contains(screen, "could not") && regexp.MustCompile(`read [01]s ago`).MatchString(screen)
	})
}

func TestScreenWithoutRows(t *testing.T) {
	sh := run(t, 60, 15, groups(0))
	sh.waitFor("empty table", func(screen string) bool {
		return strings.Contains(screen, "no groups") && !strings.Contains(screen, "GROUP")
	})
}

func TestAFirstReadingThatFailsShowsNoScreen(t *testing.T) {
	down := errors.New("connection refused")
	sc := groups(3)
	sc.Load = func(context.Context) (int, error) { return 0, down }
	sh := run(t, 60, 15, sc)
	if err := wait(t, sh.result); !errors.Is(err, down) {
		t.Errorf("error %v", err)
	}
	if got := sh.rawOutput(); got != "" {
		t.Errorf("the terminal got %q", got)
	}
}

func TestNothingIsReadAfterTheScreen(t *testing.T) {
	var running atomic.Int64
	started := make(chan struct{}, 1)
	sc := groups(3)
	sc.Refresh = time.Millisecond
	first := true
	sc.Load = func(ctx context.Context) (int, error) {
		if first {
			first = false
			return 3, nil
		}
		running.Add(1)
		defer running.Add(-1)
		started <- struct{}{}
		<-ctx.Done()
		return 0, ctx.Err()
	}
	sh := run(t, 60, 15, sc)
	<-started
	sh.press("q")
	if err := wait(t, sh.result); err != nil {
		t.Errorf("error %v", err)
	}
	if n := running.Load(); n != 0 {
		t.Errorf("%d readings still run", n)
	}
}

func TestFullScreensNeedATerminal(t *testing.T) {
	for _, change := range []func(*render.Streams){
		func(s *render.Streams) { s.InTTY = false },
		func(s *render.Streams) { s.OutTTY = false },
	} {
		s, out, _ := terminal(80)
		change(s)
		if err := render.RunScreen(t.Context(), s, groups(3)); !errors.Is(err, render.ErrNoTerminal) || out.Len() > 0 {
			t.Errorf("RunScreen: %v, stdout %q", err, out)
		}
		if err := render.FullScreen(t.Context(), s, panicking{}); !errors.Is(err, render.ErrNoTerminal) || out.Len() > 0 {
			t.Errorf("FullScreen: %v, stdout %q", err, out)
		}
	}
}

// panicking is a model that must not run.
type panicking struct{}

func (panicking) Init() tea.Cmd                       { return nil }
func (panicking) Update(tea.Msg) (tea.Model, tea.Cmd) { panic("running") }
func (panicking) View() string                        { return "q quit" }
