//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/sandbox"
	"github.com/twmb/franz-go/pkg/kgo"
)

// bombMemory is what a command that reads may take in memory, whatever letters hold. It is
// 40 to 125 MB, as the collector has it, and was 275 to 710 before there were bounds.
const bombMemory = 150 << 20

// bombs are letters that are small, and large for who reads them carelessly.
func bombs(t *testing.T, c *kafkatest.Cluster, registry string) string {
	t.Helper()
	topic := c.Topic(t, 1, "retention.ms=-1", "max.message.bytes=40000000")
	for subject, body := range map[string]string{
		"avro":     `{"schema":"{\"type\":\"array\",\"items\":\"null\"}"}`,
		"protobuf": `{"schemaType":"PROTOBUF","schema":"syntax = \"proto3\"; message N { N n = 1; repeated int32 i = 2; }"}`,
		"json":     `{"schemaType":"JSON","schema":"{}"}`,
	} {
		resp, err := http.Post(registry+"/subjects/"+subject+"/versions", "application/vnd.schemaregistry.v1+json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("registering %s: %s", subject, resp.Status)
		}
	}
	nested := func(open, end string, n int) []byte { return []byte(strings.Repeat(open, n) + strings.Repeat(end, n)) }
	plain := [][]byte{
		nested("[", "]", 400_000), nested(`{"a":`, "1", 100_000), []byte("[" + strings.Repeat("{},", 250_000) + "1]"),
		[]byte(`"` + strings.Repeat(`\u0000`, 150_000) + `"`),
	}
	for id := range uint32(6) { // whichever the three schemas have
		prefix := binary.BigEndian.AppendUint32([]byte{0}, id)
		for _, data := range [][]byte{
			binary.AppendVarint(nil, 1<<40), binary.AppendVarint(nil, 9_000_000), nested("[", "]", 400_000),
			append([]byte{0}, bytes.Repeat([]byte{0x0a, 0xff, 0xff, 0xff, 0x7f}, 100_000)...), append([]byte{0, 0x12, 0x80, 0x80, 0x20}, make([]byte, 512<<10)...),
		} {
			plain = append(plain, append(prefix[:5:5], data...))
		}
	}
	cl := bombClient(t, c, kgo.GzipCompression())
	put := func(value []byte) {
		rec := &kgo.Record{Topic: topic, Value: value, Headers: []kgo.RecordHeader{{Key: "kafka_dlt-original-topic", Value: []byte("orders")}}}
		if err := cl.ProduceSync(t.Context(), rec).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	for _, value := range plain {
		put(value)
	}
	put(make([]byte, 80<<20)) // beyond what is decompressed
	put(make([]byte, 11<<20)) // within
	put([]byte("the last"))
	return topic
}

func TestBombsInLettersCostNoCommandMuchMemory(t *testing.T) {
	box, err := sandbox.Start(context.Background(), sandbox.Config{Addr: "127.0.0.1:0", RegistryAddr: "127.0.0.1:0", Checker: commands.SchemaChecker{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	c := kafkatest.Fake(t)
	topic := bombs(t, c, box.RegistryURL())
	for _, test := range []struct {
		args string
		code int
	}{
		{"list --count", 4}, {"stats " + topic, 4}, {"browse " + topic, 4}, {"browse " + topic + " --all -o jsonl --where .decoded.value.json!=1", 4},
		{"export " + topic, 4}, {"show " + topic + ":0:0", 0}, {"show " + topic + ":0:10", 0}, {"replay " + topic + " --to other --dry-run", 0},
	} {
		costsLittle(t, c, box.RegistryURL(), test.args, test.code)
	}
}

// What reads partitions at once unpacks few batches at once, whatever swells in them.
func TestBombsInManyPartitionsCostNoMoreThanInOne(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := c.Topic(t, 16, "retention.ms=-1", "max.message.bytes=40000000")
	t.Setenv("GOMAXPROCS", "8") // which more partitions are read at once with
	packed, plain := bombClient(t, c, kgo.GzipCompression()), bombClient(t, c, kgo.NoCompression())
	put := func(cl *kgo.Client, records ...*kgo.Record) {
		t.Helper()
		if err := cl.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	const large = 11 << 20
	shapes := [][]byte{make([]byte, large), bytes.Repeat([]byte(`"`), large), []byte("[" + strings.Repeat("{},", large/3) + "1]"), bytes.Repeat([]byte("é"), large/2)}
	for i := range int32(36) { // two or three in each, as large as may be
		put(packed, &kgo.Record{Topic: topic, Partition: i % 16, Value: shapes[(i+i/16)%4], Headers: []kgo.RecordHeader{{Key: "bomb", Value: []byte("1")}}})
	}
	put(packed, &kgo.Record{Topic: topic, Partition: 3, Headers: make([]kgo.RecordHeader, 3_000_000)})
	many := make([]*kgo.Record, 500_000)
	for i := range many {
		many[i] = &kgo.Record{Topic: topic, Partition: 5}
	}
	put(packed, many...)
	put(plain, &kgo.Record{Topic: topic, Partition: 7, Value: make([]byte, 30<<20)})
	for _, args := range []string{
		"stats " + topic, "export " + topic, "replay " + topic + " --to other --dry-run", "list --count " + topic,
		"browse " + topic, "browse " + topic + " --oldest -o json", "browse " + topic + " -o yaml",
		"browse " + topic + " --all -o jsonl --partition 2,3,7", "browse " + topic + " --all --where .decoded.value.json!=1 --partition 1,2,3,7",
		"show " + topic + ":1:0 -o json", "show " + topic + ":2:0 -o yaml",
	} {
		code := 4 // a record with too many headers isn't read
		if first := strings.Fields(args)[0]; first == "show" || first == "replay" || strings.Contains(args, "--oldest") {
			code = 0 // what is asked for, or the page, is all there
		}
		costsLittle(t, c, "", args, code)
	}
}

func bombClient(t *testing.T, c *kafkatest.Cluster, codec kgo.CompressionCodec) *kgo.Client {
	t.Helper()
	return c.Client(t, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(codec), kgo.ProducerBatchMaxBytes(90<<20),
		kgo.BrokerMaxWriteBytes(100<<20), kgo.ProducerLinger(0), kgo.MaxBufferedRecords(1_000_000))
}

// costsLittle runs a command of evtctl dlq and looks at what it took in memory.
func costsLittle(t *testing.T, c *kafkatest.Cluster, registry, args string, code int) {
	t.Helper()
	cmd := exec.Command("evtctl", append([]string{"dlq"}, strings.Fields(args)...)...)
	status := filepath.Join(t.TempDir(), "status")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	cmd.Env = append(os.Environ(), "EVTCTL_BROKERS="+strings.Join(c.Brokers(), ","), "EVTCTL_REGISTRY="+registry, "HOME="+t.TempDir(), "PEAK="+status)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if cmd.ProcessState.ExitCode() != code {
		t.Errorf("dlq %s ends with %d, want %d: %.300s", args, cmd.ProcessState.ExitCode(), code, errs.String())
	}
	peak := peakOf(t, status)
	t.Logf("dlq %s: %d MB, %s of CPU time", args, peak>>20, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	if peak > bombMemory {
		t.Errorf("dlq %s took %d MB", args, peak>>20)
	}
}

// peakOf is the most memory that a process had resident, out of what Linux says of it.
// (What its parent is told at its end begins with the parent's own.)
func peakOf(t *testing.T, status string) int64 {
	t.Helper()
	text, err := os.ReadFile(status)
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`VmHWM:\s*(\d+) kB`).FindSubmatch(text)
	if found == nil {
		t.Fatalf("no VmHWM in %s", text)
	}
	kilobytes, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}
