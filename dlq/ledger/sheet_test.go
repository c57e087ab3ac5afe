package ledger

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/exactly"
)

// written makes the records of letters that were all sent to one place after another.
func written(t *testing.T, b *Book, letters ...Letter) []*kgo.Record {
	t.Helper()
	done := make([]exactly.Done, len(letters))
	for i, l := range letters {
		if l.Disposition.replays() {
			l.ReplayID = b.source.ReplayID(l.Partition, l.Offset, l.Attempt)
			done[i].Placed = []exactly.Placed{{Topic: "orders", Partition: l.Partition % 2, Offset: 1000 + l.Offset}}
		}
		done[i].Item = b.Item(l)
	}
	records, err := b.Entries(done)
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func newBook() *Book {
	at := time.Date(2026, 3, 1, 12, 0, 0, 5000, time.UTC)
	return (&Topics{count: 8}).NewBook(Source{Cluster: "c", Topic: "d", TopicID: [16]byte{1}}, Run{Job: "j", Who: "w", Why: "y", Now: func() time.Time { return at }})
}

// many are letters of two partitions, some with holes between them, some edited.
func many(n int) (letters []Letter) {
	for i := range n {
		l := Letter{Partition: int32(i % 2), Offset: int64(i/2 + i/40*3), Disposition: Replayed, Attempt: 1, HashBefore: fmt.Sprint("b", i), HashAfter: fmt.Sprint("a", i)}
		if i%100 == 17 {
			l.Disposition, l.Attempt, l.Why = Edited, 2, "its own"
		}
		letters = append(letters, l)
	}
	return letters
}

func TestManyLettersShareRecordsThatTellOfEach(t *testing.T) {
	b, letters := newBook(), many(2000)
	records := written(t, b, letters...)
	if len(records) > 50 {
		t.Errorf("2000 letters take %d records", len(records))
	}
	x, told := newIndex(b.source), map[string]map[string]Entry{Topic: {}, AuditTopic: {}}
	for _, r := range records {
		if r.Topic == Topic {
			if err := x.add(r, b.source.prefix()); err != nil {
				t.Fatal(err)
			}
		}
		entries, err := b.source.Entries(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if at := e.Coordinates(); told[r.Topic][at].Job != "" {
				t.Errorf("%s tells twice of %s", r.Topic, at)
			} else {
				told[r.Topic][at] = e
			}
		}
	}
	for _, l := range letters {
		if d, ok := x.Disposition(l.Partition, l.Offset); !ok || d != l.Disposition || x.Attempt(l.Partition, l.Offset) != l.Attempt {
			t.Fatalf("%+v is %s after %d attempts", l, d, x.Attempt(l.Partition, l.Offset))
		}
		why := "y"
		if l.Why != "" {
			why = l.Why
		}
		for topic, entries := range told {
			e := entries[fmt.Sprintf("d:%d:%d", l.Partition, l.Offset)]
			target := Target{"orders", l.Partition % 2, 1000 + l.Offset}
			if e.Disposition != l.Disposition || e.Why != why || e.Who != "w" || e.Job != "j" || e.Target == nil || *e.Target != target ||
				e.ReplayID != b.source.ReplayID(l.Partition, l.Offset, l.Attempt) || !e.At.Equal(b.run.Now()) {
				t.Fatalf("%s tells %+v of %+v", topic, e, l)
			}
			if topic == AuditTopic && (e.HashBefore != l.HashBefore || e.HashAfter != l.HashAfter) {
				t.Fatalf("the hashes of %+v are %+v", l, e)
			}
		}
	}
	if x.Disposed(0) != 1000 || x.Disposed(1) != 1000 {
		t.Errorf("%d and %d are disposed", x.Disposed(0), x.Disposed(1))
	}
}

// Compaction keeps the last record with a key: what a record tells of many letters
// mustn't go because of one of them.
func TestNoRecordForManyLettersIsCompactedAway(t *testing.T) {
	b := newBook()
	restored := make([]Letter, 40)
	for i := range restored {
		restored[i] = Letter{Offset: int64(i), Disposition: Restored}
	}
	all := [][]*kgo.Record{
		written(t, b, many(80)...), written(t, b, restored[:20]...), written(t, b, Letter{Disposition: Discarded}), written(t, b, many(80)[:40]...),
		written(t, b, Letter{Offset: 3, Disposition: Restored}),
	}
	for _, compacted := range []bool{false, true} {
		last := map[string]int{}
		var log []*kgo.Record
		for _, records := range all {
			for _, r := range records {
				if r.Topic == Topic {
					last[string(r.Key)], log = len(log), append(log, r)
				}
			}
		}
		x := newIndex(b.source)
		for i, r := range log {
			if compacted && last[string(r.Key)] != i {
				continue
			}
			if err := x.add(r, b.source.prefix()); err != nil {
				t.Fatal(err)
			}
		}
		if _, ok := x.Disposition(0, 3); ok || x.Disposed(1) != 40 || x.Disposed(0) != 39 {
			t.Errorf("compacted %t: %d and %d are disposed", compacted, x.Disposed(0), x.Disposed(1))
		}
	}
}

func TestFewLettersHaveAnEntryEach(t *testing.T) {
	b := newBook()
	keys := map[string]bool{}
	for _, r := range written(t, b, many(sheetFrom-1)...) {
		if r.Topic == Topic {
			keys[string(r.Key)] = true
		}
	}
	for _, l := range many(sheetFrom - 1) {
		if !keys[b.source.Key(l.Partition, l.Offset)] {
			t.Errorf("%+v has no entry", l)
		}
	}
}

// A letter in doubt is looked for where its intent says.
func TestIntentsOfManyLettersTellWhereEachMayBe(t *testing.T) {
	b := newBook()
	letters := many(64)
	for i := range letters {
		letters[i].Disposition, letters[i].Attempt = Intended, 1
	}
	x := newIndex(b.source)
	for _, r := range written(t, b, letters...) {
		if r.Topic == Topic {
			if err := x.add(r, b.source.prefix()); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, l := range letters {
		if target, ok := x.InDoubt(l.Partition, l.Offset); !ok || target != (Target{"orders", l.Partition % 2, 1000 + l.Offset}) {
			t.Errorf("%+v may be at %+v, %t", l, target, ok)
		}
	}
}

// Before there were sheets, every letter had an entry, and the audit topic arrays.
func TestLedgersOfBeforeAreRead(t *testing.T) {
	s := Source{Cluster: "c", Topic: "d", TopicID: [16]byte{1}}
	const entry = `{"version":1,"disposition":"edited","attempt":2,"job":"j","cluster":"c","topic_id":"AQAAAAAAAAAAAAAAAAAAAA","topic":"d","partition":3,"offset":4,` +
		`"replay_id":"r","hash_before":"b","hash_after":"a","who":"w","why":"y","at":"2026-03-01T12:00:00.000005Z","target":{"topic":"t","partition":1,"offset":9}}`
	want := Entry{
		Version: 1, Disposition: Edited, Attempt: 2, Job: "j", Cluster: "c", TopicID: "AQAAAAAAAAAAAAAAAAAAAA", Topic: "d", Partition: 3, Offset: 4,
		ReplayID: "r", HashBefore: "b", HashAfter: "a", Who: "w", Why: "y", At: time.Date(2026, 3, 1, 12, 0, 0, 5000, time.UTC),
	}
	x := newIndex(s)
	for _, r := range []*kgo.Record{
		{Topic: Topic, Key: []byte(s.Key(3, 4)), Value: []byte(entry)},
		{Topic: AuditTopic, Key: []byte(s.prefix()), Value: []byte("[" + entry + "," + entry + "]")},
	} {
		entries, err := s.Entries(r)
		if err != nil || len(entries) != 1+strings.Count(string(r.Value), "},{") {
			t.Fatalf("%s: %d entries, %v", r.Topic, len(entries), err)
		}
		got := entries[0]
		if got.Target == nil || *got.Target != (Target{"t", 1, 9}) {
			t.Errorf("%s: the target is %+v", r.Topic, got.Target)
		}
		if got.Target = nil; got != want {
			t.Errorf("%s: %+v", r.Topic, got)
		}
		if r.Topic == Topic {
			if err := x.add(r, s.prefix()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if d, ok := x.Disposition(3, 4); !ok || d != Edited || x.Attempt(3, 4) != 2 {
		t.Errorf("it is %s", d)
	}
}

func TestWhatIsNoSheetIsRefused(t *testing.T) {
	s := Source{Cluster: "c", Topic: "d"}
	for _, value := range []string{
		`{"version":3,"disposition":"replayed","runs":[[1,1,-1,-1]]}`, `{"version":2,"runs":[[1,0,-1,-1]]}`, `{"version":2,"runs":[[-1,1,-1,-1]]}`,
		`{"version":2,"runs":[[9223372036854775807,2,0,0]]}`, `nonsense`, ``,
	} {
		if err := newIndex(s).add(&kgo.Record{Topic: Topic, Key: []byte(s.sheetKey(0)), Value: []byte(value)}, s.prefix()); err == nil {
			t.Errorf("%s is read", value)
		}
	}
	if err := newIndex(s).add(&kgo.Record{Topic: Topic, Key: []byte(s.sheetKey(0))}, s.prefix()); err == nil {
		t.Error("that a record for many letters was deleted isn't noticed")
	}
	// Programs that know entries of version 1 only read its key as one letter's.
	if _, err := readBrief([]byte(`{"version":2,"disposition":"replayed","attempt":1,"job":"j","target":"orders","runs":[]}`)); err == nil {
		t.Error("it is read as an entry")
	}
}
