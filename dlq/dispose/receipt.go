package dispose

import (
	"sync"
	"time"

	"github.com/evtctl/evtctl/dlq"
)

// ReceiptVersion is raised when a field of a receipt changes its meaning or goes.
const ReceiptVersion = 1

// MaxItems is how many items a receipt keeps. A [Writer] reports each one, however
// many there are.
const MaxItems = 10_000

// Result is what became of a letter.
type Result string

// The results.
const (
	ItemDone    Result = "done"
	ItemSkipped Result = "skipped" // nothing was written, and nothing had to be
	ItemFailed  Result = "failed"  // nothing was written
)

// Item is what became of one letter.
type Item struct {
	Coordinates dlq.Coordinates `json:"coordinates"`
	Result      Result          `json:"result"`
	// Disposition is the letter's new one: replayed, edited, parked, discarded, restored
	// or imported; empty where nothing was done.
	Disposition string           `json:"disposition"`
	Target      *dlq.Coordinates `json:"target"` // null: nothing was sent
	ReplayID    string           `json:"replay_id"`
	Reason      string           `json:"reason"`
}

// Receipt is what happened. Planned is the sum of Done, Skipped and Failed, unless the
// run was interrupted.
type Receipt struct {
	Version int    `json:"version"`
	Job     string `json:"job"`
	Planned int64  `json:"planned"` // letters, those included that the plan left out
	Done    int64  `json:"done"`
	Parked  int64  `json:"parked"` // of those done
	Skipped int64  `json:"skipped"`
	Failed  int64  `json:"failed"`
	// Interrupted says that letters are left. The same command again goes on.
	Interrupted bool   `json:"interrupted"`
	Items       []Item `json:"items"`
	// MoreItems is how many more there are than Items holds.
	MoreItems int64         `json:"more_items"`
	Elapsed   time.Duration `json:"-"`
}

// recorder fills a receipt. Letters are reported from two goroutines: that which reads
// them, and that which writes them.
type recorder struct {
	mu      sync.Mutex
	receipt *Receipt
	report  func(Item)
}

func newRecorder(p *Plan, job string, report func(Item)) *recorder {
	r := &recorder{report: report, receipt: &Receipt{
		Version: ReceiptVersion, Job: job, Planned: p.Planned + p.Refused + p.Skipped, Items: []Item{},
	}}
	for _, item := range p.left {
		r.add(item)
	}
	// What the plan left out without keeping the name.
	r.receipt.MoreItems += p.Refused + p.Skipped - int64(len(p.left))
	r.receipt.Failed, r.receipt.Skipped = p.Refused, p.Skipped
	return r
}

func (r *recorder) add(item Item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch item.Result {
	case ItemDone:
		r.receipt.Done++
		if item.Disposition == "parked" {
			r.receipt.Parked++
		}
	case ItemSkipped:
		r.receipt.Skipped++
	case ItemFailed:
		r.receipt.Failed++
	}
	if len(r.receipt.Items) < MaxItems {
		r.receipt.Items = append(r.receipt.Items, item)
	} else {
		r.receipt.MoreItems++
	}
	if r.report != nil {
		r.report(item)
	}
}
