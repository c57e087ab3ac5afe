package exactly

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

func sized(n, bytes int) []Item {
	items := make([]Item, n)
	for i := range items {
		items[i].Records = []*kgo.Record{{Value: make([]byte, bytes)}}
	}
	return items
}

func TestTransactionsGrowWhereTheyAreQuick(t *testing.T) {
	small, large := sized(20_000, 10), sized(3000, 10_000)
	p := newPace(Config{}.withDefaults())
	if n := p.pick(small); n != firstRecords {
		t.Errorf("the first has %d records", n)
	}
	if n := p.pick(large); n > 400 {
		t.Errorf("the first has %d records of 10,000 bytes", n)
	}
	if n := p.pick(sized(1, 30<<20)); n != 1 {
		t.Errorf("one that is larger than all is left out")
	}
	for range 10 {
		p.took(time.Millisecond, 10, p.full(small[:10])) // few records say nothing of many
	}
	if n := p.pick(small); n != firstRecords {
		t.Errorf("after small ones: %d records", n)
	}
	for range 10 {
		n := p.pick(small)
		p.took(time.Millisecond, n, p.full(small[:n]))
	}
	if n := p.pick(small); n != DefaultMaxRecords {
		t.Errorf("after quick ones: %d records", n)
	}
	p.took(tooLong+1, DefaultMaxRecords, true)
	if n := p.pick(small); n != DefaultMaxRecords/2 {
		t.Errorf("after a slow one: %d records", n)
	}
	q := newPace(Config{}.withDefaults())
	for range 10 {
		n := q.pick(large)
		q.took(time.Millisecond, n, q.full(large[:n]))
	}
	if n := q.pick(large); n < 1500 {
		t.Errorf("after quick ones of large records: %d", n)
	}
	p.failed()
	if n := p.pick(small); n != DefaultMaxRecords/4 {
		t.Errorf("after one that failed: %d records", n)
	}
}
