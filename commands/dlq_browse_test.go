//go:build unix

package commands_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kgo"
)

// spring is a dead letter as Spring writes it.
func spring(topic string, partition int32, key, value, message string, headers ...kgo.RecordHeader) *kgo.Record {
	text := func(key, value string) kgo.RecordHeader {
		return kgo.RecordHeader{Key: "kafka_dlt-" + key, Value: []byte(value)}
	}
	return &kgo.Record{
		Topic: topic, Partition: partition, Key: []byte(key), Value: []byte(value), Timestamp: time.Now(),
		Headers: append(headers, text("original-topic", "orders"), text("exception-fqcn", "com.shop.CardExpired"), text("exception-message", message),
			text("exception-stacktrace", "com.shop.CardExpired: "+message+"\n\tat com.shop.Billing.charge(Billing.java:42)\n")),
	}
}

// terminal is what a person sees of a command that fills the screen.
type terminal struct {
	t             *testing.T
	keyboard, tty *os.File
	written       chan struct{}
	code          chan int

	mu       sync.Mutex
	emulator *vt.Emulator
}

// onTerminal runs evtctl on a terminal of 80 by 24.
func onTerminal(t *testing.T, env map[string]string, args ...string) *terminal {
	t.Helper()
	keyboard, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, keyboard: keyboard, tty: tty, written: make(chan struct{}, 1), code: make(chan int, 1), emulator: vt.NewEmulator(80, 24)}
	if err := pty.Setsize(keyboard, &pty.Winsize{Cols: 80, Rows: 24}); err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	running.Go(func() {
		e := &commands.Env{
			Streams: &render.Streams{In: tty, Out: tty, Err: tty, InTTY: true, OutTTY: true, ErrTTY: true, Width: 80, Height: 24},
			Getenv:  func(key string) string { return env[key] }, Now: time.Now,
		}
		term.code <- commands.Run(ctx, e, args)
	})
	var shown sync.WaitGroup
	shown.Go(term.show)
	shown.Go(func() { _, _ = io.Copy(io.Discard, term.emulator) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		_ = tty.Close()
		_ = keyboard.Close()
		_ = term.emulator.InputPipe().(io.Closer).Close()
		shown.Wait()
	})
	return term
}

func (term *terminal) show() {
	b := make([]byte, 4096)
	for {
		n, err := term.keyboard.Read(b)
		if err != nil {
			return
		}
		term.mu.Lock()
		_, _ = term.emulator.Write(b[:n])
		term.mu.Unlock()
		select {
		case term.written <- struct{}{}:
		default:
		}
	}
}

func (term *terminal) screen() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.emulator.String()
}

func (term *terminal) press(keys string) {
	if _, err := io.WriteString(term.keyboard, keys); err != nil {
		term.t.Fatal(err)
	}
}

// sees waits for texts that are on the screen at the same time.
func (term *terminal) sees(texts ...string) {
	term.t.Helper()
	limit := time.After(20 * time.Second)
	for {
		screen, missing := term.screen(), ""
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				missing = text
			}
		}
		if missing == "" {
			return
		}
		select {
		case <-term.written:
		case <-limit:
			term.t.Fatalf("no %q on the screen:\n%s", missing, screen)
		}
	}
}

func (term *terminal) leaves(want int) {
	term.t.Helper()
	term.press("q")
	select {
	case code := <-term.code:
		if code != want {
			term.t.Errorf("exit code %d, want %d", code, want)
		}
	case <-time.After(20 * time.Second):
		term.t.Fatalf("it doesn't end; the screen is\n%s", term.screen())
	}
}

func TestABrowserShowsLettersTheirDetailsAndTheirCauses(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		source, topic := c.Topic(t, 1), c.Topic(t, 2)
		c.Produce(t, &kgo.Record{Topic: source, Key: []byte("k"), Value: []byte(`{"id":1,"tier":"gold"}`)})
		for i := range 30 {
			c.Produce(t, spring(topic, int32(i%2), "k", fmt.Sprintf(`{"id":%d}`, i), "card expired"))
		}
		last := spring(topic, 0, "k", `{"id":1}`, "order not found",
			kgo.RecordHeader{Key: "kafka_dlt-original-partition", Value: []byte{0, 0, 0, 0}},
			kgo.RecordHeader{Key: "kafka_dlt-original-offset", Value: make([]byte, 8)})
		last.Headers[2].Value = []byte(source) // original-topic
		c.Produce(t, last)

		term := onTerminal(t, brokersOnTerminal(c), "dlq", "browse", topic)
		term.sees(topic, "1 of 31", "31 read", ">  0:15 ", "CardExpired: order not found", "Enter open", "r replay", "/ filter")
		term.press("\r")
		term.sees(topic+":0:15", "[value]", `"id": 1`)
		term.press("\t\t")
		term.sees("[headers]", "kafka_dlt-original-partition: 0x00000000 (0)")
		term.press("\t")
		term.sees("[stack]", "    at com.shop.Billing.charge(Billing.java:42)")
		term.press("\t")
		term.sees("[origin]", "topic: "+source, "source: there")
		term.press("\t")
		term.sees("[difference]", "without some of the source's fields", "lost field: /tier", `"tier": "gold"`)
		term.press("\x1b")
		term.sees("1 of 31")
		term.press("g")
		term.sees("1 of 2", "CardExpired: card expired", "97%")
		term.press("\r")
		term.sees("1 of 30", ".cause.fingerprint == ")
		term.press("/(\r")
		term.sees("filter: query ")
		term.press("\x1b")
		term.sees("q quit") // an Esc with a character right behind it is another key
		term.leaves(0)
	})
}

func TestABrowserIsSafeFromWhatLettersHold(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := c.Topic(t, 1)
	c.Produce(t, spring(topic, 0, "\x1b[31mkey", "\x1b]0;title\x07 \u202etxt", "\x1b[2Jgone", kgo.RecordHeader{Key: "\x1b[1mh", Value: []byte("\xff\x9b")}))
	term := onTerminal(t, brokersOnTerminal(c), "dlq", "browse", topic)
	term.sees(`CardExpired: \x1b[2Jgone`)
	term.press("\r")
	term.sees(`\x1b[31mkey`, `\x1b]0;title\x07 \u202etxt`)
	term.press("\t\t")
	term.sees(`\x1b[1mh: 0xff9b`)
	term.leaves(0)
}

func TestABrowserOfATopicThatIsNotThereIsNoScreen(t *testing.T) {
	c := kafkatest.Fake(t)
	term := onTerminal(t, brokersOnTerminal(c), "dlq", "browse", "nowhere")
	term.sees(`error: topic "nowhere": not found in this cluster`)
	if code := <-term.code; code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
}

func TestABrowserDoesWhatIsChosenWithTheMarkedLettersAndComesBack(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := c.Topic(t, 1)
	c.Produce(t, spring(topic, 0, "k", "v", "a"), spring(topic, 0, "k", "v", "b"), spring(topic, 0, "k", "v", "c"))
	calls := 0
	restore := commands.WithDLQAction("x", "file", func(letters []string) (string, error) {
		if calls++; calls == 2 {
			return "", errors.New("no room in the drawer")
		}
		return "filed " + strings.Join(letters, ", "), nil
	})
	t.Cleanup(restore)
	term := onTerminal(t, brokersOnTerminal(c), "dlq", "browse", topic)
	term.sees("3 read", "x file", "Space mark")
	term.press("j  x") // the second and the third
	term.sees("filed "+topic[:20], ":0:1", "3 read")
	term.press("x")
	term.sees("file: no room in the drawer")
	term.leaves(0)
	if calls != 2 {
		t.Errorf("%d calls, want 2", calls)
	}
}

func brokersOnTerminal(c *kafkatest.Cluster) map[string]string {
	return map[string]string{"EVTCTL_BROKERS": strings.Join(c.Brokers(), ","), "TERM": "xterm"}
}

func TestABrowserSendsBackAndSetsAsideWhatIsChosen(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		origin, topic := c.Topic(t, 1), c.Topic(t, 1)
		for _, value := range []string{"a", "b"} {
			letter := spring(topic, 0, "k", value, value)
			for i := range letter.Headers {
				if letter.Headers[i].Key == "kafka_dlt-original-topic" {
					letter.Headers[i].Value = []byte(origin)
				}
			}
			c.Produce(t, letter)
		}
		term := onTerminal(t, brokersOnTerminal(c), "dlq", "browse", topic)
		term.sees("2 read", "r replay", "d discard")
		term.press("r") // the newest
		term.sees("Why are they sent back?")
		term.press("mended\r")
		term.sees("Replay 1 letter")
		term.press("y\r")
		term.sees("1 done, 0 skipped, 0 failed", "replayed")
		term.press("jd") // the other one
		term.sees("Why are they set aside?")
		term.press("a test\r")
		term.sees("Discard 1 letter")
		term.press("y\r")
		term.sees("1 done, 0 skipped, 0 failed", "discarded")
		term.leaves(0)
		history := run(t, brokersOnTerminal(c), "dlq", "history", topic, "-o", "csv")
		if !strings.Contains(history.stdout, "mended") || !strings.Contains(history.stdout, "a test") {
			t.Errorf("the history lacks what was done: %+v", history)
		}
	})
}

func TestABrowserEditsTheMarkedLettersInOneFile(t *testing.T) {
	c := kafkatest.Fake(t)
	origin, topic := c.Topic(t, 1), c.Topic(t, 1)
	for _, value := range []string{"a", "b", "c"} {
		letter := spring(topic, 0, "k", value, value)
		for i := range letter.Headers {
			if letter.Headers[i].Key == "kafka_dlt-original-topic" {
				letter.Headers[i].Value = []byte(origin)
			}
		}
		c.Produce(t, letter)
	}
	env := brokersOnTerminal(c)
	env["EDITOR"] = "sed -i -e 's/^b$/B/' -e 's/^c$/C/'"
	term := onTerminal(t, env, "dlq", "browse", topic)
	term.sees("3 read", "e edit")
	term.press("  e") // the two newest
	term.sees("+B", "+C", "Replay 2 letters")
	term.press("y\r")
	term.sees("2 done, 0 skipped, 0 failed", "edited")
	term.leaves(0)
	history := run(t, brokersOnTerminal(c), "dlq", "history", topic, "-o", "csv")
	if strings.Count(history.stdout, ",edited,") != 2 {
		t.Errorf("the history is %+v", history)
	}
}
