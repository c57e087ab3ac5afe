package lag

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// nameTransactions finds what holds the groups that have read up to the last stable
// offset while more is in the log. What the user may not see stays unknown: the
// partition keeps its transaction, without a name.
func (c *collector) nameTransactions(ctx context.Context, r *Report) {
	waiting := kadm.TopicsSet{}
	var held []*Partition
	for i := range r.Groups {
		for j := range r.Groups[i].Partitions {
			p := &r.Groups[i].Partitions[j]
			if p.held() {
				p.Transaction = &Transaction{ProducerID: Unknown, Age: UnknownSeconds()}
				waiting.Add(p.Topic, p.Partition)
				held = append(held, p)
			}
		}
	}
	if len(held) == 0 {
		return
	}
	// Errors leave the producers unknown; that an open transaction is there is known
	// from the offsets alone, unless the broker knows of none any more.
	producers, _ := c.adm.DescribeProducers(ctx, waiting)
	now, ids := c.req.Now(), map[int64]bool{}
	for _, p := range held {
		described, ok := producers[p.Topic].Partitions[p.Partition]
		oldest := holding(described.ActiveProducers)
		switch {
		case oldest != nil:
			p.Transaction.ProducerID = Int(oldest.ProducerID)
			p.Transaction.Age = since(now, oldest.LastTimestamp)
			ids[oldest.ProducerID] = true
		case ok && described.Err == nil:
			p.Transaction = nil // it ended in the meantime
		}
	}
	c.nameProducers(ctx, held, ids, now)
}

// held tells whether all that a group has not read of a partition is from the last
// stable offset on. Where the next record is known it decides, as a commit can stand
// on the marker of the transaction before. A group that committed beyond the last
// stable offset reads what isn't committed, and nothing holds it.
func (p *Partition) held() bool {
	next := p.Committed
	if p.nextRecord.Known() {
		next = p.nextRecord
	}
	stable := Int(p.lastStable)
	return p.LogEnd.Known() && stable < p.LogEnd && p.Committed.Known() && p.Committed <= stable && next >= stable
}

// holding gives the producer whose open transaction began first.
func holding(active kadm.DescribedProducers) *kadm.DescribedProducer {
	var oldest *kadm.DescribedProducer
	for _, p := range active {
		if p.CurrentTxnStartOffset >= 0 && (oldest == nil || p.CurrentTxnStartOffset < oldest.CurrentTxnStartOffset) {
			oldest = &p
		}
	}
	return oldest
}

// nameProducers adds transactional ids and the exact start of the transactions.
func (c *collector) nameProducers(ctx context.Context, held []*Partition, ids map[int64]bool, now time.Time) {
	if len(ids) == 0 {
		return
	}
	list := make([]int64, 0, len(ids))
	for id := range ids {
		list = append(list, id)
	}
	listed, _ := c.adm.ListTransactions(ctx, list, nil)
	if len(listed) == 0 {
		return
	}
	described, _ := c.adm.DescribeTransactions(ctx, listed.TransactionalIDs()...)
	byProducer := map[int64]kadm.DescribedTransaction{}
	for _, d := range described {
		if d.Err == nil {
			byProducer[d.ProducerID] = d
		}
	}
	for _, p := range held {
		if p.Transaction == nil {
			continue
		}
		if d, ok := byProducer[int64(p.Transaction.ProducerID)]; ok {
			p.Transaction.ID = Text(d.TxnID)
			if d.StartTimestamp > 0 {
				p.Transaction.Age = since(now, d.StartTimestamp)
			}
		}
	}
}

// clockSkew is how far ahead of this machine's clock another may be before a
// duration measured between the two is unknown instead of zero.
const clockSkew = time.Second

// since gives the time passed since a time stamp in milliseconds.
func since(now time.Time, ms int64) Seconds {
	d := now.Sub(time.UnixMilli(ms))
	switch {
	case ms < 0 || d < -clockSkew:
		return UnknownSeconds()
	default:
		return Seconds(max(0, d.Seconds()))
	}
}
