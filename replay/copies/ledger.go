package copies

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/exactly"
)

// Topic is where it is kept what was copied, in the cluster that is written to. It is
// compacted, and all of it is in partition 0, so that adding partitions does no harm.
const Topic = "evtctl.replay.copies"

// EntryVersion is raised when a field of an entry changes its meaning or goes.
const EntryVersion = 1

// maxSpans bounds an entry. Each record that can't be copied, between two that can,
// makes one span more.
const maxSpans = 5000

// entry is what is kept of one source partition. Its key is [key].
type entry struct {
	Version  int    `json:"version"`
	Copy     string `json:"copy"`
	Identity        // for people: the id says it
	Source   int32  `json:"source_partition"`
	// Done are the offsets that are dealt with: copied, or not wanted.
	Done spans `json:"done"`
	// Records is how many were copied, and First the lowest offset that one of them has
	// in each partition of the target.
	Records int64           `json:"records"`
	First   map[int32]int64 `json:"first"`
	Job     string          `json:"job"` // that wrote this
	Who     string          `json:"who"`
	Why     string          `json:"why"`
	At      time.Time       `json:"at"`
}

func (i Identity) key(partition int32) string {
	return i.ID() + "/" + strconv.Itoa(int(partition))
}

// book is the ledger of one copy: an [exactly.Ledger].
type book struct {
	identity Identity
	id       string
	run      runInfo
	topicID  kadm.TopicID // of the ledger
	// planned is what the plan has found: there must be no less.
	planned map[int32]entry

	mu         sync.Mutex
	partitions map[int32]entry // as committed
	at         int64           // how far the ledger was read
}

// runInfo says who copies, and why.
type runInfo struct {
	job, who, why string
	now           func() time.Time
}

var _ exactly.Ledger = (*book)(nil)

func newBook(i Identity, run runInfo) *book {
	return &book{identity: i, id: i.ID(), run: run, partitions: map[int32]entry{}}
}

// done are the offsets of a source partition that are dealt with.
func (b *book) done(partition int32) spans {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.partitions[partition].Done)
}

// Load implements [exactly.Ledger].
func (b *book) Load(ctx context.Context, cl *kgo.Client, notice func(exactly.Notice)) error {
	id, err := ledgerID(ctx, cl)
	if err != nil {
		return err
	}
	if b.topicID != id {
		return &LedgerError{"it was deleted while this was running", "find out who deletes it before anything is copied"}
	}
	span, err := exactly.Mark(ctx, cl, Topic, 0, b.from())
	if err != nil {
		return err
	}
	if err := b.read(ctx, cl, span, notice); err != nil {
		return err
	}
	for partition, e := range b.planned {
		for _, s := range e.Done {
			if len(b.done(partition).gaps(s)) > 0 {
				return &LostError{"it has fewer entries of this copy than it had a moment ago"}
			}
		}
	}
	return nil
}

// from is where reading goes on: the log's start at first.
func (b *book) from() int64 {
	if b.at == 0 {
		return -1
	}
	return b.at
}

func (b *book) read(ctx context.Context, cl *kgo.Client, span exactly.Span, notice func(exactly.Notice)) error {
	prefix := b.id + "/"
	err := exactly.ReadCommitted(ctx, cl, span, notice, func(r *kgo.Record) error {
		partition, ours := strings.CutPrefix(string(r.Key), prefix)
		if !ours {
			return nil
		}
		if r.Value == nil { // evtctl deletes none; who does is found out by [Plan.prove]
			b.forget(partition)
			return nil
		}
		var e entry
		if err := json.Unmarshal(r.Value, &e); err != nil {
			return &LedgerError{fmt.Sprintf("the entry at offset %d: %v", r.Offset, err), "it was written by something else than evtctl"}
		}
		if e.Version > EntryVersion {
			return &LedgerError{fmt.Sprintf("the entry at offset %d has version %d, and this evtctl knows versions up to %d", r.Offset, e.Version, EntryVersion), "use the newer evtctl"}
		}
		b.mu.Lock()
		b.partitions[e.Source] = e
		b.mu.Unlock()
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading what was copied before: %w", err)
	}
	b.at = max(b.at, span.To)
	return nil
}

func (b *book) forget(partition string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if id, err := strconv.ParseInt(partition, 10, 32); err == nil {
		delete(b.partitions, int32(id))
	}
}

// note is what an item carries: the offsets that are dealt with once it is written.
type note struct {
	partition int32
	offset    int64 // of the record; the end of the span for none
	covers    span  // the record itself, and what before it isn't wanted or isn't there
	unwanted  int64 // records among what the item covers
	failed    *Item // the record behind it, where that one couldn't be copied
}

// Holds implements [exactly.Ledger].
func (b *book) Holds(item exactly.Item) (exactly.Held, bool) {
	n := item.Note.(*note)
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.partitions[n.partition]
	return exactly.Held{Why: "copied already", Mine: e.Job == b.run.job}, e.Done.has(n.covers.to - 1)
}

// Entries implements [exactly.Ledger]: one for each source partition.
func (b *book) Entries(done []exactly.Done) ([]*kgo.Record, error) {
	after := b.after(done)
	records := make([]*kgo.Record, 0, len(after))
	for _, partition := range slices.Sorted(maps.Keys(after)) {
		e := after[partition]
		if len(e.Done) > maxSpans {
			return nil, &EndedError{fmt.Sprintf("partition %d", partition), fmt.Errorf("more than %d single records couldn't be copied", maxSpans-1)}
		}
		value, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		records = append(records, &kgo.Record{Topic: Topic, Partition: 0, Key: []byte(b.identity.key(partition)), Value: value})
	}
	return records, nil
}

// after gives the entries as they are once items are written.
func (b *book) after(done []exactly.Done) map[int32]entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	after := map[int32]entry{}
	for i := range done {
		n := done[i].Note.(*note)
		e, begun := after[n.partition]
		if !begun {
			e = b.partitions[n.partition]
			e.Version, e.Copy, e.Identity, e.Source = EntryVersion, b.id, b.identity, n.partition
			e.Job, e.Who, e.Why, e.At = b.run.job, b.run.who, b.run.why, b.run.now().UTC()
			e.Done, e.First = slices.Clone(e.Done), maps.Clone(e.First)
			if e.First == nil {
				e.First = map[int32]int64{}
			}
		}
		e.Done = e.Done.add(n.covers)
		for _, p := range done[i].Placed {
			e.Records++
			if first, known := e.First[p.Partition]; !known || p.Offset < first {
				e.First[p.Partition] = p.Offset
			}
		}
		after[n.partition] = e
	}
	return after
}

// Settle implements [exactly.Ledger].
func (b *book) Settle(done []exactly.Done) {
	after := b.after(done)
	b.mu.Lock()
	defer b.mu.Unlock()
	maps.Copy(b.partitions, after)
}

// look reads what was copied before. It doesn't write. A plan takes what can be read at
// once, a verification waits for what was committed just now.
func (b *book) look(ctx context.Context, cl *kgo.Client, end marker, notice func(exactly.Notice)) error {
	if _, err := ledgerID(ctx, cl); errors.Is(err, errNoLedger) {
		return nil
	} else if err != nil {
		return err
	}
	span, err := end(ctx, cl, Topic, 0, b.from())
	if err != nil {
		return err
	}
	return b.read(ctx, cl, span, notice)
}

// marker is [exactly.Mark] or [exactly.Stable].
type marker func(ctx context.Context, cl *kgo.Client, topic string, partition int32, from int64) (exactly.Span, error)
