package health

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/evtctl/evtctl/lag"
)

func (j *judge) replicas() Figure {
	return j.lacking(ReplicasFigure, j.r.Replicas.UnderReplicated, "under-replicated", "--under-replicated-partitions",
		func(t *TopicReplica) []int32 { return t.UnderReplicated })
}

func (j *judge) offline() Figure {
	return j.lacking(OfflineFigure, j.r.Replicas.Offline, "without a leader", "--unavailable-partitions",
		func(t *TopicReplica) []int32 { return t.Offline })
}

// lacking judges partitions of which there may be none.
func (j *judge) lacking(name Name, n lag.Int, what, flag string, of func(*TopicReplica) []int32) Figure {
	f, read := j.figure(name, "partitions", ofReplicas)
	if !read {
		return f
	}
	f.Value, f.Critical, f.Subjects = number(n), 0, int(j.r.Replicas.Partitions)
	f.Limit = "any is critical"
	var list []Finding
	for i := range j.r.Replicas.Topics {
		t := &j.r.Replicas.Topics[i]
		if partitions := of(t); len(partitions) > 0 {
			list = append(list, Finding{
				Verdict: lag.Critical, Topic: lag.Text(t.Topic), Partition: lag.Unknown, Value: Number(len(partitions)), Reasons: []string{string(name)},
				Evidence: fmt.Sprintf("%s: %s %s (%s); %s not in sync", t.Topic, things(len(partitions), "partition"), what, numbers(partitions), brokers(t.Missing)),
				Next:     j.next.apache("kafka-topics.sh", "--describe", flag),
			})
		}
	}
	f.found(list)
	f.Says = fmt.Sprintf("%s of %s on %s", commas(number(n)), things(f.Subjects, "partition"), things(int(j.r.Replicas.Brokers), "broker"))
	if n == 0 {
		f.Says = "none"
	}
	return f
}

func brokers(ids []int32) string {
	switch len(ids) {
	case 0:
		return "no broker is"
	case 1:
		return "broker " + numbers(ids) + " is"
	}
	return "brokers " + numbers(ids) + " are"
}

// numbers lists a few of many.
func numbers(list []int32) string {
	const few = 8
	var words []string
	for _, n := range list[:min(few, len(list))] {
		words = append(words, strconv.Itoa(int(n)))
	}
	text := strings.Join(words, ", ")
	if more := len(list) - few; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func (j *judge) transactions() Figure {
	f, read := j.figure(TransactFigure, "seconds", ofTransactions)
	if !read {
		return f
	}
	f.Warning, f.Subjects = Number(j.l.Transaction.Seconds()), len(j.r.Transactions)
	f.Limit = "warning over " + short(j.l.Transaction)
	var list []Finding
	for i := range j.r.Transactions {
		t := &j.r.Transactions[i]
		f.raise(t.Age)
		if judged := j.open(t); judged.Verdict != lag.OK {
			list = append(list, judged)
		}
	}
	f.found(list)
	switch {
	case f.Subjects == 0:
		f.Reason, f.Says = "none is open", "none is open"
	case !f.Value.Known():
		f.Reason = "how old they are is not known"
		f.Says = things(f.Subjects, "transaction") + " open; " + string(f.Reason)
	default:
		f.Says = fmt.Sprintf("%s open, for %s at most", things(f.Subjects, "transaction"), short(f.Value.Seconds()))
	}
	return f
}

func (j *judge) open(t *Transaction) Finding {
	f := Finding{Partition: lag.Unknown, Value: t.Age, Reasons: []string{}, Next: j.next.apache("kafka-transactions.sh", "list")}
	if t.ID != "" {
		f.Next = j.next.apache("kafka-transactions.sh", "describe", "--transactional-id", string(t.ID))
	}
	if len(t.Topics) > 0 {
		f.Topic = lag.Text(t.Topics[0])
	}
	if len(t.Holds) > 0 {
		f.Group = lag.Text(t.Holds[0])
	}
	age := t.Age.Seconds()
	switch {
	case !t.Age.Known() && t.Timeout.Known():
		f.Verdict, f.Reasons = lag.Uncertain, append(f.Reasons, "clocks-differ")
		f.Evidence = transactionName(t) + " is open, and began in the future: the clocks of this machine and the broker differ"
	case !t.Age.Known():
		f.Verdict, f.Reasons = lag.Uncertain, append(f.Reasons, "not-authorized")
		f.Evidence = transactionName(t) + " is open; since when may not be seen"
	case t.Timeout.Known() && age > t.Timeout.Seconds()+Overdue:
		f.Verdict, f.Reasons = lag.Critical, append(f.Reasons, "over-timeout")
		f.Evidence = fmt.Sprintf("%s is open for %s, and should have been aborted after %s", transactionName(t), short(age), short(t.Timeout.Seconds()))
	case age > j.l.Transaction:
		f.Verdict, f.Reasons = lag.Warning, append(f.Reasons, "over-warning")
		f.Evidence = fmt.Sprintf("%s is open for %s (limit %s)", transactionName(t), short(age), short(j.l.Transaction))
		if t.Timeout.Known() {
			f.Evidence += "; the broker aborts it after " + short(t.Timeout.Seconds())
		}
	default:
		return f
	}
	if len(t.Holds) > 0 {
		f.Evidence += "; it holds readers of committed records in " + few(t.Holds)
	}
	if len(t.Topics) > 0 {
		f.Evidence += "; topics " + few(t.Topics)
	}
	return f
}

func transactionName(t *Transaction) string {
	switch {
	case t.ID != "":
		return fmt.Sprintf("transaction %q", string(t.ID))
	case t.ProducerID.Known():
		return fmt.Sprintf("a transaction of producer %d", int64(t.ProducerID))
	}
	return "a transaction"
}

func few(names []string) string {
	const most = 3
	text := strings.Join(names[:min(most, len(names))], ", ")
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
