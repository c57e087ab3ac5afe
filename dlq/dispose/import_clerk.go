package dispose

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/ledger"
)

// clerk decides about letters of a file. It writes nothing.
type clerk struct {
	p        *ImportPlan
	topic    *topic
	imported *ledger.Index // what is in the topic already
	disposed *ledger.Index // what became of the letters where they came from
	home     bool          // the topic is the one that the letters came from
}

// clerk makes one that knows the topic and the ledger as of now.
func (p *ImportPlan) clerk(ctx context.Context, imported *ledger.Index) (*clerk, error) {
	t, err := p.target.topic(ctx, p.Topic)
	if err == nil && t == nil {
		err = &ChangedError{fmt.Sprintf("topic %q was deleted", p.Topic)}
	}
	if err != nil {
		return nil, err
	}
	own := p.source
	own.Into = kadm.TopicID{}
	disposed, err := p.target.dispositions(ctx, own)
	if err != nil {
		return nil, err
	}
	return &clerk{p: p, topic: t, imported: imported, disposed: disposed, home: p.From.Cluster == p.Cluster && own.TopicID == t.id}, nil
}

// decide says what is to become of a letter, and makes its record.
func (c *clerk) decide(a *dlq.Archived) *decision {
	d := &decision{as: ledger.Imported}
	state, dealt := c.disposed.Disposition(a.Partition, a.Offset)
	_, before := c.imported.Disposition(a.Partition, a.Offset)
	switch {
	case c.p.only != nil && !c.p.only.has(a.Partition, a.Offset):
		return d.pass(found("not-planned", "it isn't in the plan"))
	case before:
		return d.pass(found("imported", "imported already"))
	case c.there(a) && c.topic.compacted:
		return d.pass(found("there-or-compacted", "topic %q is the one that it came from, and has it still, or compaction has removed it there", c.topic.name))
	case c.there(a):
		return d.pass(found("there", "topic %q still has it", c.topic.name))
	case dealt && !c.p.req.All:
		return d.pass(found("disposed", "already %s; --all imports it all the same", state))
	}
	d.rec = c.record(a)
	if d.no = c.place(a, d.rec); d.no != nil {
		return d
	}
	if d.no = c.topic.refuses(d.rec, 80); d.no != nil { // the record's own frame
		return d
	}
	d.no = c.topic.times.refuses(d.rec, c.topic.name, c.p.req.Clock())
	return d
}

// there tells that the topic is the one that the letter came from, and hasn't deleted
// it. Of one that is compacted it isn't known what is behind its start.
func (c *clerk) there(a *dlq.Archived) bool {
	t := c.topic
	return c.home && int(a.Partition) < len(t.start) && a.Offset >= t.start[a.Partition] && a.Offset < t.end[a.Partition]
}

// record is the letter as it was.
func (c *clerk) record(a *dlq.Archived) *kgo.Record {
	rec := &kgo.Record{Topic: c.topic.name, Key: a.Key, Value: a.Value, Timestamp: time.UnixMilli(-1)} // which means none
	for _, h := range a.Headers {
		rec.Headers = append(rec.Headers, kgo.RecordHeader(h))
	}
	if a.Timestamp != nil {
		rec.Timestamp = *a.Timestamp
	}
	if c.p.req.Now {
		if a.Timestamp != nil {
			rec.Headers = append(rec.Headers, kgo.RecordHeader{Key: HeaderTime, Value: a.Timestamp.UTC().AppendFormat(nil, time.RFC3339Nano)})
		}
		rec.Timestamp = time.Time{} // the client fills in the time
	}
	return rec
}

// place chooses the partition.
func (c *clerk) place(a *dlq.Archived, rec *kgo.Record) *Finding {
	rec.Partition = a.Partition
	switch p := c.p.req.Partition; {
	case p.Number != nil:
		rec.Partition = *p.Number
	case p.ByKey:
		rec.Partition = int32(c.topic.choose.Partition(rec, len(c.topic.end)))
	}
	if int(rec.Partition) >= len(c.topic.end) {
		return found("no-partition", "topic %q has %s, and it is to go to partition %d; --partition key lets the key choose",
			c.topic.name, counted(len(c.topic.end), "partition"), rec.Partition)
	}
	return nil
}
