package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kgo"
)

// letterScale is how many dead letters there are, and how often evtctl reads them.
type letterScale struct {
	letters, large int
	runs           int
}

var fullLetters = letterScale{letters: 500_000, large: 20_000, runs: 5}

// largeBytes is a value of the large letters: all the same byte, so that a fetch of
// them takes a hundred times as much memory as its bytes.
const largeBytes = 100 << 10

// letters is the data of the questions about dead letters: two topics.
type letters struct {
	letterScale
	usualTopic, largeTopic string
}

const (
	letterPartitions = 6
	causes           = 20
	valueBytes       = 1 << 10
)

func newLetters(ctx context.Context, t testing.TB, c *kafkatest.Cluster, s letterScale) *letters {
	t.Helper()
	d := &letters{letterScale: s, usualTopic: c.Topic(t, letterPartitions, "retention.ms=-1"), largeTopic: c.Topic(t, letterPartitions, "retention.ms=-1")}
	noise := make([]byte, 0, valueBytes+100)
	for i := 0; len(noise) < valueBytes; i++ {
		noise = fmt.Appendf(noise, `{"line":%d,"sku":"%x","amount":%d},`, i, i*0x9e3779b1, i*7919%1000)
	}
	write(ctx, t, c, s.letters, func(i int) *kgo.Record {
		value := fmt.Appendf(make([]byte, 0, valueBytes), `{"order":"ord-%d","lines":[`, i*7919)
		return letter(d.usualTopic, i, append(value, noise[:valueBytes-len(value)]...))
	})
	same := bytes.Repeat([]byte("x"), largeBytes)
	write(ctx, t, c, s.large, func(i int) *kgo.Record { return letter(d.largeTopic, i, same) })
	return d
}

// write produces in batches of the size that clients make by default.
func write(ctx context.Context, t testing.TB, c *kafkatest.Cluster, n int, record func(int) *kgo.Record) {
	t.Helper()
	cl := c.Client(t, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(20*time.Millisecond), kgo.MaxBufferedBytes(64<<20))
	defer cl.Close()
	var failed atomic.Value
	for i := range n {
		cl.Produce(ctx, record(i), func(_ *kgo.Record, err error) {
			if err != nil {
				failed.Store(err)
			}
		})
	}
	err := cl.Flush(ctx)
	if told, ok := failed.Load().(error); ok {
		err = told
	}
	if err != nil {
		t.Fatalf("writing letters: %v", err)
	}
}

// letter is one of Spring's, with a short stack trace.
func letter(topic string, i int, value []byte) *kgo.Record {
	cause, message := fmt.Sprintf("com.acme.E%d", i%causes), fmt.Sprintf("order ord-%d not found", i)
	return &kgo.Record{
		Topic: topic, Partition: int32(i % letterPartitions), Key: strconv.AppendInt(nil, int64(i), 10), Value: value,
		Headers: []kgo.RecordHeader{
			{Key: "kafka_dlt-original-topic", Value: []byte("orders")},
			{Key: "kafka_dlt-original-partition", Value: binary.BigEndian.AppendUint32(nil, uint32(i%letterPartitions))},
			{Key: "kafka_dlt-original-offset", Value: binary.BigEndian.AppendUint64(nil, uint64(i))},
			{Key: "kafka_dlt-exception-fqcn", Value: []byte("org.springframework.kafka.listener.ListenerExecutionFailedException")},
			{Key: "kafka_dlt-exception-cause-fqcn", Value: []byte(cause)},
			{Key: "kafka_dlt-exception-message", Value: []byte(message)},
			{Key: "kafka_dlt-exception-stacktrace", Value: fmt.Appendf(nil, "org.springframework.kafka.listener.ListenerExecutionFailedException: failed\n\tat org.springframework.kafka.A.b(A.java:1)\nCaused by: %s: %s\n\tat com.fasterxml.A.b(A.java:3)\n\tat com.acme.Orders.find(Orders.java:42)\n", cause, message)},
		},
	}
}

func (d *letters) questions(p *programs) []question {
	bare := func(topic string, n int) entry {
		return entry{Name: "the bare client", peer: client, runs: d.runs, check: tells(n),
			command: []string{p.reader, p.brokers, topic, strconv.Itoa(n)}}
	}
	stats := func(topic string, n int, limit goal) entry {
		return entry{Name: "evtctl dlq stats", Goal: limit, runs: d.runs, check: grouped(n),
			command: p.evtctl("dlq", "stats", topic, "-o", "json")}
	}
	where := func(name, topic, query string, rows int, limit goal) entry {
		return entry{Name: "evtctl dlq browse --where, " + name, Goal: limit, runs: d.runs, check: listed(rows),
			command: p.evtctl("dlq", "browse", topic, "--where", query, "-o", "jsonl", "--all")}
	}
	seconds := float64(d.letters) / 400_000
	few := min(d.letters, 1000)
	return []question{
		{What: fmt.Sprintf("%d dead letters of %d bytes", d.letters, valueBytes), Programs: []entry{
			bare(d.usualTopic, d.letters),
			stats(d.usualTopic, d.letters, goal{seconds, 150 * mib}),
			where("one cause", d.usualTopic, fmt.Sprintf(`.cause.class == "com.acme.E3" and .origin.offset < %d`, few), few/causes, goal{seconds, 150 * mib}),
			where("one origin", d.usualTopic, `.origin.offset == 77`, 1, goal{seconds, 150 * mib}),
			where("answered by jq", d.usualTopic, `.origin.offset + 1 == 78`, 1, goal{RSS: 150 * mib}),
			{Name: "evtctl dlq browse, a page", Goal: goal{0.2, 150 * mib}, runs: 3 * d.runs, check: listed(50),
				command: p.evtctl("dlq", "browse", d.usualTopic, "-o", "jsonl")},
		}},
		{What: fmt.Sprintf("%d dead letters of %d bytes, all the same byte", d.large, largeBytes), Programs: []entry{
			bare(d.largeTopic, d.large),
			stats(d.largeTopic, d.large, goal{RSS: 150 * mib}),
			where("one origin", d.largeTopic, `.origin.offset == 77`, 1, goal{RSS: 150 * mib}),
			{Name: "evtctl dlq browse, a page", Goal: goal{RSS: 150 * mib}, runs: d.runs, check: listed(50),
				command: p.evtctl("dlq", "browse", d.largeTopic, "-o", "jsonl")},
		}},
	}
}

func tells(n int) func(string) error {
	return func(answer string) error {
		if strings.TrimSpace(answer) != strconv.Itoa(n) {
			return fmt.Errorf("told of %.40q records, there are %d", answer, n)
		}
		return nil
	}
}

// grouped wants so many letters of all causes.
func grouped(n int) func(string) error {
	return func(answer string) error {
		var told struct {
			Letters int   `json:"letters"`
			Groups  []any `json:"groups"`
		}
		if err := json.Unmarshal([]byte(answer), &told); err != nil {
			return fmt.Errorf("%.200s: %w", answer, err)
		}
		if want := min(causes, n); told.Letters != n || len(told.Groups) != min(want, 10) && len(told.Groups) != want {
			return fmt.Errorf("told of %d letters in %d groups, there are %d", told.Letters, len(told.Groups), n)
		}
		return nil
	}
}

// listed wants so many letters, one a line.
func listed(n int) func(string) error {
	return func(answer string) error {
		if lines := strings.Count(answer, "\n"); lines != n {
			return fmt.Errorf("listed %d letters, want %d", lines, n)
		}
		return nil
	}
}

// takeLetterFigures asks what is about dead letters.
func takeLetterFigures(ctx context.Context, t testing.TB, evtctl string, s letterScale, log io.Writer) *report {
	t.Helper()
	b := startBench(ctx, t, evtctl, log)
	b.say("writing %d and %d dead letters", s.letters, s.large)
	data := newLetters(ctx, t, b.cluster, s)
	b.report = report{Machine: b.programs.machine(ctx, t), Data: fmt.Sprintf("%d dead letters of Spring's with a short stack trace and %d causes in %d partitions", s.letters, causes, letterPartitions)}
	for _, q := range data.questions(b.programs) {
		if err := b.ask(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	b.say("done")
	return &b.report
}
