package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/exactly"
)

// Run says who disposes of letters, and why.
type Run struct {
	Job string // one run of one command: no two have the same
	Who string
	Why string
	Now func() time.Time // nil: time.Now
}

// Book is the ledger of one topic while a run writes to it: an [exactly.Ledger].
type Book struct {
	topics *Topics
	source Source
	run    Run
	index  *Index
	mine   map[int32]*roaring64.Bitmap // letters with entries of this run that were read

	prefix string // of the source's keys
	// before, about and who are the parts of entries that are the same in all.
	before, about, who []byte
}

var _ exactly.Ledger = (*Book)(nil)

// NewBook makes the ledger for one run. It is empty until package exactly loads it.
func (t *Topics) NewBook(source Source, run Run) *Book {
	if run.Now == nil {
		run.Now = time.Now
	}
	b := &Book{topics: t, source: source, run: run, index: newIndex(source), prefix: source.prefix(), mine: map[int32]*roaring64.Bitmap{}}
	b.before = fmt.Appendf(nil, `{"version":%d`, EntryVersion)
	b.about = text(append(b.about, `,"job":`...), run.Job)
	b.about = text(append(b.about, `,"cluster":`...), source.Cluster)
	b.about = text(append(b.about, `,"topic_id":`...), topicID(source.TopicID))
	b.about = text(append(b.about, `,"topic":`...), source.Topic)
	b.who = text(append(b.who, `,"who":`...), run.Who)
	b.index.own = func(partition int32, offset int64, e brief) {
		if e.Job != run.Job {
			return
		}
		if b.mine[partition] == nil {
			b.mine[partition] = roaring64.New()
		}
		b.mine[partition].Add(uint64(offset))
	}
	return b
}

// Index is what is known so far. It is complete once the source of a run is asked.
func (b *Book) Index() *Index { return b.index }

// Letter is what is to be done with one letter.
type Letter struct {
	Partition   int32
	Offset      int64
	Disposition Disposition
	Attempt     int         // of this replay, from 1; 0 when it isn't one
	Record      *kgo.Record // what is written; nil for none
	ReplayID    string
	HashBefore  string
	HashAfter   string
	Why         string // when it isn't the run's
}

// note is what an item carries.
type note struct {
	Letter
	attempt int
}

// Item makes the item of a letter for package exactly. The book must have been
// loaded, as it has when a run asks its source.
func (b *Book) Item(l Letter) exactly.Item {
	item := exactly.Item{Key: keyOf(b.prefix, l.Partition, l.Offset)}
	whole := &struct { // in one piece, as there is one for each letter
		note
		records [1]*kgo.Record
	}{note: note{Letter: l, attempt: l.Attempt}}
	if l.Record != nil {
		whole.records[0] = l.Record
		item.Records = whole.records[:]
	}
	n := &whole.note
	if n.attempt == 0 { // what isn't a replay leaves their count as it was
		n.attempt = b.index.Attempt(l.Partition, l.Offset)
	}
	if n.Why == "" {
		n.Why = b.run.Why
	}
	item.Note = n
	return item
}

// Load implements [exactly.Ledger].
func (b *Book) Load(ctx context.Context, cl *kgo.Client, notice func(exactly.Notice)) error {
	if err := b.topics.check(ctx, cl); err != nil {
		return err
	}
	clear(b.mine)
	return b.topics.update(ctx, cl, b.index, notice)
}

// Holds implements [exactly.Ledger]. To restore a letter is done when it isn't
// disposed; anything else is when it is.
func (b *Book) Holds(item exactly.Item) (exactly.Held, bool) {
	l := item.Note.(*note)
	d, disposed := b.index.Disposition(l.Partition, l.Offset)
	mine := b.mine[l.Partition]
	held := exactly.Held{Mine: mine != nil && mine.Contains(uint64(l.Offset))}
	if l.Disposition == Restored {
		held.Why = "has no disposition that could be taken back"
		return held, !disposed
	}
	held.Why = "already " + string(d)
	return held, disposed
}

// auditBytes is how much goes into one record, uncompressed, of those that tell of
// many letters.
const auditBytes = 200 << 10

// Entries implements [exactly.Ledger]: the ledger has a record for many letters that
// went the same way, and one for each of few; the audit topic has one for all.
func (b *Book) Entries(done []exactly.Done) ([]*kgo.Record, error) {
	if len(done) == 0 {
		return nil, nil
	}
	partition := b.topics.partition(b.source)
	var records []*kgo.Record
	add := func(topic, key string, value []byte) {
		records = append(records, &kgo.Record{Topic: topic, Partition: partition, Key: []byte(key), Value: value})
	}
	single := func(i int) { add(Topic, done[i].Key, b.entry(&done[i])) }
	ways, order := map[way][]int{}, []way{}
	for i := range done {
		w, ok := b.wayOf(&done[i])
		if !ok {
			single(i)
			continue
		}
		if ways[w] == nil {
			order = append(order, w)
		}
		ways[w] = append(ways[w], i)
	}
	for _, w := range order {
		if len(ways[w]) < sheetFrom {
			for _, i := range ways[w] {
				single(i)
			}
			continue
		}
		for _, value := range b.sheets(w, done, ways[w]) {
			add(Topic, b.source.sheetKey(w.partition), value)
		}
	}
	for _, value := range b.pages(done) {
		add(AuditTopic, b.prefix, value)
	}
	return records, nil
}

// entry is the value of a ledger's record for one letter.
func (b *Book) entry(d *exactly.Done) []byte {
	n := d.Note.(*note)
	e := make([]byte, 0, 700)
	e = append(e, b.before...)
	e = text(append(e, `,"disposition":`...), string(n.Disposition))
	e = number(append(e, `,"attempt":`...), int64(n.attempt))
	e = append(e, b.about...)
	e = number(append(e, `,"partition":`...), int64(n.Partition))
	e = number(append(e, `,"offset":`...), n.Offset)
	for _, f := range [...]struct{ name, value string }{
		{`,"replay_id":`, n.ReplayID}, {`,"hash_before":`, n.HashBefore}, {`,"hash_after":`, n.HashAfter},
	} {
		if f.value != "" {
			e = text(append(e, f.name...), f.value)
		}
	}
	e = append(e, b.who...)
	e = text(append(e, `,"why":`...), n.Why)
	e = b.run.Now().UTC().AppendFormat(append(e, `,"at":"`...), time.RFC3339Nano)
	return append(appendTarget(append(e, `","target":`...), d), '}')
}

// text appends a JSON string.
func text(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			quoted, _ := json.Marshal(s) // a string can always be written
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	return append(append(b, s...), '"')
}

func number(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }

// Settle implements [exactly.Ledger].
func (b *Book) Settle(done []exactly.Done) {
	for i := range done {
		n := done[i].Note.(*note)
		b.index.set(n.Partition, n.Offset, brief{Disposition: n.Disposition, Attempt: n.attempt})
	}
}
