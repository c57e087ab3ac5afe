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
