package health

import (
	"context"
	"errors"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/evtctl/evtctl/lag"
)

// readTransactions lists those that are open. Brokers that are down know of none.
func (k *collector) readTransactions(ctx context.Context) error {
	listed, err := k.adm.ListTransactions(ctx, nil, []string{"Ongoing"})
	var shards *kadm.ShardErrors
	if errors.As(err, &shards) && !shards.AllFailed {
		k.tell("open transactions could not be listed by every broker: " + k.Word(err))
	} else if err != nil {
		return err
	}
	var ids []string
	for id, t := range listed {
		if t.State == "Ongoing" { // brokers before 3.0 list all states
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	described, err := k.adm.DescribeTransactions(ctx, ids...)
	if err != nil && len(described) == 0 {
		return err
	}
	for _, id := range ids {
		if d, ok := described[id]; ok && d.Err == nil && d.State != "Ongoing" {
			continue // it has ended
		}
		k.report.Transactions = append(k.report.Transactions, k.transaction(listed[id], described[id]))
	}
	return nil
}

// clockSkew is how far ahead the broker's clock may be, in seconds, before an age is
// unknown instead of zero.
const clockSkew = 1

func (k *collector) transaction(l kadm.ListedTransaction, d kadm.DescribedTransaction) Transaction {
	t := Transaction{
		ID: lag.Text(l.TxnID), ProducerID: lag.Int(l.ProducerID), Age: Unknown(), Timeout: Unknown(),
		Topics: []string{}, Holds: []string{},
	}
	if d.TxnID == "" || d.Err != nil {
		return t
	}
	if age := float64(k.Now().UnixMilli()-d.StartTimestamp) / 1000; d.StartTimestamp > 0 && age >= -clockSkew {
		t.Age = Number(max(0, age))
	}
	if d.TimeoutMillis > 0 {
		t.Timeout = Number(float64(d.TimeoutMillis) / 1000)
	}
	t.Topics = append(t.Topics, d.Topics.Topics()...)
	slices.Sort(t.Topics)
	return t
}

// nameHeld adds which groups a transaction holds. One that holds a group and is not
// listed is hidden from the user, or hangs: its coordinator has forgotten it.
func (k *collector) nameHeld() {
	r := k.report
	if r.Lag != nil {
		for i := range r.Lag.Groups {
			g := &r.Lag.Groups[i]
			for j := range g.Partitions {
				if held := g.Partitions[j].Transaction; held != nil {
					r.hold(held, g.Name, g.Partitions[j].Topic)
				}
			}
		}
	}
	slices.SortStableFunc(r.Transactions, func(a, b Transaction) int { return compareValues(b.Age, a.Age) })
}

func (r *Report) hold(held *lag.Transaction, group, topic string) {
	i := slices.IndexFunc(r.Transactions, func(t Transaction) bool { return t.ProducerID == held.ProducerID })
	if i < 0 {
		i = len(r.Transactions)
		r.Transactions = append(r.Transactions, Transaction{
			ID: held.ID, ProducerID: held.ProducerID, Age: Number(held.Age), Timeout: Unknown(), Topics: []string{}, Holds: []string{},
		})
	}
	t := &r.Transactions[i]
	if !slices.Contains(t.Holds, group) {
		t.Holds = append(t.Holds, group)
	}
	if !slices.Contains(t.Topics, topic) {
		t.Topics = append(t.Topics, topic)
	}
}
