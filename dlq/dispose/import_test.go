package dispose_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/dispose"
	"github.com/evtctl/evtctl/dlq/ledger"
	"github.com/evtctl/evtctl/internal/exactly"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

// exported is an export of a topic.
func exported(t testing.TB, o *office, topic string) []byte {
	t.Helper()
	source, err := ledger.SourceOf(t.Context(), o.reader.Client, topic)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	a, err := dlq.NewArchive(&out, dlq.ArchiveHead{ClusterID: source.Cluster, Topic: topic, TopicID: ledger.FormatTopicID(source.TopicID)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	read, err := o.reader.Read(t.Context(), dlq.Query{Topic: topic}, a.Add)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.End(read.Faults); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func archive(file []byte) dispose.Archive {
	return func(visit func(*dlq.Archived) error) (*dlq.ArchiveHead, *dlq.ArchiveEnd, error) {
		return dlq.ReadArchive(bytes.NewReader(file), visit)
	}
}

func (o *office) planImport(t testing.TB, file []byte, req dispose.ImportRequest) *dispose.ImportPlan {
	t.Helper()
	if req.Clock == nil {
		req.Clock = func() time.Time { return noon }
	}
	p, err := dispose.NewImport(t.Context(), archive(file), dispose.Look(o.to.Client(t)), req)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (o *office) imported(t testing.TB, file []byte, req dispose.ImportRequest) *dispose.Receipt {
	t.Helper()
	receipt, err := o.writer(t).Import(t.Context(), o.planImport(t, file, req))
	if err != nil {
		t.Fatal(err)
	}
	if receipt.Done+receipt.Skipped+receipt.Failed != receipt.Planned {
		t.Fatalf("the receipt doesn't add up: %+v", receipt)
	}
	return receipt
}

// archivedLetters are the lines of an archive's letters, by partition and in order.
func archivedLetters(file []byte) []string {
	lines := strings.Split(strings.TrimSpace(string(file)), "\n")
	lines = lines[1 : len(lines)-1]
	slices.SortStableFunc(lines, func(a, b string) int { return strings.Compare(a[:14], b[:14]) })
	return lines
}

// odd are records with all that is easily lost.
func odd(topic string) []*kgo.Record {
	header := func(key string, value []byte) kgo.RecordHeader { return kgo.RecordHeader{Key: key, Value: value} }
	return []*kgo.Record{
		{Topic: topic, Timestamp: noon, Key: []byte("k"), Value: []byte("text \u2028 \u202e <&> \x00 \x1b]52;c;eA==\a\r"), Headers: []kgo.RecordHeader{
			header("a", []byte("1")), header("a", nil), header("a", []byte{}), header("b", []byte{0xff, 0}), header("\xff", []byte("1")), header("a", []byte("1")),
		}},
		{Topic: topic, Timestamp: noon.Add(time.Millisecond)},
		{Topic: topic, Timestamp: noon, Key: []byte{}, Value: []byte{}, Partition: 1},
		{Topic: topic, Timestamp: noon.Add(-time.Hour), Key: []byte{0xff}, Value: bytes.Repeat([]byte{0, 0xfe}, 1000)},
		{Topic: topic, Timestamp: time.UnixMilli(-1), Key: []byte("tombstone"), Partition: 1},
		{Topic: topic, Timestamp: time.UnixMilli(0), Value: []byte("1970")},
	}
}

func TestWhatIsExportedImportedAndExportedAgainIsTheSameByteForByte(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		o := newOffice(t, c, c)
		from, to := c.Topic(t, 2, "retention.ms=-1"), c.Topic(t, 2, "retention.ms=-1")
		c.Produce(t, odd(from)...)
		file := exported(t, o, from)
		if receipt := o.imported(t, file, dispose.ImportRequest{To: to}); receipt.Done != 6 {
			t.Fatalf("%+v", receipt)
		}
		want, diff := archivedLetters(file), ""
		kafkatest.Eventually(t, 60*time.Second, "letters as they were (-exported +exported again)", func() (bool, string) {
			diff = cmp.Diff(want, archivedLetters(exported(t, o, to))) // readers see them some time after the commit
			return diff == "" && len(want) == 6, diff
		})
		if receipt := o.imported(t, file, dispose.ImportRequest{To: to}); receipt.Done != 0 || receipt.Skipped != 6 || receipt.Items[0].Reason != "imported already" {
			t.Errorf("imported a second time: %+v", receipt)
		}
		if receipt := o.imported(t, file, dispose.ImportRequest{}); receipt.Skipped != 6 || !strings.Contains(receipt.Items[0].Reason, "still has it") {
			t.Errorf("imported into the topic that has them: %+v", receipt)
		}
	})
}

func TestWhatRetentionDeletedComesBackOnce(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		o := newOffice(t, c, c)
		topic := c.Topic(t, 1, "retention.ms=-1")
		for i := range 5 {
			c.Produce(t, &kgo.Record{Topic: topic, Value: fmt.Append(nil, i), Timestamp: noon})
		}
		file := exported(t, o, topic)
		o.apply(t, o.plan(t, dispose.Request{Action: dispose.Discard, Reason: "a test", Letters: []dlq.Coordinates{{Topic: topic, Offset: 1}}, Query: dlq.Query{Topic: topic}}))
		deleteBefore(t, c, topic, 3)
		plan := o.planImport(t, file, dispose.ImportRequest{})
		if got := reasons(plan.LeftOut); plan.Planned != 2 || got != "disposed 1, there 2" {
			t.Errorf("planned %d, left out: %s", plan.Planned, got)
		}
		if receipt := o.imported(t, file, dispose.ImportRequest{}); receipt.Done != 2 || receipt.Skipped != 3 {
			t.Errorf("%+v", receipt)
		}
		if receipt := o.imported(t, file, dispose.ImportRequest{All: true}); receipt.Done != 1 || receipt.Skipped != 4 {
			t.Errorf("with those that were dealt with: %+v", receipt)
		}
		if got := values(records(t, c, topic)); got != "3 4 0 2 1" {
			t.Errorf("the topic has %s", got)
		}
	})
}

func TestABadLetterInAFileDoesNotFailTheOthers(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		o := newOffice(t, c, c)
		from := c.Topic(t, 2, "retention.ms=-1")
		c.Produce(t, &kgo.Record{Topic: from, Key: []byte("k"), Value: []byte("good"), Timestamp: noon},
			&kgo.Record{Topic: from, Value: []byte("no key"), Timestamp: noon},
			&kgo.Record{Topic: from, Key: []byte("k"), Value: bytes.Repeat([]byte("x"), 3000), Timestamp: noon},
			&kgo.Record{Topic: from, Key: []byte("k"), Value: []byte("other partition"), Partition: 1, Timestamp: noon},
			&kgo.Record{Topic: from, Key: []byte("k"), Value: []byte("old"), Timestamp: noon.Add(-time.Hour)},
			&kgo.Record{Topic: from, Key: []byte("k"), Value: []byte("good too"), Timestamp: noon})
		to := c.Topic(t, 1, "cleanup.policy=compact,delete", "max.message.bytes=2000", "retention.ms=1800000", "message.timestamp.before.max.ms=9223372036854775807")
		file := exported(t, o, from)
		plan := o.planImport(t, file, dispose.ImportRequest{To: to})
		for _, kind := range []string{"null-key 1", "too-large 1", "no-partition 1", "expired 1"} {
			if !strings.Contains(reasons(plan.LeftOut), kind) {
				t.Errorf("the plan doesn't leave out %s: %s", kind, reasons(plan.LeftOut))
			}
		}
		if receipt := o.imported(t, file, dispose.ImportRequest{To: to}); receipt.Done != 2 || receipt.Failed != 4 {
			t.Errorf("%+v", receipt)
		}
		if receipt := o.imported(t, file, dispose.ImportRequest{To: to, Now: true, Partition: dispose.Partitioning{ByKey: true}}); receipt.Done != 2 || receipt.Skipped != 2 || receipt.Failed != 2 {
			t.Errorf("with the time of now, and the key's partition: %+v", receipt)
		}
		times := map[string]string{}
		for _, r := range records(t, c, to) {
			times[string(r.Value)] = header(r, dispose.HeaderTime)
		}
		if times["old"] != "2026-11-23T11:00:00Z" || times["other partition"] != "2026-11-23T12:00:00Z" {
			t.Errorf("the original times are %q", times)
		}
	})
}

func TestATopicThatTakesNoOldTimesIsKnownBefore(t *testing.T) {
	c := kafkatest.Real(t)
	o := newOffice(t, c, c)
	from := c.Topic(t, 1, "retention.ms=-1")
	c.Produce(t, &kgo.Record{Topic: from, Value: []byte("old"), Timestamp: time.Now().Add(-time.Hour)})
	file, clock := exported(t, o, from), dispose.ImportRequest{Clock: time.Now}
	for config, want := range map[string]string{
		"message.timestamp.before.max.ms=60000":      "too-old 1",
		"message.timestamp.type=LogAppendTime":       "",
		"message.timestamp.before.max.ms=7200000000": "",
	} {
		clock.To = c.Topic(t, 1, "retention.ms=-1", config)
		plan := o.planImport(t, file, clock)
		if got := reasons(plan.LeftOut); got != want {
			t.Errorf("%s: left out: %q, want %q", config, got, want)
		}
		if told := strings.Contains(reasons(plan.Warnings), "append-time"); told != strings.Contains(config, "LogAppendTime") {
			t.Errorf("%s: warnings: %s", config, reasons(plan.Warnings))
		}
		if receipt := o.imported(t, file, clock); (receipt.Done == 1) != (want == "") {
			t.Errorf("%s: %+v", config, receipt)
		}
	}
}

func TestLettersOfAnotherClusterAreImportedAndSaidToBe(t *testing.T) {
	c := kafkatest.Fake(t)
	o := newOffice(t, c, c)
	d, err := dlq.NewDialects()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	a, err := dlq.NewArchive(&out, dlq.ArchiveHead{ClusterID: "prod", Topic: "orders-dlt", TopicID: "AAAAAAAAAAAAAAAAAAAAAQ"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Add(d.Parse(odd("orders-dlt")[0])); err != nil {
		t.Fatal(err)
	}
	if _, err := a.End([]dlq.Fault{{From: 7, To: 9}}); err != nil {
		t.Fatal(err)
	}
	file, target := out.Bytes(), c.Topic(t, 1, "retention.ms=-1")
	plan := o.planImport(t, file, dispose.ImportRequest{To: target})
	if got := reasons(plan.Warnings); got != "other-cluster 1, incomplete 1, undisposed 1" {
		t.Errorf("warnings: %s", got)
	}
	for _, want := range []int64{1, 0} {
		if receipt := o.imported(t, file, dispose.ImportRequest{To: target}); receipt.Done != want {
			t.Errorf("%+v, want %d done", receipt, want)
		}
	}
}

func TestAnImportThatCanNotBeIsRefusedAndNothingIsWritten(t *testing.T) {
	c := kafkatest.Fake(t)
	o := newOffice(t, c, c)
	from, to := c.Topic(t, 1, "retention.ms=-1"), c.Topic(t, 1, "retention.ms=-1")
	c.Produce(t, odd(from)[:2]...)
	file := exported(t, o, from)
	try := func(file []byte, req dispose.ImportRequest) error {
		_, err := dispose.NewImport(t.Context(), archive(file), dispose.Look(c.Client(t)), req)
		return err
	}
	var wrong *dlq.ArchiveError
	for what, file := range map[string][]byte{
		"cut": file[:len(file)-10], "edited": bytes.Replace(file, []byte("text"), []byte("txet"), 1), "empty": nil,
		"of another version": bytes.Replace(file, []byte(`"evtctl_letters":1`), []byte(`"evtctl_letters":2`), 1),
		"without its topic's id": func() []byte {
			var out bytes.Buffer
			a, _ := dlq.NewArchive(&out, dlq.ArchiveHead{ClusterID: "kfake", Topic: from}, nil)
			_, _ = a.End(nil)
			return out.Bytes()
		}(),
	} {
		if err := try(file, dispose.ImportRequest{To: to}); !errors.As(err, &wrong) {
			t.Errorf("%s: %v, want an ArchiveError", what, err)
		}
	}
	for name, says := range map[string]string{"no-such-topic": "doesn't exist", "__consumer_offsets": "internal", ledger.Topic: "internal"} {
		var asked *dispose.RequestError
		if err := try(file, dispose.ImportRequest{To: name}); !errors.As(err, &asked) || !strings.Contains(err.Error(), says) || asked.Hint() == "" {
			t.Errorf("into %s: %v", name, err)
		}
	}
	if got := records(t, c, to); len(got) != 0 {
		t.Errorf("%d records were written", len(got))
	}
	plan := o.planImport(t, file, dispose.ImportRequest{To: to})
	if _, err := c.Admin(t).DeleteTopics(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	var changed *dispose.ChangedError
	if _, err := o.writer(t).Import(t.Context(), plan); !errors.As(err, &changed) {
		t.Errorf("a topic that was deleted since: %v", err)
	}
}

func TestAnImportThatWasEndedGoesOn(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		o := newOffice(t, c, c)
		from, to := c.Topic(t, 1, "retention.ms=-1"), c.Topic(t, 1, "retention.ms=-1")
		const all = 3000
		recs := make([]*kgo.Record, all)
		for i := range recs {
			recs[i] = &kgo.Record{Topic: from, Value: fmt.Appendf(nil, "v%d", i), Timestamp: noon}
		}
		c.Produce(t, recs...)
		file := exported(t, o, from)
		ctx, interrupt := context.WithCancel(t.Context())
		hard, abort := context.WithCancel(t.Context())
		for step, end := range []func(){interrupt, abort} {
			w := o.writer(t)
			w.Rate, w.Hard = 2000, hard
			w.Report = func(item dispose.Item) {
				if item.Result == dispose.ItemDone {
					end()
				}
			}
			receipt, err := w.Import(ctx, o.planImport(t, file, dispose.ImportRequest{To: to}))
			if !receipt.Interrupted || receipt.Done == 0 || step == 0 && err != nil || step == 1 && !errors.Is(err, exactly.ErrAborted) {
				t.Errorf("ended: %+v, %v", receipt, err)
			}
			ctx = t.Context()
		}
		o.imported(t, file, dispose.ImportRequest{To: to})
		if got := records(t, c, to); len(got) != all || values(got) != values(recs) {
			t.Errorf("%d records, want each of %d once and in order", len(got), all)
		}
	})
}
