package exactly

import (
	"context"
	"time"
)

// tooLong is when a transaction is made smaller: well before the second that it may
// hold up readers.
const tooLong = 500 * time.Millisecond

// firstRecords is how many records a run's first transaction has at most. Those after it
// have more where that was quick: a transaction costs the broker as much as 500 to 1,000
// records do, and a cluster that is slow isn't to hold up its readers even once.
const firstRecords = 2000

// leastBytes may be in any transaction.
const leastBytes = 1 << 20

// pace chooses how much goes into a transaction, and rests between transactions.
type pace struct {
	rate       float64 // items a second, 0 without limit
	most, size int     // records
	each       int     // bytes that go with each of them, on the whole
	next       time.Time
}

func newPace(c Config) pace {
	p := pace{rate: c.Rate, most: c.MaxRecords, each: max(1, c.MaxBytes/c.MaxRecords)}
	if c.Rate > 0 {
		// A quarter of a second's worth at once keeps the flow even.
		p.most = max(1, min(p.most, int(c.Rate/4)))
	}
	p.size = min(p.most, firstRecords)
	return p
}

// wait rests until the rate allows more, and tells whether ctx went on meanwhile.
func (p *pace) wait(ctx context.Context) bool {
	return rest(ctx, time.Until(p.next))
}

// pick tells how many of the items go into the next transaction: at least one.
func (p *pace) pick(items []Item) int {
	records, bytes := 0, 0
	for i, item := range items {
		records, bytes = records+max(1, len(item.Records)), bytes+itemSize(item)
		if (records > p.size || bytes > p.bytes()) && i > 0 {
			return i
		}
	}
	return len(items)
}

// bytes is how many go into the next transaction.
func (p *pace) bytes() int { return max(leastBytes, p.size*p.each) }

// full tells that a transaction is about as large as it may be.
func (p *pace) full(items []Item) bool {
	if p.size == p.most { // it grows no more
		return true
	}
	records, bytes := 0, 0
	for _, item := range items {
		records, bytes = records+max(1, len(item.Records)), bytes+itemSize(item)
	}
	return 2*records >= p.size || 2*bytes >= p.bytes()
}

// took is told how long a transaction of so many items took, and whether it was full: a
// small one that was quick says nothing of large ones.
func (p *pace) took(d time.Duration, items int, full bool) {
	switch {
	case d > tooLong:
		p.size = max(1, p.size/2)
	case d < tooLong/4 && full:
		p.size = min(p.most, p.size*2)
	}
	if p.rate > 0 {
		now := time.Now()
		if p.next.Before(now.Add(-time.Second)) {
			p.next = now.Add(-d) // what wasn't used for long isn't saved up
		}
		p.next = p.next.Add(time.Duration(float64(items) / p.rate * float64(time.Second)))
	}
}

// failed makes the transactions after one that failed smaller: it may have been too large
// to be done within its timeout.
func (p *pace) failed() { p.size = max(1, p.size/2) }
