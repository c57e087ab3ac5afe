package ledger

import (
	"encoding/json"
	"fmt"
	"runtime"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/exactly"
)

func TestAnIndexOfAMillionLettersIsSmall(t *testing.T) {
	s := Source{Cluster: "c", Topic: "dlq"}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	x := newIndex(s)
	for i := range int64(1_000_000) {
		b := brief{Disposition: Replayed, Attempt: 1}
		if i%100 == 0 {
			b = brief{Disposition: Edited, Attempt: 2}
		}
		if i%1000 == 7 {
			b = brief{Disposition: Restored, Attempt: 1}
		}
		x.set(int32(i%2), i/2*3, b) // with holes
		aside := brief{Disposition: Discarded}
		if i%2 == 0 {
			aside = brief{Disposition: Parked}
		}
		x.set(2, i, aside)
	}
	if used := int64(heap()) - int64(before); used > 20<<20 {
		t.Errorf("it takes %d MB", used>>20)
	}
	if x.Disposed(0) != 500_000 || x.Disposed(1) != 500_000-1000 {
		t.Errorf("%d and %d are disposed", x.Disposed(0), x.Disposed(1))
	}
	for offset, want := range map[int64]Disposition{7: Discarded, 8: Parked} {
		if d, _ := x.Disposition(2, offset); d != want || x.Attempt(2, offset) != 0 {
			t.Errorf("letter %d is %s, replayed %d times", offset, d, x.Attempt(2, offset))
		}
	}
}

func TestAttemptsAreKeptWhateverBecameOfALetter(t *testing.T) {
	x := newIndex(Source{})
	for _, b := range []brief{
		{Disposition: Replayed, Attempt: 1}, {Disposition: Replayed, Attempt: 3}, {Disposition: Restored, Attempt: 3}, {Disposition: Restored},
		{Disposition: Discarded}, {Disposition: Discarded, Attempt: 1}, {Disposition: Parked, Attempt: 5}, {Disposition: Parked}, {Disposition: Replayed},
	} {
		x.set(0, 9, b)
		if got := x.Attempt(0, 9); got != b.Attempt {
			t.Errorf("%+v was replayed %d times", b, got)
		}
	}
}

func TestThePrefixEndsAtTheFirstLetterThatIsNotDisposed(t *testing.T) {
	x := newIndex(Source{})
	for _, o := range []int64{10, 11, 12, 14, 70000, 70001} {
		x.set(0, o, brief{Disposition: Replayed, Attempt: 1})
	}
	for from, want := range map[int64]int64{0: 0, 10: 13, 11: 13, 12: 13, 13: 13, 14: 15, 70000: 70002, 1 << 40: 1 << 40} {
		if got := x.Prefix(0, from); got != want {
			t.Errorf("from %d the prefix ends at %d, want %d", from, got, want)
		}
	}
	x.set(0, 11, brief{Disposition: Restored, Attempt: 1})
	if got := x.Prefix(0, 10); got != 11 {
		t.Errorf("after 11 was restored the prefix from 10 ends at %d", got)
	}
	var none *Index
	if got := none.Prefix(3, 5); got != 5 {
		t.Errorf("without an index the prefix from 5 ends at %d", got)
	}
}

func TestEntriesAreReadWhateverTheOrderOfTheirFields(t *testing.T) {
	for _, test := range []struct {
		value, job string
		as         Disposition
		attempt    int
		fails      bool
	}{
		{`{"version":1,"disposition":"replayed","attempt":3,"job":"j1","at":"x"}`, "j1", Replayed, 3, false},
		{`{"job":"j1","attempt":3,"disposition":"edited","version":1}`, "j1", Edited, 3, false},
		{`{"version":1,"disposition":"replayed","attempt":3,"job":"a\"b"}`, `a"b`, Replayed, 3, false},
		{`{"version":2,"disposition":"replayed","attempt":3,"job":"j1"}`, "", "", 0, true},
		{`{"version":1,"disposition":"replayed"`, "", "", 0, true},
		{`nonsense`, "", "", 0, true},
	} {
		b, err := readBrief([]byte(test.value))
		if test.fails {
			if err == nil {
				t.Errorf("%s is read as %+v", test.value, b)
			}
			continue
		}
		if err != nil || b.Disposition != test.as || b.Attempt != test.attempt || b.Job != test.job {
			t.Errorf("%s is read as %+v, %v", test.value, b, err)
		}
	}
}

func TestAnEntryIsWhatItsTypeSays(t *testing.T) {
	topics := &Topics{count: 8}
	b := topics.NewBook(Source{Cluster: "c/1", Topic: "d"}, Run{Job: "j", Who: "w\n\x7f", Why: "ü\u2028"})
	item := b.Item(Letter{Partition: 3, Offset: 4, Disposition: Parked})
	item2 := b.Item(Letter{Partition: 3, Offset: 5, Disposition: Replayed, Attempt: 9, Record: &kgo.Record{Topic: "t"}, ReplayID: "r", HashAfter: "h"})
	for _, it := range []struct {
		item exactly.Item
		want string
	}{{item, "parked 0"}, {item2, "replayed 9"}} {
		var e Entry
		value := b.entry(&exactly.Done{Item: it.item})
		if err := json.Unmarshal(value, &e); err != nil {
			t.Fatalf("%s: %v", value, err)
		}
		if got := fmt.Sprint(e.Disposition, " ", e.Attempt); got != it.want || e.Who != "w\n\x7f" || e.Why != "ü\u2028" || e.Job != "j" || e.Partition != 3 {
			t.Errorf("%+v", e)
		}
	}
	if p, o, ok := splitKey([]byte(item.Key), b.source.prefix()); !ok || p != 3 || o != 4 {
		t.Errorf("the key %s is read as %d, %d, %t", item.Key, p, o, ok)
	}
}
