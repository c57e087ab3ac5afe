package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/evtctl/evtctl/internal/exactly"
)

// page is a record of the audit topic: the entries of a transaction, with what they
// have in common said once. Before there were pages, it was an array of entries.
type page struct {
	Version int       `json:"version"`
	Job     string    `json:"job"`
	Cluster string    `json:"cluster"`
	TopicID string    `json:"topic_id"`
	Topic   string    `json:"topic"`
	Who     string    `json:"who"`
	Why     string    `json:"why"`
	At      time.Time `json:"at"`
	Letters []line    `json:"letters"`
}

// line is what a page tells of one letter.
type line struct {
	Disposition Disposition `json:"disposition"`
	Attempt     int         `json:"attempt"`
	Partition   int32       `json:"partition"`
	Offset      int64       `json:"offset"`
	ReplayID    *string     `json:"replay_id"` // where it isn't the one that follows from the rest
	HashBefore  string      `json:"hash_before"`
	HashAfter   string      `json:"hash_after"`
	Why         *string     `json:"why"` // where it isn't the page's
	Target      *Target     `json:"target"`
}

func (b *Book) pageHead() []byte {
	v := make([]byte, 0, 4096)
	v = fmt.Appendf(v, `{"version":%d`, sheetVersion)
	v = append(v, b.about...)
	v = append(v, b.who...)
	v = text(append(v, `,"why":`...), b.run.Why)
	v = b.run.Now().UTC().AppendFormat(append(v, `,"at":"`...), time.RFC3339Nano)
	return append(v, `","letters":[`...)
}

func (b *Book) line(v []byte, d *exactly.Done) []byte {
	n := d.Note.(*note)
	v = text(append(v, `{"disposition":`...), string(n.Disposition))
	v = number(append(v, `,"attempt":`...), int64(n.attempt))
	v = number(append(v, `,"partition":`...), int64(n.Partition))
	v = number(append(v, `,"offset":`...), n.Offset)
	if !b.usual(n) {
		v = text(append(v, `,"replay_id":`...), n.ReplayID)
	}
	if n.HashBefore != "" {
		v = text(append(v, `,"hash_before":`...), n.HashBefore)
	}
	if n.HashAfter != "" {
		v = text(append(v, `,"hash_after":`...), n.HashAfter)
	}
	if n.Why != b.run.Why {
		v = text(append(v, `,"why":`...), n.Why)
	}
	return append(appendTarget(append(v, `,"target":`...), d), '}')
}

func appendTarget(v []byte, d *exactly.Done) []byte {
	if len(d.Placed) == 0 {
		return append(v, "null"...)
	}
	p := &d.Placed[0]
	v = text(append(v, `{"topic":`...), p.Topic)
	v = number(append(v, `,"partition":`...), int64(p.Partition))
	v = number(append(v, `,"offset":`...), p.Offset)
	return append(v, '}')
}

// pages makes the audit topic's records.
func (b *Book) pages(done []exactly.Done) (values [][]byte) {
	v := b.pageHead()
	for i := range done {
		if v = b.line(v, &done[i]); i < len(done)-1 && len(v) < auditBytes {
			v = append(v, ',')
			continue
		}
		values = append(values, append(v, "]}"...))
		if i < len(done)-1 {
			v = b.pageHead()
		}
	}
	return values
}

// auditEntries reads a record of the audit topic, of either form.
func auditEntries(value []byte) (entries []Entry, err error) {
	if bytes.HasPrefix(value, []byte("[")) {
		return entries, json.Unmarshal(value, &entries)
	}
	var p page
	if err := json.Unmarshal(value, &p); err != nil {
		return nil, err
	}
	if p.Version != sheetVersion {
		return nil, fmt.Errorf("a page of version %d: this evtctl knows version %d", p.Version, sheetVersion)
	}
	entries = make([]Entry, len(p.Letters))
	for i, l := range p.Letters {
		e := Entry{
			Version: EntryVersion, Disposition: l.Disposition, Attempt: l.Attempt, Job: p.Job, Cluster: p.Cluster, TopicID: p.TopicID,
			Topic: p.Topic, Partition: l.Partition, Offset: l.Offset, HashBefore: l.HashBefore, HashAfter: l.HashAfter,
			Who: p.Who, Why: p.Why, At: p.At, Target: l.Target,
		}
		switch {
		case l.ReplayID != nil:
			e.ReplayID = *l.ReplayID
		case l.Disposition.replays():
			e.ReplayID = fmt.Sprintf("%s/%d/%d/%d", p.TopicID, l.Partition, l.Offset, l.Attempt) // as of Source.ReplayID
		}
		if l.Why != nil {
			e.Why = *l.Why
		}
		entries[i] = e
	}
	return entries, nil
}
