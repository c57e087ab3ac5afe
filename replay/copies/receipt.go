package copies

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// ReceiptVersion is raised when a field of a receipt changes its meaning or goes.
const ReceiptVersion = 1

// MaxItems is how many failed records a receipt names. More are counted all the same,
// and reported.
const MaxItems = 10_000

// Item is a record that couldn't be copied.
type Item struct {
	Coordinates string `json:"coordinates"`
	Result      string `json:"result"` // always failed
	Reason      string `json:"reason"`
}

// Receipt is what happened. Planned is the sum of Done, Skipped, Failed, NoRecord and
// Left, in offsets of the source.
type Receipt struct {
	Version int    `json:"version"`
	Job     string `json:"job"`
	Copy    string `json:"copy"`
	Planned int64  `json:"planned"`
	Done    int64  `json:"done"` // records copied
	// Skipped are those that the query doesn't want, and offsets that another run of the
	// same copy has dealt with meanwhile.
	Skipped int64 `json:"skipped"`
	// Failed are those that couldn't be copied, and those at which the query failed. The
	// same again tries them again.
	Failed   int64 `json:"failed"`
	NoRecord int64 `json:"no_record"` // markers, and what compaction removed
	Left     int64 `json:"left"`      // not come to
	// Interrupted says that the run ended before its end. The same again goes on.
	Interrupted bool          `json:"interrupted"`
	Items       []Item        `json:"items"` // those that failed
	MoreItems   int64         `json:"more_items"`
	Elapsed     time.Duration `json:"-"`
}

// NewJob makes the name of a run, that no other run has.
func NewJob(now time.Time, random uint32) string {
	return fmt.Sprintf("copy-%s-%08x", strings.ToLower(now.UTC().Format("20060102T150405Z")), random)
}

// recorder fills a receipt, from several goroutines.
type recorder struct {
	mu      sync.Mutex
	receipt *Receipt
	report  func(Item)
	dealt   func(int64)
}

func newRecorder(p *Plan, w *Writer) *recorder {
	r := &recorder{report: w.Report, dealt: w.Progress, receipt: &Receipt{
		Version: ReceiptVersion, Job: w.Job, Copy: p.Copy, Planned: p.Left(), Items: []Item{},
	}}
	if r.report == nil {
		r.report = func(Item) {}
	}
	if r.dealt == nil {
		r.dealt = func(int64) {}
	}
	return r
}

func (r *recorder) failed(item Item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.receipt.Failed++
	if len(r.receipt.Items) < MaxItems {
		r.receipt.Items = append(r.receipt.Items, item)
	} else {
		r.receipt.MoreItems++
	}
	r.report(item)
}

// covered is told of offsets that are dealt with.
func (r *recorder) covered(n *note, record, copied bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := r.receipt
	size := n.covers.to - n.covers.from
	rec.Skipped += n.unwanted
	rec.NoRecord += size - n.unwanted
	if record {
		rec.NoRecord--
		if copied {
			rec.Done++
		} else {
			rec.Skipped++
		}
	}
	r.dealt(rec.Done + rec.Skipped + rec.NoRecord + rec.Failed)
}

// meanwhile is told of offsets that another run has dealt with since the plan was made:
// also one that was killed, and whose last transaction was being committed.
func (r *recorder) meanwhile(offsets int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.receipt.Skipped += max(0, offsets)
}

func (r *recorder) end(began time.Time) *Receipt {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := r.receipt
	rec.Left = rec.Planned - rec.Done - rec.Skipped - rec.Failed - rec.NoRecord
	rec.Elapsed = time.Since(began)
	return rec
}
