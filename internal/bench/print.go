package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

func writeJSON(w io.Writer, r *report) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// howSchemasTaken stands where there is no Kafka.
const howSchemasTaken = `Whole processes from start to end, with their output thrown away. Each has run once
before, uncounted, and its answer was looked at. MEDIAN and CPU (of all cores together)
are medians of the runs, MAX-RSS is the largest run's.
`

const howTaken = `Whole processes from start to end, with their output thrown away. The programs of a
question run in turn, so that a slow moment of the machine falls on all of them; each
has run once before, uncounted, and their answers were found to agree. MEDIAN and CPU
(of all cores together) are medians of the runs, MAX-RSS is the largest run's. Apache's
tool has the JVM options of its own script, so 256 MiB of heap. The bare protocol is a
Go program that sends one ListGroups, one OffsetFetch and one ListOffsets. A position
is one offset of one partition: a record to read for whoever wants the time lag. The bare
client reads the topic and does nothing with its records.
`

func writeText(w io.Writer, r *report) error {
	m := r.Machine
	var b strings.Builder
	fmt.Fprintf(&b, "evtctl %s (%s, %s) on %d cores (%s)\n", m.Revision, m.Go, m.Platform, m.Cores, m.CPU)
	how := howSchemasTaken
	if m.Kafka != "" {
		fmt.Fprintf(&b, "Apache Kafka %s, one node on the same machine, %s\n", m.Kafka, m.JVM)
		how = howTaken
	}
	fmt.Fprintf(&b, "Data: %s\n\n%s", r.Data, how)
	for i := range r.Questions {
		writeQuestion(&b, &r.Questions[i])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeQuestion(b *strings.Builder, q *question) {
	fmt.Fprintf(b, "\n%s\n", q.What)
	toApache, toProtocol, to := q.seconds(apache), q.seconds(protocol), "TO THE PROTOCOL"
	if toProtocol == 0 && q.seconds(client) > 0 {
		toProtocol, to = q.seconds(client), "TO THE BARE CLIENT"
	}
	table := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  PROGRAM\tRUNS\tMEDIAN\tGOAL\tMIN\tCPU\tMAX-RSS\tGOAL\tTO APACHE'S TOOL\t"+to)
	for _, e := range q.Programs {
		fmt.Fprintf(table, "  %s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", e.Name, e.Took.Runs,
			seconds(e.Took.Seconds), seconds(e.Goal.Seconds), seconds(e.Took.Fastest), seconds(e.Took.CPU),
			mebibytes(e.Took.RSS), mebibytes(e.Goal.RSS), ratio(e.Took.Seconds, toApache), ratio(e.Took.Seconds, toProtocol))
	}
	_ = table.Flush() // a strings.Builder takes everything
}

// seconds is what a peer took; 0: it isn't among the programs.
func (q *question) seconds(who peer) float64 {
	for _, e := range q.Programs {
		if e.peer == who {
			return e.Took.Seconds
		}
	}
	return 0
}

func seconds(s float64) string {
	if s == 0 {
		return "-"
	}
	return fmt.Sprintf("%.3f s", s)
}

func mebibytes(n int64) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f MiB", float64(n)/mib)
}

// ratio says how a time compares with a peer's.
func ratio(took, peer float64) string {
	switch {
	case peer == 0 || took == peer:
		return "-"
	case took < peer:
		return fmt.Sprintf("%.1f x faster", peer/took)
	default:
		return fmt.Sprintf("%.1f x slower", took/peer)
	}
}
