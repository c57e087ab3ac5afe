package render_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/evtctl/evtctl/commands/internal/render"
)

// let lets time pass, in a synctest bubble, and all goroutines come to rest.
func let(d time.Duration) {
	time.Sleep(d) // no real time in a bubble
	synctest.Wait()
}

func TestProgressAppearsAfterASecondAndGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, out, message := terminal(80)
		p := render.NewProgress(s, "reading offsets")
		p.Update(3, 0)
		let(999 * time.Millisecond)
		if message.Len() > 0 {
			t.Errorf("shown too early: %q", message)
		}
		let(time.Millisecond)
		expect(t, "total not known", message, "\rreading offsets  3  1s")
		p.Update(1234, 50000)
		let(200 * time.Millisecond)
		expect(t, "total known", message, "\rreading offsets  1,234 of 50,000  2%  1s")
		p.Update(60000, 50000) // topics grow
		let(time.Second)
		expect(t, "more than all", message, "\rreading offsets  60,000 of 50,000  100%  2s")
		p.Update(5, 50000)
		let(200 * time.Millisecond)
		expect(t, "a shorter line", message, "\rreading offsets  5 of 50,000  0%  2s       ")
		let(200 * time.Millisecond)
		expect(t, "nothing new", message, "")
		p.Done()
		expect(t, "the end", message, "\r"+strings.Repeat(" ", len("reading offsets  5 of 50,000  0%  2s"))+"\r")
		p.Done()
		p.Update(1, 1)
		let(time.Hour)
		expect(t, "after the end", message, "")
		if out.Len() > 0 {
			t.Errorf("stdout %q", out)
		}
	})
}

// expect holds the newest of what came since the last time against want.
func expect(t *testing.T, what string, stream *written, want string) {
	t.Helper()
	if got := stream.take(); want == "" && got != "" || !strings.HasSuffix(got, want) {
		t.Errorf("%s: got %q, want it to end with %q", what, got, want)
	}
}

func TestProgressIsForPeopleAtATerminal(t *testing.T) {
	for _, c := range []struct {
		name       string
		tty, quiet bool
	}{{"stderr is a file", false, false}, {"quiet", true, true}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, _, message := terminal(80)
				s.ErrTTY, s.Quiet = c.tty, c.quiet
				p := render.NewProgress(s, "reading")
				p.Update(1, 2)
				let(time.Hour)
				p.Done()
				if message.Len() > 0 {
					t.Errorf("stderr %q", message)
				}
			})
		})
	}
}

func TestMessagesAndAnswersStandAboveTheProgressLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, out, message := terminal(80)
		p := render.NewProgress(s, "reading")
		let(time.Second)
		const line = "reading  1s"
		expect(t, "the line", message, "\r"+line)
		gone := "\r" + strings.Repeat(" ", len(line)) + "\r"
		render.Message(s, render.Plain, "careful")
		expect(t, "a message", message, gone+"careful\n")
		let(200 * time.Millisecond)
		expect(t, "the line again", message, "\r"+line)
		print(t, s, render.Table, render.View[backlog]{Rows: backlogs[:1], Columns: backlogColumns[:1]})
		expect(t, "an answer", message, gone)
		if out.String() != "GROUP\ninventory\n" {
			t.Errorf("stdout %q", out)
		}
		p.Done()
		expect(t, "the end", message, "")
	})
}

func TestProgressStaysOnOneLineOfASmallTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, message := terminal(20)
		p := render.NewProgress(s, "reading 通知 topics\nwith a long \x1b name")
		let(2 * time.Second)
		for line := range strings.SplitSeq(message.String(), "\r") {
			if _, at := firstUnsafe(line); at >= 0 || ansi.StringWidth(line) > 19 {
				t.Errorf("%q is %d cells wide, unsafe at %d", line, ansi.StringWidth(line), at)
			}
		}
		expect(t, "the line", message, "\rreading 通知 top...")
		p.Done()
	})
}

func TestProgressIsSafeForConcurrentUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, _ := terminal(80)
		p := render.NewProgress(s, "reading")
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				for n := range 20 {
					p.Update(int64(n), 20)
					render.Message(s, render.Plain, "worker %d", i)
					time.Sleep(170 * time.Millisecond)
				}
				p.Done()
			})
		}
		all.Wait()
	})
}
