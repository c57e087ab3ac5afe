package copies

import (
	"time"

	"github.com/evtctl/evtctl/internal/topics"
	"github.com/evtctl/evtctl/replay"
)

// Request says what to copy where.
type Request struct {
	From  replay.Selection // its To isn't looked at
	To    string           // the topic to copy to
	Start replay.Position
	Until replay.Position
	// Where chooses among the records; nil: all.
	Where   *Where
	Decoder Decoder // for Where; nil: nothing is decoded
	// Edit changes each record; nil: none. Set says in words what it does.
	Edit Editor
	Set  string
	// SetRecord changes what Edit has left of each record; nil: nothing. Drafter is for
	// it; nil: only JSON without a schema can be changed as such.
	SetRecord *RecordSet
	Drafter   Drafter
	Partition Partitioning // empty: Original
	// KeepTime keeps the records' times. The target's retention counts from them.
	KeepTime bool
	Audience Audience // says who reads the target; nil: nobody is asked
	Limit    int64    // records; 0: all
	Reason   string   // for the ledger
	Now      time.Time
}

func (r *Request) check() error {
	if r.Partition == "" {
		r.Partition = Original
	}
	switch {
	case r.From.Topic == "":
		return askedf("name it with --topic", "no topic to copy from is named")
	case r.To == "":
		return askedf("name it with --to", "no topic to copy to is named")
	case topics.IsInternal(r.To):
		return askedf("name a topic that consumers read", "topic %q is internal: nothing is copied there", r.To)
	case r.Limit < 0:
		return askedf("such as --limit 100", "a limit of %d records", r.Limit)
	}
	return nil
}

func (r *Request) where() string {
	if r.Where == nil {
		return ""
	}
	return r.Where.text
}

func (r *Request) setRecord() string {
	if r.SetRecord == nil {
		return ""
	}
	return r.SetRecord.text
}
