package render

import (
	"context"
	"iter"
	"sync"
)

// feed carries rows from a reading in the background to the screen, no more than there
// is room for. The reading may go on while no screen is shown: nothing is lost.
type feed[R any] struct {
	news func() // called when there is something to take

	mu      sync.Mutex
	page    Page[R] // what wasn't taken yet
	room    int     // how many rows may still come
	blocked bool    // the reading waits for room
	done    bool
	err     error
	wake    chan struct{} // room was made
}

// feedState is what is known of a reading besides its rows.
type feedState struct {
	read, total int64
	blocked     bool
	done        bool
	err         error
}

func newFeed[R any](room int, news func()) *feed[R] {
	return &feed[R]{news: news, room: room, wake: make(chan struct{}, 1)}
}

// fill reads pages until they end, ctx does, or nobody makes room.
func (f *feed[R]) fill(ctx context.Context, pages iter.Seq2[Page[R], error]) {
	err := guarded(func() error {
		for page, err := range pages {
			if err != nil {
				return err
			}
			if err := f.put(ctx, page); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
	f.mu.Lock()
	f.done, f.err, f.blocked = true, err, false
	f.mu.Unlock()
	f.news()
}

// put hands a page over, and waits for room when it has rows and there is none.
func (f *feed[R]) put(ctx context.Context, page Page[R]) error {
	for len(page.Rows) > 0 && !f.hasRoom() {
		select {
		case <-f.wake:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	f.mu.Lock()
	f.page.Rows = append(f.page.Rows, page.Rows...)
	f.page.Read, f.page.Total = page.Read, page.Total
	f.room -= len(page.Rows)
	f.mu.Unlock()
	f.news()
	return ctx.Err()
}

func (f *feed[R]) hasRoom() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	changed := f.blocked != (f.room <= 0)
	f.blocked = f.room <= 0
	if changed {
		f.news()
	}
	return !f.blocked
}

// more makes room.
func (f *feed[R]) more(rows int) {
	f.mu.Lock()
	f.room += rows
	f.blocked = false
	f.mu.Unlock()
	notify(f.wake)
}

// take gives the rows that have come since the last call.
func (f *feed[R]) take() ([]R, feedState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	rows := f.page.Rows
	f.page.Rows = nil
	return rows, feedState{f.page.Read, f.page.Total, f.blocked, f.done, f.err}
}

// notify leaves a token in a channel that holds one.
func notify(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
