package exactly

import (
	"context"
	"iter"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// ByKey as a record's partition leaves the choice to its key, as Java clients
// choose.
const ByKey int32 = -1

// Item is something to be done once.
type Item struct {
	// Key names it among all items of the source. It is opaque here, and compared to
	// leave out an item that comes twice.
	Key string
	// Records are what is to be written, in order; none for an item that is only to be
	// entered in the ledger. Each names its topic, and its partition or [ByKey]. They
	// belong to Run from then on, and are not shared with other items.
	Records []*kgo.Record
	// Skip, when it isn't empty, says why the item isn't to be done. It is reported as
	// skipped, in these words.
	Skip string
	// Note is the ledger's own: what it needs to make the item's entries.
	Note any
}

// Source gives the items, in the order in which they are to be written. It is asked
// once, after the ledger was read. It must end soon after ctx ends. An error ends the
// run after the items before it were written.
type Source func(ctx context.Context) iter.Seq2[Item, error]

// Items is a source for items that are there already.
func Items(items ...Item) Source {
	return func(context.Context) iter.Seq2[Item, error] {
		return func(yield func(Item, error) bool) {
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

// Placed is where a record is.
type Placed struct {
	Topic     string
	Partition int32
	Offset    int64
}

// Done is an item with the places of its records, in the same order.
type Done struct {
	Item
	Placed []Placed
}

// Outcome is what became of an item.
type Outcome string

const (
	Written Outcome = "done"
	Skipped Outcome = "skipped" // nothing was written, and it is not to be
	Failed  Outcome = "failed"  // nothing was written; the next run tries again
)

// Result is what became of one item. For a written one it is reported after the
// commit.
type Result struct {
	Done
	Outcome Outcome
	Why     string // for skipped and failed ones
	Err     error  // for failed ones
}

// Receipt counts what became of all items. What became of each is told to
// [Config.Report]: there can be millions.
type Receipt struct {
	Written      int64
	Skipped      int64
	Failed       int64
	Records      int64 // written, without the ledger's
	Transactions int64 // committed
	Recoveries   int64 // how often the producer had to be initialised anew
	// Interrupted says that the run ended before the source did.
	Interrupted bool
	Elapsed     time.Duration
}
