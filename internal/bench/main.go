// Command bench takes evtctl's figures: how long its lag commands take and how
// much memory they need on a real Kafka, beside Apache's own tool and the bare
// protocol, how fast it reads dead letters, beside the bare client, and how long its
// schema checks take. It starts the broker, makes the data, lets all programs answer the
// same questions in turn, and prints medians. Before a question is timed, the
// answers are compared: a program that is quick and wrong gets no figure.
//
// It is no test. Nothing is judged by it, as times depend on the machine; its goals
// stand beside the figures for a person to read.
//
// Three more programs belong to it: measure runs one program and tells what it took,
// floor asks the least that can be asked, bare reads a topic and does no more.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"testing"
)

func main() {
	evtctl := flag.String("evtctl", "bin/evtctl", "the `program` to take figures of")
	asJSON := flag.Bool("json", false, "print one JSON document")
	only := flag.String("only", "", "take one `part` of the figures: lag, dlq, or schema, which needs no Kafka")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "bench takes no arguments, only flags: %q\n", flag.Args())
		os.Exit(2)
	}
	if *only != "" && *only != "lag" && *only != "dlq" && *only != "schema" {
		fmt.Fprintf(os.Stderr, "-only %q: the parts are lag, dlq and schema\n", *only)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second interrupt doesn't wait for the cleaning up
	figures := takeParts(ctx, *evtctl, *only, os.Stderr)
	stop()
	if figures == nil {
		os.Exit(1)
	}
	show := writeText
	if *asJSON {
		show = writeJSON
	}
	if err := show(os.Stdout, figures); err != nil {
		fmt.Fprintln(os.Stderr, "writing the figures:", err)
		os.Exit(1)
	}
}

// takeParts gives the figures of one part, or of all in one report. It is nil when
// they couldn't be taken.
func takeParts(ctx context.Context, evtctl, only string, log io.Writer) *report {
	var whole *report
	for _, part := range []struct {
		name    string
		figures func(testing.TB) *report
	}{
		{"lag", func(t testing.TB) *report { return takeFigures(ctx, t, evtctl, full, log) }},
		{"dlq", func(t testing.TB) *report { return takeLetterFigures(ctx, t, evtctl, fullLetters, log) }},
		{"schema", func(t testing.TB) *report { return takeSchemaFigures(ctx, t, evtctl, fullSchemas, log) }},
	} {
		if only != "" && only != part.name {
			continue
		}
		r := take(part.figures, log)
		switch {
		case r == nil:
			return nil
		case whole == nil:
			whole = r
		default:
			whole.Data += "; " + r.Data
			whole.Questions = append(whole.Questions, r.Questions...)
		}
	}
	return whole
}

// take gives the figures, or nil when they couldn't be taken and it has said why.
func take(figures func(testing.TB) *report, log io.Writer) (taken *report) {
	testing.Benchmark(func(b *testing.B) {
		if taken == nil { // what ends within a second is run again
			taken = figures(host{b, log})
		}
	})
	return taken
}

// host is the testing.TB that kafkatest wants of its callers. The one that
// [testing.Benchmark] hands to a program does everything but tell why it ended.
type host struct {
	*testing.B
	log io.Writer
}

func (h host) Name() string { return "bench" }

func (h host) Fatal(args ...any) {
	fmt.Fprintln(h.log, args...)
	h.FailNow()
}

func (h host) Fatalf(format string, args ...any) { h.Fatal(fmt.Sprintf(format, args...)) }

func (h host) Skipf(format string, args ...any) {
	fmt.Fprintf(h.log, format+"\n", args...)
	h.SkipNow()
}
