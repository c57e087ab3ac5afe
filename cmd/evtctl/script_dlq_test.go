package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// sample is a line of testdata/letters: a record as a framework wrote it.
type sample struct {
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
	Timestamp int64  `json:"timestamp_ms"`
	Key       []byte `json:"key_b64"`
	Value     []byte `json:"value_b64"`
	Headers   []struct {
		Key   string `json:"key"`
		Value []byte `json:"b64"`
	} `json:"headers"`
}

// letters writes dead letters of testdata/letters into a topic of one partition, with
// their headers, the oldest first. Their time stamps begin at noon, and lie as far apart
// as they did: letters FILE TOPIC
func letters(ts *testscript.TestScript, _ bool, args []string) {
	t, c := clusterOf(ts)
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "letters", args[0]))
	ts.Check(err)
	var recs []*kgo.Record
	var first int64
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for lines.Scan() {
		var s sample
		ts.Check(json.Unmarshal(lines.Bytes(), &s))
		if first == 0 || s.Timestamp < first {
			first = s.Timestamp
		}
		rec := &kgo.Record{Topic: args[1], Key: s.Key, Value: s.Value, Timestamp: time.UnixMilli(s.Timestamp)}
		for _, h := range s.Headers {
			rec.Headers = append(rec.Headers, kgo.RecordHeader(h))
		}
		recs = append(recs, rec)
	}
	slices.SortStableFunc(recs, func(a, b *kgo.Record) int { return a.Timestamp.Compare(b.Timestamp) })
	for _, rec := range recs {
		rec.Timestamp = noon.Add(rec.Timestamp.Sub(time.UnixMilli(first)))
	}
	c.Produce(t, recs...)
}

// letter writes one record as a file in JSON has it, minutes after noon, on either
// side of a dead-letter topic: letter TOPIC FILE
func letter(ts *testscript.TestScript, _ bool, args []string) {
	t, c := clusterOf(ts)
	var in struct {
		Partition int32   `json:"partition"`
		Minute    int     `json:"minute"`
		Key       *string `json:"key"`
		Value     *string `json:"value"`
		Bytes     []byte  `json:"bytes"`
		Headers   []struct {
			Key   string  `json:"key"`
			Value *string `json:"value"`
			Bytes []byte  `json:"bytes"`
		} `json:"headers"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &in))
	rec := &kgo.Record{Topic: args[0], Partition: in.Partition, Timestamp: noon.Add(time.Duration(in.Minute) * time.Minute), Value: in.Bytes}
	if in.Key != nil {
		rec.Key = []byte(*in.Key)
	}
	if in.Value != nil {
		rec.Value = []byte(*in.Value)
	}
	for _, h := range in.Headers {
		header := kgo.RecordHeader{Key: h.Key, Value: h.Bytes}
		if h.Value != nil {
			header.Value = []byte(*h.Value)
		}
		rec.Headers = append(rec.Headers, header)
	}
	c.Produce(t, rec)
}

// configure sets a topic's configs: configure TOPIC KEY=VALUE…
func configure(ts *testscript.TestScript, _ bool, args []string) {
	t, c := clusterOf(ts)
	var configs []kadm.AlterConfig
	for _, arg := range args[1:] {
		key, value, _ := strings.Cut(arg, "=")
		configs = append(configs, kadm.AlterConfig{Name: key, Value: &value})
	}
	altered, err := c.Admin(t).AlterTopicConfigs(t.Context(), configs, args[0])
	ts.Check(err)
	ts.Check(altered[0].Err)
}

// deleteTopic deletes a topic, and waits until it is gone: delete-topic NAME
func deleteTopic(ts *testscript.TestScript, _ bool, args []string) {
	t, c := clusterOf(ts)
	adm := c.Admin(t)
	_, err := adm.DeleteTopics(t.Context(), args[0])
	ts.Check(err)
	kafkatest.Eventually(t, 30*time.Second, "topic "+args[0]+" to be gone", func() (bool, string) {
		topics, err := adm.ListTopics(kadm.WithAuthorizedOps(t.Context())) // which asks anew
		return err == nil && !topics.Has(args[0]), fmt.Sprint(err)
	})
}
