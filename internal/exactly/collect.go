package exactly

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// patience is how long an item may wait for others to share its transaction, while
// the writer has nothing to do.
const patience = 100 * time.Millisecond

// batches reads the source ahead: one batch is made while another is being written.
type batches struct {
	ready chan []Item
	done  chan struct{}
	end   context.CancelFunc
	err   error // of the source; set before ready is closed
}

// collect starts reading the source. Each batch fits into a transaction.
func collect(ctx context.Context, source Source, maxItems, maxBytes int) *batches {
	ctx, cancel := context.WithCancel(ctx)
	b := &batches{ready: make(chan []Item), done: make(chan struct{}), end: cancel}
	go func() {
		defer close(b.done)
		defer close(b.ready)
		b.err = b.read(ctx, source, maxItems, maxBytes)
	}()
	return b
}

func (b *batches) read(ctx context.Context, source Source, maxRecords, maxBytes int) error {
	var (
		batch          []Item
		records, bytes int
		began          time.Time
		last           = 16 // items of the batch before: the next has about as many
	)
	for item, err := range source(ctx) {
		if err != nil {
			b.send(ctx, batch)
			return err
		}
		n, size := max(1, len(item.Records)), itemSize(item)
		if len(batch) > 0 && (records+n > maxRecords || bytes+size > maxBytes) {
			if !b.send(ctx, batch) {
				return ctx.Err()
			}
			batch, records, bytes, last = nil, 0, 0, len(batch)
		}
		if len(batch) == 0 {
			began, batch = time.Now(), make([]Item, 0, min(maxRecords, max(16, last)))
		}
		batch, records, bytes = append(batch, item), records+n, bytes+size
		if len(batch)%64 == 1 && time.Since(began) > patience {
			select {
			case b.ready <- batch:
				batch, records, bytes = nil, 0, 0
			default:
			}
		}
	}
	if !b.send(ctx, batch) {
		return ctx.Err()
	}
	return nil
}

func (b *batches) send(ctx context.Context, batch []Item) bool {
	if len(batch) == 0 {
		return ctx.Err() == nil
	}
	select {
	case b.ready <- batch:
		return true
	case <-ctx.Done():
		return false
	}
}

// now returns the next batch if it is there.
func (b *batches) now() ([]Item, bool) {
	select {
	case batch, ok := <-b.ready:
		return batch, ok
	default:
		return nil, false
	}
}

// next waits for the next batch. After the last one, err is why it was the last.
func (b *batches) next() ([]Item, bool) {
	batch, ok := <-b.ready
	return batch, ok
}

// stop ends the reading, and returns when it has ended.
func (b *batches) stop() {
	b.end()
	<-b.done
}

// itemSize is about what an item's records and their entries take.
func itemSize(item Item) int {
	size := 512
	for _, r := range item.Records {
		size += recordSize(r)
	}
	return size
}

// recordSize is about what a record takes uncompressed.
func recordSize(r *kgo.Record) int {
	size := len(r.Key) + len(r.Value) + 32
	for _, h := range r.Headers {
		size += len(h.Key) + len(h.Value) + 8
	}
	return size
}
