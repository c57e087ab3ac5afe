package ledger

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/exactly"
)

// sheetVersion is that of the forms in which many letters share a record. Who only
// knows entries of version 1 refuses them, rather than to overlook what is done.
const sheetVersion = 2

// sheet is a record of the ledger for many letters that went the same way in one
// transaction. A record for each costs client and broker more than the letters do.
// What tells one letter from another beside its place, its hashes, is in the audit
// topic only.
type sheet struct {
	Version     int         `json:"version"`
	Disposition Disposition `json:"disposition"`
	Attempt     int         `json:"attempt"`
	Job         string      `json:"job"`
	Partition   int32       `json:"partition"` // of the DLQ
	Who         string      `json:"who"`
	Why         string      `json:"why"`
	At          time.Time   `json:"at"`
	Target      *string     `json:"target"` // the topic; null where nothing was written
	Runs        []run       `json:"runs"`
}

// run is a stretch of letters without a gap whose records are as close together: the
// first letter's offset, their number, and the partition and offset of the first
// record.
type run [4]int64

// firstSheet is where the numbers begin that sheets have in the place of an offset in
// their keys. No partition gets that far. The rest is random: compaction would let a
// sheet go for another with the same key, though that tells of other letters.
const firstSheet = int64(1) << 62

func (s Source) sheetKey(partition int32) string {
	return s.Key(partition, firstSheet|rand.Int64N(firstSheet))
}

func isSheet(offset int64) bool { return offset >= firstSheet }

// sheetFrom is how many letters make a sheet worth while. Fewer have an entry each,
// which compaction removes when another follows.
const sheetFrom = 16

// way is what the letters of a sheet have in common.
type way struct {
	partition   int32
	disposition Disposition
	attempt     int
	why, target string
	written     bool
}

// wayOf tells the way of a letter; ok is false for one that needs an entry of its own.
func (b *Book) wayOf(d *exactly.Done) (w way, ok bool) {
	n := d.Note.(*note)
	w = way{partition: n.Partition, disposition: n.Disposition, attempt: n.attempt, why: n.Why}
	if len(d.Placed) > 0 {
		w.target, w.written = d.Placed[0].Topic, true
	}
	return w, b.usual(n)
}

// usual tells that a letter's replay id is the one that follows from its place.
func (b *Book) usual(n *note) bool {
	if !n.Disposition.replays() {
		return n.ReplayID == ""
	}
	var buf [128]byte
	return string(appendReplayID(buf[:0], b.source.TopicID, n.Partition, n.Offset, n.attempt)) == n.ReplayID
}

func (d Disposition) replays() bool { return d == Replayed || d == Edited || d == Intended }

// sheets makes the ledger's records of letters that went the same way.
func (b *Book) sheets(w way, done []exactly.Done, which []int) (values [][]byte) {
	var v []byte
	var last run
	end := func() {
		if v != nil {
			values, v = append(values, append(last.append(v), "]}"...)), nil
		}
	}
	for _, i := range which {
		d := &done[i]
		next := run{d.Note.(*note).Offset, 1, -1, -1}
		if w.written {
			next[2], next[3] = int64(d.Placed[0].Partition), d.Placed[0].Offset
		}
		switch {
		case v != nil && last.goesOn(next):
			last[1]++
			continue
		case len(v) > auditBytes:
			end()
		}
		if v == nil {
			v = b.sheetHead(w)
		} else {
			v = append(last.append(v), ',')
		}
		last = next
	}
	end()
	return values
}

func (r run) goesOn(next run) bool {
	return next[0] == r[0]+r[1] && next[2] == r[2] && (next[2] < 0 || next[3] == r[3]+r[1])
}

func (r run) append(v []byte) []byte {
	for i, n := range r {
		v = strconv.AppendInt(append(v, "[,,,"[i]), n, 10)
	}
	return append(v, ']')
}

func (b *Book) sheetHead(w way) []byte {
	v := make([]byte, 0, 1024)
	v = fmt.Appendf(v, `{"version":%d`, sheetVersion)
	v = text(append(v, `,"disposition":`...), string(w.disposition))
	v = number(append(v, `,"attempt":`...), int64(w.attempt))
	v = text(append(v, `,"job":`...), b.run.Job)
	v = number(append(v, `,"partition":`...), int64(w.partition))
	v = text(append(v, `,"who":`...), b.run.Who)
	v = text(append(v, `,"why":`...), w.why)
	v = b.run.Now().UTC().AppendFormat(append(v, `,"at":"`...), time.RFC3339Nano)
	v = append(v, `","target":`...)
	if w.written {
		v = text(v, w.target)
	} else {
		v = append(v, "null"...)
	}
	return append(v, `,"runs":[`...)
}

func readSheet(value []byte) (*sheet, error) {
	var s sheet
	if err := json.Unmarshal(value, &s); err != nil {
		return nil, fmt.Errorf("not a sheet of the ledger: %w", err)
	}
	if s.Version != sheetVersion {
		return nil, fmt.Errorf("a sheet of version %d: this evtctl knows version %d", s.Version, sheetVersion)
	}
	for _, r := range s.Runs {
		if r[0] < 0 || r[1] < 1 || r[0] > firstSheet-r[1] {
			return nil, fmt.Errorf("a sheet with the letters %d to %d", r[0], r[0]+r[1]-1)
		}
	}
	return &s, nil
}

// each gives the letters, with where their records are.
func (s *sheet) each(visit func(offset int64, partition int32, at int64)) {
	for _, r := range s.Runs {
		for i := range r[1] {
			visit(r[0]+i, int32(r[2]), r[3]+i)
		}
	}
}

// target is nil where nothing was written.
func (s *sheet) target(partition int32, at int64) *Target {
	if s.Target == nil {
		return nil
	}
	return &Target{*s.Target, partition, at}
}

// Entries are what a record of the ledger or of the audit topic tells of the source's
// letters: none for a record that is about something else, or that deletes an entry.
// Those of a ledger's record for many letters have no hashes.
func (s Source) Entries(r *kgo.Record) ([]Entry, error) {
	switch prefix := s.prefix(); {
	case r.Value == nil:
		return nil, nil
	case r.Topic == AuditTopic && string(r.Key) == prefix:
		return auditEntries(r.Value)
	case r.Topic != Topic:
		return nil, nil
	default:
		_, offset, ok := splitKey(r.Key, prefix)
		switch {
		case !ok:
			return nil, nil
		case isSheet(offset):
			return s.sheetEntries(r.Value)
		}
		e := make([]Entry, 1)
		return e, json.Unmarshal(r.Value, &e[0])
	}
}

func (s Source) sheetEntries(value []byte) (entries []Entry, err error) {
	sh, err := readSheet(value)
	if err != nil {
		return nil, err
	}
	sh.each(func(offset int64, partition int32, at int64) {
		e := Entry{
			Version: EntryVersion, Disposition: sh.Disposition, Attempt: sh.Attempt, Job: sh.Job, Cluster: s.Cluster, TopicID: topicID(s.TopicID),
			Topic: s.Topic, Partition: sh.Partition, Offset: offset, Who: sh.Who, Why: sh.Why, At: sh.At, Target: sh.target(partition, at),
		}
		if e.Disposition.replays() {
			e.ReplayID = s.ReplayID(e.Partition, e.Offset, e.Attempt)
		}
		entries = append(entries, e)
	})
	return entries, nil
}
