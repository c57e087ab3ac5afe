package dlq_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

// odd are records with all that JSON doesn't have.
func odd(topic string) []*kgo.Record {
	at := time.UnixMilli(1772452800123)
	header := func(key string, value []byte) kgo.RecordHeader { return kgo.RecordHeader{Key: key, Value: value} }
	return []*kgo.Record{
		{Topic: topic, Timestamp: at, Key: []byte("k"), Value: []byte("text \u2028 \u202e <&> \x00"), Headers: []kgo.RecordHeader{
			header("a", []byte("1")), header("a", nil), header("a", []byte{}), header("b", []byte{0xff, 0}), header("a", []byte("1")),
		}},
		{Topic: topic, Timestamp: at.Add(time.Millisecond), Key: nil, Value: nil},
		{Topic: topic, Timestamp: at, Key: []byte{}, Value: []byte{}},
		{Topic: topic, Timestamp: at.Add(-time.Hour), Key: []byte{0xff}, Value: bytes.Repeat([]byte{0, 0xfe}, 1000)},
		{Topic: topic, Timestamp: at, Value: make([]byte, 100<<10)}, // in base64, as six times as long otherwise
	}
}

func archived(t *testing.T, letters []*dlq.Letter) []byte {
	t.Helper()
	var out bytes.Buffer
	a, err := dlq.NewArchive(&out, dlq.ArchiveHead{ClusterID: "c", Topic: "orders-dlt"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range letters {
		if err := a.Add(l); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.End(nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestAnArchiveGivesRecordsBackByteForByte(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 1, "retention.ms=-1")
		recs := odd(topic)
		c.Produce(t, recs...)
		letters, _ := read(t, newReader(t, c), dlq.Query{Topic: topic})
		var got []*dlq.Archived
		_, end, err := dlq.ReadArchive(bytes.NewReader(archived(t, letters)), func(a *dlq.Archived) error { got = append(got, a); return nil })
		if err != nil {
			t.Fatal(err)
		}
		if end.Letters != 5 || end.Next[0] != 5 {
			t.Errorf("end %+v, want 5 letters and offset 5 next", end)
		}
		if file := archived(t, letters); len(file) > 200<<10 {
			t.Errorf("100 KiB of control characters take %d bytes", len(file))
		}
		for i, rec := range recs {
			want := &dlq.Archived{Offset: int64(i), Timestamp: &rec.Timestamp, Key: rec.Key, Value: rec.Value}
			for _, h := range rec.Headers {
				want.Headers = append(want.Headers, dlq.Header(h))
			}
			if diff := cmp.Diff(want, got[i]); diff != "" {
				t.Errorf("letter %d (-want +got):\n%s", i, diff)
			}
		}
	})
}

func TestAnArchiveThatIsCutOrChangedIsRefused(t *testing.T) {
	var letters []*dlq.Letter
	for _, rec := range odd("orders-dlt")[:3] {
		letters = append(letters, dialects(t).Parse(rec))
	}
	whole := archived(t, letters)
	check := func(file []byte) error {
		_, _, err := dlq.ReadArchive(bytes.NewReader(file), func(*dlq.Archived) error { return nil })
		return err
	}
	if err := check(whole); err != nil {
		t.Fatalf("the whole file: %v", err)
	}
	refused := func(what string, at int, file []byte) {
		t.Helper()
		var wrong *dlq.ArchiveError
		if err := check(file); !errors.As(err, &wrong) {
			t.Errorf("%s at byte %d: error %v, want an ArchiveError", what, at, err)
		}
	}
	for i := range whole {
		refused("cut", i, whole[:i])
		changed := slices.Clone(whole)
		if changed[i] ^= 1; bytes.LastIndexByte(whole[:len(whole)-1], '\n') < i { // the last line has no checksum of its own
			continue
		}
		refused("changed", i, changed)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	refused("a line left out", 0, bytes.Join(slices.Delete(slices.Clone(lines), 1, 2), nil))
	refused("a line twice", 0, bytes.Join(slices.Insert(slices.Clone(lines), 1, lines[1]), nil))
	refused("more behind it", 0, append(slices.Clone(whole), whole...))
	refused("no file", 0, nil)
}

// tight is a disk with little room.
type tight struct {
	bytes.Buffer
	room int
}

var errFull = errors.New("no space left on device")

func (w *tight) Write(p []byte) (int, error) {
	if n := w.room - w.Len(); n < len(p) {
		w.Buffer.Write(p[:n])
		return n, errFull
	}
	return w.Buffer.Write(p)
}

func TestAnArchiveKnowsWhatWasWrittenWholeWhenTheDiskIsFull(t *testing.T) {
	var letters []*dlq.Letter
	for i := range 10 {
		rec := &kgo.Record{Topic: "orders-dlt", Offset: int64(i), Value: []byte("v")}
		if i == 4 { // what is written in pieces
			rec.Value = bytes.Repeat(rec.Value, 300<<10)
		}
		letters = append(letters, dialects(t).Parse(rec))
	}
	whole := archived(t, letters)
	for room := bytes.IndexByte(whole, '\n') + 1; room < len(whole); room++ {
		if room > 1000 && room < len(whole)-1000 {
			room = min(room+10_007, len(whole)-1000)
		}
		w := &tight{room: room}
		a, err := dlq.NewArchive(w, dlq.ArchiveHead{ClusterID: "c", Topic: "orders-dlt"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range letters {
			_ = a.Add(l)
		}
		if _, err := a.End(nil); !errors.Is(err, errFull) {
			t.Fatalf("room for %d bytes: error %v", room, err)
		}
		kept := w.Bytes()[:a.Whole()]
		count, next := a.Written()
		if lines := int64(bytes.Count(kept, []byte("\n"))); kept[len(kept)-1] != '\n' || lines != count+1 || next[0] != count {
			t.Errorf("room for %d bytes: %d lines kept, %d letters written, next %v", room, lines, count, next)
		}
		if err := a.Flush(); !errors.Is(err, errFull) {
			t.Errorf("room for %d bytes: a later write gives %v", room, err)
		}
	}
}
