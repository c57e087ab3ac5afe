package ledger

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"sync"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/exactly"
)

// Index tells the disposition of each letter of one topic, as of when it was read.
// Half a million letters take less than a megabyte: replayed ones are bits, and only
// what is out of the ordinary takes more.
//
// A nil Index is one in which every letter is undisposed.
type Index struct {
	source Source
	mu     sync.RWMutex // a run adds to it while its source asks
	parts  map[int32]*part
	next   int64 // offset in the ledger's partition up to which it was read
	own    func(partition int32, offset int64, b brief)
}

// part is one partition's letters. Disposed ones of no other set are replayed.
type part struct {
	disposed, edited, discarded, parked *roaring64.Bitmap

	attempts map[int64]int     // where it isn't what it usually is
	doubts   map[int64]*Target // intended, and not known to be done
}

func newIndex(s Source) *Index { return &Index{source: s, parts: map[int32]*part{}} }

// Read makes the index of a topic, from the entries that are committed now. An open
// transaction that holds the ledger back is waited for, and told to notice.
func (t *Topics) Read(ctx context.Context, cl *kgo.Client, source Source, notice func(exactly.Notice)) (*Index, error) {
	x := newIndex(source)
	return x, t.update(ctx, cl, x, notice)
}

// update reads what was added since.
func (t *Topics) update(ctx context.Context, cl *kgo.Client, x *Index, notice func(exactly.Notice)) error {
	from := x.next
	if from == 0 {
		from = -1
	}
	span, err := exactly.Mark(ctx, cl, Topic, t.partition(x.source), from)
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	prefix := x.source.prefix()
	err = exactly.ReadCommitted(ctx, cl, span, notice, func(r *kgo.Record) error {
		return x.add(r, prefix)
	})
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	x.next = span.To
	return nil
}

// add takes a record of the ledger in, if it is about this topic.
func (x *Index) add(r *kgo.Record, prefix string) error {
	partition, offset, ok := splitKey(r.Key, prefix)
	if !ok {
		return nil // another topic's
	}
	if isSheet(offset) {
		if err := x.addSheet(r.Value); err != nil {
			return fmt.Errorf("%s:%d:%d: %w", r.Topic, r.Partition, r.Offset, err)
		}
		return nil
	}
	if r.Value == nil { // somebody deleted the entry
		x.set(partition, offset, brief{Disposition: Restored})
		return nil
	}
	b, err := readBrief(r.Value)
	if err != nil {
		return fmt.Errorf("%s:%d:%d: %w", r.Topic, r.Partition, r.Offset, err)
	}
	x.set(partition, offset, b)
	if x.own != nil {
		x.own(partition, offset, b)
	}
	return nil
}

// addSheet takes many letters in.
func (x *Index) addSheet(value []byte) error {
	if value == nil {
		return errors.New("a record that told of many letters was deleted: which they were isn't known any more")
	}
	s, err := readSheet(value)
	if err != nil {
		return err
	}
	b := brief{Version: EntryVersion, Disposition: known([]byte(s.Disposition)), Attempt: s.Attempt, Job: s.Job}
	s.each(func(offset int64, partition int32, at int64) {
		if b.Disposition == Intended {
			b.Target = s.target(partition, at)
		}
		x.set(s.Partition, offset, b)
		if x.own != nil {
			x.own(s.Partition, offset, b)
		}
	})
	return nil
}

func (x *Index) set(partition int32, offset int64, b brief) {
	x.mu.Lock()
	defer x.mu.Unlock()
	p := x.parts[partition]
	if p == nil {
		p = &part{
			disposed: roaring64.New(), edited: roaring64.New(), discarded: roaring64.New(), parked: roaring64.New(),
			attempts: map[int64]int{}, doubts: map[int64]*Target{},
		}
		x.parts[partition] = p
	}
	p.set(offset, b)
}

func (p *part) set(offset int64, b brief) {
	o, disposed := uint64(offset), b.Disposition.disposed()
	mark := func(set *roaring64.Bitmap, in bool) {
		if in {
			set.Add(o)
		} else if !set.IsEmpty() {
			set.Remove(o)
		}
	}
	mark(p.disposed, disposed)
	mark(p.edited, b.Disposition == Edited)
	mark(p.discarded, b.Disposition == Discarded)
	mark(p.parked, b.Disposition == Parked)
	delete(p.attempts, offset)
	if b.Attempt != p.usually(o) {
		p.attempts[offset] = b.Attempt
	}
	delete(p.doubts, offset)
	if b.Disposition == Intended {
		p.doubts[offset] = b.Target
	}
}

// Disposition tells what became of a letter; false when nothing has, or when that was
// taken back.
func (x *Index) Disposition(partition int32, offset int64) (Disposition, bool) {
	defer x.read()()
	p, o := x.part(partition), uint64(offset)
	switch {
	case p == nil || !p.disposed.Contains(o):
		return "", false
	case p.edited.Contains(o):
		return Edited, true
	case p.discarded.Contains(o):
		return Discarded, true
	case p.parked.Contains(o):
		return Parked, true
	case x.source.imported():
		return Imported, true
	}
	return Replayed, true
}

// Attempt tells how often a letter was replayed, whatever became of it since.
func (x *Index) Attempt(partition int32, offset int64) int {
	defer x.read()()
	p := x.part(partition)
	if p == nil {
		return 0
	}
	if n, ok := p.attempts[offset]; ok {
		return n
	}
	return p.usually(uint64(offset))
}

// usually is how often a letter of its disposition was replayed in most cases: those that
// were set aside were not.
func (p *part) usually(o uint64) int {
	if !p.disposed.Contains(o) || p.discarded.Contains(o) || p.parked.Contains(o) {
		return 0
	}
	return 1
}

// InDoubt tells that a letter was about to be sent without a transaction, and it isn't
// known whether it was. The target says where, and from which offset on, to look.
func (x *Index) InDoubt(partition int32, offset int64) (Target, bool) {
	defer x.read()()
	p := x.part(partition)
	if p == nil || p.doubts[offset] == nil {
		return Target{}, false
	}
	return *p.doubts[offset], true
}

// Disposed counts the letters of a partition that are dealt with.
func (x *Index) Disposed(partition int32) int64 {
	defer x.read()()
	if p := x.part(partition); p != nil {
		return int64(p.disposed.GetCardinality())
	}
	return 0
}

// Count tells how many letters of a partition, from one offset up to but not including
// another, are dealt with.
func (x *Index) Count(partition int32, from, to int64) int64 {
	defer x.read()()
	p := x.part(partition)
	if p == nil || to <= max(from, 0) {
		return 0
	}
	n := p.disposed.Rank(uint64(to - 1))
	if from > 0 {
		n -= p.disposed.Rank(uint64(from - 1))
	}
	return int64(n)
}

// Partitions are those with any disposition, sorted.
func (x *Index) Partitions() []int32 {
	if x == nil {
		return nil
	}
	defer x.read()()
	all := make([]int32, 0, len(x.parts))
	for p := range x.parts {
		all = append(all, p)
	}
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	return all
}

// Prefix gives the first offset from one on whose letter isn't disposed. Offsets that
// have no letter count as undisposed here; [CommitPrefix] knows them.
func (x *Index) Prefix(partition int32, from int64) int64 {
	defer x.read()()
	p := x.part(partition)
	if p == nil || from < 0 || !p.disposed.Contains(uint64(from)) {
		return from
	}
	before := uint64(0)
	if from > 0 {
		before = p.disposed.Rank(uint64(from - 1))
	}
	// All of [from, from+n) are in the set, if and only if it has n members there.
	whole := func(n int64) bool { return p.disposed.Rank(uint64(from+n-1))-before == uint64(n) }
	n := sort.Search(int(p.disposed.GetCardinality()), func(n int) bool { return !whole(int64(n) + 1) })
	return from + int64(n)
}

func (x *Index) part(partition int32) *part {
	if x == nil {
		return nil
	}
	return x.parts[partition]
}

// read keeps changes away until what it returns is called.
func (x *Index) read() func() {
	if x == nil {
		return func() {}
	}
	x.mu.RLock()
	return x.mu.RUnlock
}
