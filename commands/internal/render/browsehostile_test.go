//go:build unix

package render_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/commands/internal/render"
)

// hostile is what anybody can put into a record: it clears the screen, sets the
// clipboard, overwrites the line, turns the direction of writing around.
const hostile = "\x1b[5;5Hevil\x1b]52;c;ZXZpbA==\x07\rover\u202etxt\tx\u009b31m\x9b31m\u200b\ufe0f"

const hostileShown = `\x1b[5;5Hevil\x1b]52;c;ZXZpbA==\x07\rover\u202etxt\tx\u009b31m\x9b31m\u200b\ufe0f`

// hostileLetters is a browser in which everything is hostile, and wide.
func hostileLetters() render.Browser[letter] {
	b := letters(40)
	b.Title = "t " + hostile
	b.Key = func(l letter) string { return fmt.Sprintf("%d %s", l.number, hostile) }
	b.Columns = []render.Column[letter]{
		{Name: "N", Raw: func(l letter) string { return fmt.Sprint(l.number) }},
		{Name: "CELL" + hostile, Drop: 1, Raw: func(letter) string { return hostile }, Shrink: true},
		{Name: "WIDE", Raw: func(letter) string { return strings.Repeat("界e\u0301", 30) }, Shrink: true},
	}
	b.Tabs = []render.Tab[letter]{
		{Name: "v", Text: func(context.Context, letter) (string, error) {
			return hostile + "\n\u0301" + strings.Repeat("界e\u0301", 100) + "\n" + hostile, nil
		}},
		{Name: "e" + hostile, Text: func(context.Context, letter) (string, error) { return "", errors.New("why " + hostile) }},
	}
	b.Actions = []render.Action{{Key: "r", Label: "re" + hostile}}
	b.Groups = render.GroupBy([]render.Column[string]{{Name: "GROUP", Raw: func(s string) string { return s }}},
		func(_ context.Context, _ string, show func([]string)) error {
			show([]string{hostile})
			return errors.New("grouping " + hostile)
		},
		func(s, _ string) string { return "(" + s })
	return b
}

// allowed are the sequences that Bubble Tea and the palette write.
var allowed = regexp.MustCompile(`\x1b\[(\?\d+[hl]|\d*;?H|\d*[ABCDJK]|[\d;]*m)`)

func TestNothingOfARowReachesTheTerminalUnescaped(t *testing.T) {
	for _, width := range []int{40, 80, 400} {
		for _, color := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d columns, colour %v", width, color), func(t *testing.T) {
				br := browse(t, width, 10, hostileLetters(), func(s *render.Streams) { s.Color = color })
				br.waitForText("40 read")
				whole := func(part string) {
					t.Helper()
					if width == 400 {
						br.waitForText(part)
					}
				}
				whole("t " + hostileShown)
				whole("CELL" + hostileShown)
				whole("re" + hostileShown)
				br.press("\r")
				br.waitForText("[v]")
				whole("\n" + hostileShown + "\n" + `\u0301界`)
				br.press("w\t")
				br.waitForText("why")
				whole("[e" + hostileShown + "]")
				whole("why " + hostileShown)
				br.press("\x1b")
				br.waitForText("40 read")
				br.press("g")
				br.waitForText("grouping ended")
				whole(">  " + hostileShown)
				br.press("\r") // its filter doesn't compile
				br.waitForText("filter:")
				br.press("/\x1b[200~" + hostile + "\x1b[201~")
				br.waitForText("Enter accept")
				whole(`filter: \x1b[5;5Hevil\x1b]52;c;ZXZpbA==\x07 over\u202etxt x\u009b31m`)
				br.press("\x1b")
				br.waitForText("q quit")
				br.press("?")
				br.waitForText("Esc back  q quit")
				br.end()
				checkHarmless(t, br.rawOutput())
			})
		}
	}
}

func checkHarmless(t *testing.T, raw string) {
	t.Helper()
	rest := allowed.ReplaceAllString(raw, "")
	for _, evil := range []string{"\x1b", "\x07", "\u202e", "\t", "\u009b", "\x9b", "\u200b", "\ufe0f"} {
		if at := strings.Index(rest, evil); at >= 0 && !(evil == "\x9b" && strings.ToValidUTF8(rest, "") == rest) {
			t.Errorf("the terminal got %q in %q", evil, rest[max(0, at-40):min(len(rest), at+40)])
		}
	}
	if strings.Contains(raw, "\rover") || strings.Contains(raw, "\x1b[5;5H") {
		t.Errorf("the terminal got %q", raw)
	}
}

// TestNoViewIsBrokenBySmallOrOddSizes looks at the first and the last line: when any other
// took two, the first would be gone.
func TestNoViewIsBrokenBySmallOrOddSizes(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {40, 10}, {41, 11}, {27, 7}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			br := browse(t, size[0], size[1], hostileLetters())
			whole := func(view, first string) {
				t.Helper()
				br.waitFor(view, func(screen string) bool {
					shown := strings.Split(screen, "\n")
					return len(shown) == size[1] && strings.HasPrefix(shown[0], first) && strings.HasPrefix(shown[len(shown)-1], "q quit")
				})
			}
			whole("list", `t \x`)
			br.press("G")
			whole("end of the list", `t \x`)
			br.press("\r")
			whole("detail", `39 \x`)
			br.press("w")
			whole("lines that are cut", `39 \x`)
			br.press("lllll")
			whole("lines to the right", `39 \x`)
			br.press("\t")
			whole("error", `39 \x`)
			br.press("\x1b")
			whole("list again", `t \x`)
			br.press("g")
			whole("groups", `t \x`)
			br.press("\r")
			whole("filter in error", `t \x`)
		})
	}
}

func TestNoSizeIsTooSmall(t *testing.T) {
	for _, size := range [][2]int{{20, 4}, {5, 3}, {3, 2}, {1, 1}, {2, 30}, {200, 1}} {
		for _, keys := range []string{"q", "G jq", "\rGq", "\r\twlllq", "gq", "g\rq", "?Gq", "ffzq\x03", "/x\x03"} {
			t.Run(fmt.Sprintf("%dx%d %q", size[0], size[1], keys), func(t *testing.T) {
				br := browse(t, size[0], size[1], hostileLetters())
				br.waitFor("first drawing", func(string) bool {
					_, drawn, _ := strings.Cut(br.rawOutput(), "\x1b[?2004h")
					return drawn != ""
				})
				br.press(keys)
				err := wait(t, br.result) // of a panic, too
				if interrupted := strings.HasSuffix(keys, "\x03"); (interrupted && !errors.Is(err, context.Canceled)) || (!interrupted && err != nil) {
					t.Errorf("error %v", err)
				}
			})
		}
	}
}

func TestSelectionAndMarksShowWithoutColour(t *testing.T) {
	for _, color := range []bool{false, true} {
		br := browse(t, 80, 24, letters(5), func(s *render.Streams) { s.Color = color })
		br.waitForText("5 read")
		br.press(" ")
		br.waitForText(" * orders.dlq:0:0")
		br.waitForText(">  orders.dlq:0:1")
		br.press("k")
		br.waitForText(">* orders.dlq:0:0")
		br.end()
		if reversed := strings.Contains(br.rawOutput(), "\x1b[7m"); reversed != color {
			t.Errorf("colour %v, reversed %v", color, reversed)
		}
	}
}

func TestMarkedRowsOutliveTheWindow(t *testing.T) {
	b := letters(-1)
	b.Keep = 20
	br := browse(t, 80, 24, b)
	br.waitForText("m loads more")
	br.press(" m")
	br.waitForText("1 marked  rows 11-30 are loaded")
	br.press("r")
	if choice := br.chosen(); len(choice.Rows) != 1 || choice.Rows[0].number != 0 {
		t.Errorf("chosen %v", choice)
	}
}

func TestNothingIsReadAfterABrowserIsClosed(t *testing.T) {
	ended := make(chan struct{})
	b := letters(-1)
	b.Open = func(ctx context.Context, _ string) (iter.Seq2[render.Page[letter], error], error) {
		return func(yield func(render.Page[letter], error) bool) {
			defer close(ended)
			for yield(render.Page[letter]{Rows: []letter{newLetter(0)}}, nil) {
			}
		}, nil
	}
	browsing, err := render.Browse(t.Context(), openTerminal(t, 80, 24).streams(), b)
	if err != nil {
		t.Fatal(err)
	}
	browsing.Close()
	select {
	case <-ended:
	default:
		t.Error("still reading")
	}
}
