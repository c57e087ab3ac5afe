//go:build unix

package render_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/evtctl/evtctl/commands/internal/render"
)

// letter is a row of the browsers in these tests.
type letter struct {
	number int
	cause  string
}

func (l letter) coordinates() string { return "orders.dlq:0:" + strconv.Itoa(l.number) }

var causes = []string{"PaymentDeclined: card expired", "JsonParseException: unexpected 'x'", "TimeoutException: 30 s"}

func newLetter(n int) letter { return letter{n, causes[n%len(causes)]} }

// letters is a browser of n letters that come in pages of 10. Its filters are parts of
// causes; one with "(" in it doesn't compile.
func letters(n int) render.Browser[letter] {
	return render.Browser[letter]{
		Title: "orders.dlq",
		Columns: []render.Column[letter]{
			{Name: "COORDINATES", Raw: letter.coordinates},
			{Name: "CAUSE", Raw: func(l letter) string { return l.cause }, Shrink: true},
			{Name: "GROUP", Raw: func(letter) string { return "inventory-group" }, Drop: 1},
		},
		Key: letter.coordinates,
		Open: func(ctx context.Context, filter string) (iter.Seq2[render.Page[letter], error], error) {
			return open(filter, n)
		},
		Empty: "no letters",
		Tabs: []render.Tab[letter]{
			{Name: "value", Text: func(_ context.Context, l letter) (string, error) {
				return fmt.Sprintf("{\"order\": %d}\nsecond line", l.number), nil
			}},
			{Name: "headers", Text: func(context.Context, letter) (string, error) { return "trace-id: 7f", nil }},
			{Name: "stack trace", Text: func(_ context.Context, l letter) (string, error) { return stack(l, 60), nil }},
			{Name: "origin", Text: func(context.Context, letter) (string, error) {
				return "", errors.New("source record of \"orders:0:7\": expired")
			}},
		},
		Groups: render.GroupBy(
			[]render.Column[group]{
				{Name: "COUNT", Right: true, Raw: func(g group) string { return strconv.Itoa(g.count) }},
				{Name: "CAUSE", Raw: func(g group) string { return g.cause }, Shrink: true},
			},
			func(_ context.Context, filter string, show func([]group)) error {
				show(groupsOf(filter, n))
				return nil
			},
			func(g group, _ string) string { return g.cause },
		),
		Actions: []render.Action{
			{Key: "r", Label: "replay"},
			{Key: "e", Label: "edit", Scope: render.OnCurrent},
			{Key: "R", Label: "replay all", Scope: render.OnFilter},
		},
	}
}

type group struct {
	cause string
	count int
}

func groupsOf(filter string, n int) []group {
	var groups []group
	for i, cause := range causes {
		if count := (n + len(causes) - 1 - i) / len(causes); strings.Contains(cause, filter) && count > 0 {
			groups = append(groups, group{cause, count})
		}
	}
	return groups
}

func stack(l letter, lines int) string {
	var b strings.Builder
	fmt.Fprintln(&b, l.cause)
	for i := range lines {
		fmt.Fprintf(&b, "\tat com.shop.Frame%d.call(Frame.java:%d)\n", i, i)
	}
	return b.String()
}

// open reads n letters; below 0: without an end.
func open(filter string, n int) (iter.Seq2[render.Page[letter], error], error) {
	if strings.Contains(filter, "(") {
		return nil, fmt.Errorf("%q at 5: unexpected end", filter)
	}
	return func(yield func(render.Page[letter], error) bool) {
		for read := 0; read != n; {
			var page render.Page[letter]
			for range 10 {
				if read == n {
					break
				}
				if l := newLetter(read); strings.Contains(l.cause, filter) {
					page.Rows = append(page.Rows, l)
				}
				read++
			}
			page.Read, page.Total = int64(read), int64(max(0, n))
			if !yield(page, nil) {
				return
			}
		}
	}, nil
}

// browsed is a browser on a terminal, with what each of its screens ended with.
type browsed struct {
	*screenTerminal
	browsing *render.Browsing[letter]
	choices  chan render.Choice[letter]
	result   chan error
	stop     context.CancelFunc
	resume   chan struct{}
}

// browse shows b, and again each time the test says so.
func browse(t *testing.T, width, height int, b render.Browser[letter], change ...func(*render.Streams)) *browsed {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	br := &browsed{
		screenTerminal: openTerminal(t, width, height), choices: make(chan render.Choice[letter], 1),
		result: make(chan error, 1), stop: cancel, resume: make(chan struct{}),
	}
	s := br.streams()
	for _, c := range change {
		c(s)
	}
	browsing, err := render.Browse(ctx, s, b)
	if err != nil {
		t.Fatal(err)
	}
	br.browsing = browsing
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer browsing.Close()
		for {
			choice, err := browsing.Show(ctx)
			if err != nil || choice.Action == "" {
				br.result <- err
				return
			}
			br.choices <- choice
			select {
			case <-br.resume:
			case <-ctx.Done():
				return
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return br
}

// end presses q and waits for the end.
func (br *browsed) end() {
	br.t.Helper()
	br.press("q")
	if err := wait(br.t, br.result); err != nil {
		br.t.Errorf("error %v", err)
	}
}

func (br *browsed) waitForCurrent(row string) {
	br.t.Helper()
	br.waitFor("current row "+row, func(screen string) bool {
		for line := range strings.Lines(screen) {
			if strings.HasPrefix(line, ">") && strings.Contains(line, row+" ") {
				return true
			}
		}
		return false
	})
}

func (br *browsed) chosen() render.Choice[letter] {
	br.t.Helper()
	choice := make(chan error, 1)
	var got render.Choice[letter]
	go func() { got = <-br.choices; choice <- nil }()
	_ = wait(br.t, choice)
	return got
}

func TestBrowserShowsRowsStatusAndKeys(t *testing.T) {
	br := browse(t, 80, 10, letters(3))
	br.waitForScreen(lines(
		`orders.dlq                                                                1 of 3`,
		`3 read`,
		`   COORDINATES     CAUSE                               GROUP`,
		`>  orders.dlq:0:0  PaymentDeclined: card expired       inventory-group`,
		`   orders.dlq:0:1  JsonParseException: unexpected 'x'  inventory-group`,
		`   orders.dlq:0:2  TimeoutException: 30 s              inventory-group`,
		``, ``, ``,
		`q quit  ? keys  Enter open  Space mark  r replay  e edit  R replay all  / filter`,
	))
}

func TestBrowserFitsASmallTerminal(t *testing.T) {
	br := browse(t, 40, 10, letters(300))
	br.waitForScreen(lines(
		`orders.dlq                      1 of 300`,
		`300 read`,
		`   COORDINATES     CAUSE`,
		`>  orders.dlq:0:0  PaymentDec…rd expired`,
		`   orders.dlq:0:1  JsonParseE…pected 'x'`,
		`   orders.dlq:0:2  TimeoutExc…tion: 30 s`,
		`   orders.dlq:0:3  PaymentDec…rd expired`,
		`   orders.dlq:0:4  JsonParseE…pected 'x'`,
		`   orders.dlq:0:5  TimeoutExc…tion: 30 s`,
		`q quit  ? keys  Enter open  Space mark`,
	))
}

func TestBrowserShowsTheFirstPageOfASourceThatNeverEnds(t *testing.T) {
	b := letters(-1)
	stuck := make(chan struct{})
	b.Open = func(ctx context.Context, _ string) (iter.Seq2[render.Page[letter], error], error) {
		return func(yield func(render.Page[letter], error) bool) {
			if yield(render.Page[letter]{Rows: []letter{newLetter(0)}, Read: 17, Total: 1_000_000}, nil) {
				<-ctx.Done() // as a poll that brings nothing
				close(stuck)
				yield(render.Page[letter]{}, ctx.Err())
			}
		}, nil
	}
	br := browse(t, 80, 12, b)
	br.waitForText("reading, 17 of 1,000,000 so far")
	br.waitForCurrent("orders.dlq:0:0")
	br.end()
	<-stuck
}

func TestBrowserKeepsABoundedNumberOfRows(t *testing.T) {
	b := letters(-1)
	b.Keep = 100
	br := browse(t, 80, 12, b)
	br.waitForText("rows 1-100 are loaded, m loads more")
	br.press("G")
	br.waitForCurrent("orders.dlq:0:99")
	br.press("m")
	br.waitForText("rows 51-150 are loaded, m loads more")
	br.waitForCurrent("orders.dlq:0:99") // the same row
	br.press("G")
	br.waitForCurrent("orders.dlq:0:149")
	br.waitForText("150 of 150")
}

func TestBrowserMoves(t *testing.T) {
	br := browse(t, 80, 14, letters(200)) // 10 rows are shown
	br.waitForText("200 read")
	for _, c := range []struct {
		key string
		row int
	}{
		{"\x1b[B", 1}, {"j", 2}, {"\x1b[A", 1}, {"k", 0}, {"k", 0}, {"\x1b[6~", 9}, {"\x06", 18}, {"\x1b[5~", 9}, {"\x02", 0},
		{"\x04", 4}, {"\x15", 0}, {"G", 199}, {"j", 199}, {"\x1b[H", 0}, {"\x1b[F", 199}, {"\x1b[H", 0}, {"jjjjj", 5},
	} {
		br.press(c.key)
		br.waitForCurrent(newLetter(c.row).coordinates())
	}
}

func TestBrowserKeepsTheCurrentRowThroughSizes(t *testing.T) {
	br := browse(t, 80, 24, letters(200))
	br.waitForText("200 read")
	br.press("G")
	for _, size := range [][2]int{{40, 10}, {20, 4}, {3, 2}, {1, 1}, {120, 50}, {80, 24}} {
		br.resize(size[0], size[1])
		if size[0] >= 40 {
			br.waitForCurrent("orders.dlq:0:199")
			continue
		}
		br.press("?\x1b") // any key draws
	}
	br.end()
}

func TestBrowserFindsInWhatIsLoaded(t *testing.T) {
	br := browse(t, 80, 24, letters(30))
	br.waitForText("30 read")
	br.press("ftimeout")
	br.waitForCurrent("orders.dlq:0:2")
	br.press("\rn")
	br.waitForCurrent("orders.dlq:0:5")
	br.press("N")
	br.waitForCurrent("orders.dlq:0:2")
	br.press("N")
	br.waitForCurrent("orders.dlq:0:29") // around the end
	br.press("fjson")
	br.waitForCurrent("orders.dlq:0:1")
	br.press("zz")
	br.waitForText("not found: jsonzz")
	br.press("\x1b")
	br.waitForCurrent("orders.dlq:0:29") // back
}

func TestBrowserFilters(t *testing.T) {
	br := browse(t, 80, 24, letters(30))
	br.waitForText("30 read")
	br.press("/Time(")
	br.press("\r")
	br.waitForText(`filter: "Time(" at 5: unexpected end`)
	br.waitForText("PaymentDeclined") // the old one stays
	br.press("\x7f\r")
	br.waitFor("filtered rows", func(screen string) bool {
		return strings.Contains(screen, "1 of 10\n") && !strings.Contains(screen, "PaymentDeclined") && strings.Contains(screen, "30 read  filter: Time\n")
	})
	br.press("/\x15nothing\r")
	br.waitForText("no letters")
	br.press("\x1b")
	br.waitForText("filter: Time\n")
	br.press("\x1b")
	br.waitForText("1 of 30")
}

func TestBrowserGroups(t *testing.T) {
	br := browse(t, 80, 24, letters(31))
	br.waitForText("31 read")
	br.press("g")
	br.waitForText("   COUNT  CAUSE\n>     11  PaymentDeclined: card expired\n      10  JsonParseException")
	br.press("jj\r")
	br.waitFor("rows of the group", func(screen string) bool {
		return strings.Contains(screen, "1 of 10\n") && strings.Contains(screen, "filter: TimeoutException: 30 s")
	})
	br.press("g")
	br.waitForText("   COUNT  CAUSE\n>     10  TimeoutException: 30 s")
	br.press("g\x1b")
	br.waitForText("1 of 31")
}

func TestAGroupingThatFailsSaysWhy(t *testing.T) {
	b := letters(3)
	b.Groups = render.GroupBy([]render.Column[group]{{Name: "CAUSE", Raw: func(g group) string { return g.cause }}},
		func(context.Context, string, func([]group)) error { return errors.New("the broker\x1b[2J is gone") },
		func(g group, _ string) string { return g.cause })
	br := browse(t, 80, 24, b)
	br.press("g")
	br.waitForText(`could not be grouped: the broker\x1b[2J is gone`)
}

func TestAReadingThatFailsKeepsItsRows(t *testing.T) {
	b := letters(3)
	b.Open = func(context.Context, string) (iter.Seq2[render.Page[letter], error], error) {
		return func(yield func(render.Page[letter], error) bool) {
			if yield(render.Page[letter]{Rows: []letter{newLetter(0)}, Read: 1}, nil) {
				yield(render.Page[letter]{}, errors.New("partition 1: not leader"))
			}
		}, nil
	}
	br := browse(t, 80, 24, b)
	br.waitForText("reading ended after 1: partition 1: not leader")
	br.waitForCurrent("orders.dlq:0:0")
}

// browseLetters is a program to look at: EVTCTL_RENDER_TEST_SAY_HELLO=browse and the test
// binary.
func browseLetters() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	browsing, err := render.Browse(ctx, render.SystemStreams(os.Getenv), letters(100_000))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer browsing.Close()
	for {
		choice, err := browsing.Show(ctx)
		if err != nil || choice.Action == "" {
			fmt.Println("left:", err)
			return 0
		}
		fmt.Printf("%s of %d rows, filter %q\n", choice.Action, len(choice.Rows), choice.Filter)
		browsing.Say(render.Good, "%s: %d rows", choice.Action, len(choice.Rows))
	}
}
