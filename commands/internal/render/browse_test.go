//go:build unix

package render_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/commands/internal/render"
)

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
