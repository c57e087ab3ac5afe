//go:build unix

package render_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evtctl/evtctl/commands/internal/render"
)

func TestBrowserShowsARowInTabs(t *testing.T) {
	br := browse(t, 60, 12, letters(30))
	br.waitForText("30 read")
	br.press("j\r")
	br.waitForText("orders.dlq:0:1\n[value]  headers   stack trace   origin\n{\"order\": 1}\nsecond line")
	br.press("\t")
	br.waitForText("[headers]  stack trace   origin\ntrace-id: 7f")
	br.press("\t")
	br.waitForText("    at com.shop.Frame0.call(Frame.java:0)") // set in, as its tab had it
	br.waitForText("lines 1-9 of 61")
	br.press("G")
	br.waitForText("lines 53-61 of 61")
	br.press("fFrame3.\r")
	br.waitForText("lines 5-13 of 61")
	br.press("\t")
	br.waitForText("could not be shown:\nsource record of \"orders:0:7\": expired")
	br.press("\t")
	br.waitForText("{\"order\": 1}")
	br.press("J")
	br.waitForText("{\"order\": 2}")
	br.press("K\x1b[Z\x1b[Z")
	br.waitForText("JsonParseException: unexpected 'x'\n    at") // row 1's stack trace
	br.press("\x1b")
	br.waitForCurrent("orders.dlq:0:1")
}

func TestADetailIsLoadedBehindTheScreenAndOnce(t *testing.T) {
	b := letters(3)
	var asked atomic.Int64
	ready := make(chan struct{})
	b.Tabs[0].Text = func(ctx context.Context, l letter) (string, error) {
		asked.Add(1)
		select {
		case <-ready:
			return fmt.Sprintf("value of %d", l.number), nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	br := browse(t, 60, 12, b)
	br.waitForText("3 read")
	br.press("\r")
	br.waitForText("loading…")
	br.press("\t")
	br.waitForText("trace-id")
	br.press("J\x1b[Z") // of row 1: that of row 0 is given up
	br.waitForText("loading…")
	close(ready)
	br.waitForText("value of 1")
	br.press("\t\x1b[Z")
	br.waitForText("value of 1")
	if n := asked.Load(); n != 2 {
		t.Errorf("asked %d times for two rows", n)
	}
}

func TestLongLinesAreWrappedOrCut(t *testing.T) {
	b := letters(1)
	b.Tabs = []render.Tab[letter]{{Name: "value", Text: func(context.Context, letter) (string, error) {
		return "start-" + strings.Repeat("界", 20) + "-end\nshort", nil
	}}}
	br := browse(t, 40, 10, b)
	br.waitForText("1 read")
	br.press("\r")
	br.waitForText("start-" + strings.Repeat("界", 17) + "\n界界界-end\nshort")
	br.press("w")
	br.waitForText("start-" + strings.Repeat("界", 16) + "…\nshort")
	br.press("llll")
	br.waitForText("界-end\n")
	br.press("hhhhw")
	br.waitForText("界界界-end\nshort")
}

func TestAHugeDetailIsCutAndSaysSo(t *testing.T) {
	b := letters(1)
	b.Tabs = []render.Tab[letter]{{Name: "value", Text: func(context.Context, letter) (string, error) {
		return strings.Repeat(strings.Repeat("x", 1023)+"\n", 3<<10), nil
	}}}
	br := browse(t, 80, 24, b)
	br.waitForText("1 read")
	br.press("\r")
	br.waitForText("lines 1-21")
	br.press("G")
	br.waitForText("(2.0 MiB more are not shown)")
}

func TestMarksAndActionsGoToTheCommand(t *testing.T) {
	br := browse(t, 80, 24, letters(30))
	br.waitForText("30 read")
	br.press("jjj  \x1b[H ") // 3 and 4, then 0
	br.waitForText(" * orders.dlq:0:0")
	br.waitForText("3 marked  30 read")
	br.press("r")
	want := render.Choice[letter]{Action: "r", Rows: []letter{newLetter(3), newLetter(4), newLetter(0)}}
	if diff := cmp.Diff(want, br.chosen(), cmp.AllowUnexported(letter{})); diff != "" {
		t.Error(diff)
	}
	br.waitFor("ordinary screen", func(string) bool { return !br.fullScreen() })
	br.browsing.Say(render.Good, "3 replayed to %s", "orders\x1b[2J")
	br.resume <- struct{}{}
	br.waitForText(`3 replayed to orders\x1b[2J`)
	br.waitForText("3 marked")
	br.waitForCurrent("orders.dlq:0:1") // where it was
	br.press("e")
	want = render.Choice[letter]{Action: "e", Rows: []letter{newLetter(1)}}
	if diff := cmp.Diff(want, br.chosen(), cmp.AllowUnexported(letter{})); diff != "" {
		t.Error(diff)
	}
	br.browsing.Unmark()
	br.resume <- struct{}{}
	br.waitFor("no marks", func(screen string) bool { return br.fullScreen() && !strings.Contains(screen, "marked") })
	br.press("/Time\r")
	br.waitForText("filter: Time")
	br.press("a")
	br.waitForText("10 marked")
	br.press("c")
	br.waitFor("no marks", func(screen string) bool { return !strings.Contains(screen, "marked") })
	br.press("R")
	want = render.Choice[letter]{Action: "R", Filter: "Time"}
	if diff := cmp.Diff(want, br.chosen(), cmp.AllowUnexported(letter{})); diff != "" {
		t.Error(diff)
	}
	br.resume <- struct{}{}
	br.waitForText("filter: Time")
	br.end()
}

func TestReadingGoesOnBehindAnAction(t *testing.T) {
	b := letters(-1)
	page := make(chan int)
	b.Open = func(ctx context.Context, _ string) (iter.Seq2[render.Page[letter], error], error) {
		return func(yield func(render.Page[letter], error) bool) {
			for {
				select {
				case n := <-page:
					if !yield(render.Page[letter]{Rows: []letter{newLetter(n)}, Read: int64(n + 1)}, nil) {
						return
					}
				case <-ctx.Done():
					return
				}
			}
		}, nil
	}
	br := browse(t, 80, 24, b)
	page <- 0
	br.waitForText("1 so far")
	br.press("r")
	br.chosen()
	for n := 1; n < 5; n++ {
		page <- n
	}
	br.resume <- struct{}{}
	br.waitForText("5 so far")
	br.waitForText("orders.dlq:0:4")
	br.press("r")
	br.chosen()
	br.resume <- struct{}{}
	page <- 5
	br.waitForText("orders.dlq:0:5")
}

func TestBrowserReadsAnewAndStaysWhereItWas(t *testing.T) {
	br := browse(t, 80, 24, letters(30))
	br.waitForText("30 read")
	br.press("jjjj\x12")
	br.waitForCurrent("orders.dlq:0:4")
}

func TestEveryKeyIsOnThePageOfKeys(t *testing.T) {
	br := browse(t, 80, 40, letters(30))
	br.waitForText("30 read")
	br.press("?")
	for _, line := range []string{
		"Space       mark the row, or take its mark away", "r           replay: the marked rows, or the current one",
		"e           edit: the current row", "R           replay all: all that the filter lets through",
		"PgDn        a page down", "Ctrl-C      interrupt",
	} {
		br.waitForText(line)
	}
	br.press("\x1b")
	br.waitForCurrent("orders.dlq:0:0")
}

func TestBrowserEndsAndGivesTheTerminalBack(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(*browsed)
		want error
	}{
		{"q", func(br *browsed) { br.press("q") }, nil},
		{"Ctrl-C", func(br *browsed) { br.press("\x03") }, context.Canceled},
		{"Ctrl-C while typing", func(br *browsed) { br.press("/x\x03") }, context.Canceled},
		{"the end of its context", func(br *browsed) { br.stop() }, context.Canceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			br := browse(t, 60, 15, letters(-1))
			br.waitForText("orders.dlq:0:0")
			c.end(br)
			if err := wait(t, br.result); !errors.Is(err, c.want) {
				t.Errorf("error %v", err)
			}
			checkGivenBack(t, &show{screenTerminal: br.screenTerminal})
		})
	}
}

func TestAPanicGivesTheTerminalBack(t *testing.T) {
	var due atomic.Bool
	crash := func() {
		if due.Load() {
			panic("nobody\x1b[5;5H thought of that")
		}
	}
	for name, spoil := range map[string]func(*render.Browser[letter]){
		"of a column": func(b *render.Browser[letter]) {
			b.Columns = append(b.Columns, render.Column[letter]{Name: "X", Raw: func(letter) string { crash(); return "" }})
		},
		"of a tab": func(b *render.Browser[letter]) {
			b.Tabs[0].Text = func(context.Context, letter) (string, error) { crash(); return "", nil }
		},
		"of the source": func(b *render.Browser[letter]) {
			b.Open = func(_ context.Context, filter string) (iter.Seq2[render.Page[letter], error], error) {
				if due.Load() {
					return func(func(render.Page[letter], error) bool) { crash() }, nil
				}
				return open(filter, 3)
			}
		},
		"of the groups": func(b *render.Browser[letter]) {
			b.Groups = render.GroupBy(nil, func(context.Context, string, func([]group)) error { crash(); return nil },
				func(group, string) string { return "" })
		},
	} {
		t.Run(name, func(t *testing.T) {
			due.Store(false)
			b := letters(3)
			spoil(&b)
			br := browse(t, 60, 15, b)
			br.waitForText("3 read")
			due.Store(true)
			br.press(map[string]string{"of a column": "j", "of a tab": "\r", "of the source": "\x12", "of the groups": "g"}[name])
			if err := wait(t, br.result); err == nil || !strings.Contains(err.Error(), "thought of that") {
				t.Errorf("error %v", err)
			}
			if strings.Contains(br.rawOutput(), "\x1b[5;5H") {
				t.Errorf("the terminal got %q", br.rawOutput())
			}
			checkGivenBack(t, &show{screenTerminal: br.screenTerminal})
		})
	}
}

func TestABrowserNeedsATerminal(t *testing.T) {
	s, out, _ := terminal(80)
	s.InTTY = false
	if _, err := render.Browse(t.Context(), s, letters(3)); !errors.Is(err, render.ErrNoTerminal) || out.Len() > 0 {
		t.Errorf("error %v, stdout %q", err, out)
	}
}

func TestAFirstFilterInErrorShowsNoScreen(t *testing.T) {
	s, out, _ := terminal(80)
	b := letters(3)
	b.Filter = "a("
	if _, err := render.Browse(t.Context(), s, b); err == nil || out.Len() > 0 {
		t.Errorf("error %v, stdout %q", err, out)
	}
}

func TestDetailsAreMadeAnewAfterAnActionAtTheSamePlace(t *testing.T) {
	b := letters(3)
	history := "parked"
	b.Tabs[2].Text = func(_ context.Context, l letter) (string, error) { return stack(l, 60) + history, nil }
	br := browse(t, 60, 12, b)
	br.waitForText("3 read")
	br.press("\r\t\t")
	br.waitForText("lines 1-9")
	br.press("G")
	br.waitForText("parked")
	br.press("r")
	br.chosen()
	history = "replayed" // without a lock: nothing reads it now
	br.resume <- struct{}{}
	br.waitForText("[stack trace]")
	br.waitForText("\nreplayed")
}

func TestAnActionGivesUpADetailThatIsStillLoading(t *testing.T) {
	b := letters(3)
	b.Tabs[0].Text = func(ctx context.Context, _ letter) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	}
	br := browse(t, 60, 12, b)
	br.waitForText("3 read")
	br.press("\r")
	br.waitForText("loading…")
	br.press("r")
	br.chosen()
	br.resume <- struct{}{}
	br.waitFor("loading again", func(screen string) bool { return br.fullScreen() && strings.Contains(screen, "loading…") })
	br.press("\t")
	br.waitForText("trace-id")
	br.end()
}
