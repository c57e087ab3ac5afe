package dlq

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Absence is why there is no record at coordinates.
type Absence string

// The absences.
const (
	NoPartition Absence = "the topic has no such partition"
	BeyondEnd   Absence = "it is beyond the end of the partition"
	Expired     Absence = "retention has deleted it"
	Compacted   Absence = "compaction has removed it"
	Marker      Absence = "it is a transaction marker, not a record"
	Aborted     Absence = "its transaction was aborted"
	Uncommitted Absence = "its transaction is still open"
	Damaged     Absence = "its batch can't be read"
)

// NoRecordError tells that there is no record at coordinates, and why.
type NoRecordError struct {
	Coordinates Coordinates
	Absence     Absence
	// Start and End are the first offset of the partition and the one after the last;
	// for [NoPartition] they are the numbers of partitions.
	Start, End int64
	Reason     string // more about [Damaged]
}

func (e *NoRecordError) Error() string {
	text := fmt.Sprintf("record %s: %s", e.Coordinates, e.Absence)
	switch {
	case e.Absence == NoPartition:
		text += fmt.Sprintf("; it has %d", e.End)
	case e.Absence == BeyondEnd || e.Absence == Expired:
		text += fmt.Sprintf("; it has offsets %d to %d", e.Start, e.End-1)
	case e.Reason != "":
		text += ": " + e.Reason
	}
	if (e.Absence == BeyondEnd || e.Absence == Expired) && e.Start >= e.End {
		text = fmt.Sprintf("record %s: %s; the partition is empty", e.Coordinates, e.Absence)
	}
	return text
}

// Get reads one letter with its decoded form, its disposition and when it expires.
// Where there is none, the error is a [*TopicNotFoundError] or a [*NoRecordError].
func (r *Reader) Get(ctx context.Context, c Coordinates) (*Letter, error) {
	t, err := describeOne(ctx, r.Client, c.Topic)
	if err != nil {
		return nil, err
	}
	rec, err := getRecord(ctx, r.Client, t, c)
	if err != nil {
		return nil, err
	}
	f, err := r.filter(ctx, t, Query{Topic: c.Topic})
	if err != nil {
		return nil, err
	}
	p := r.Dialects.parser()
	defer p.done()
	l := f.letter(ctx, p, new(Letter), rec)
	l.Decode(ctx, r.Decoder, rec.Headers)
	return l, nil
}

// getRecord reads the record at an offset, or says why there is none.
func getRecord(ctx context.Context, cl *kgo.Client, t *topic, c Coordinates) (*kgo.Record, error) {
	absent := func(why Absence, start, end int64) error {
		return &NoRecordError{Coordinates: c, Absence: why, Start: start, End: end}
	}
	if int(c.Partition) >= len(t.partitions) || c.Partition < 0 {
		return nil, absent(NoPartition, 0, int64(len(t.partitions)))
	}
	p := t.partitions[c.Partition]
	switch {
	case p.err != nil:
		return nil, fmt.Errorf("record %s: %w", c, p.err)
	case c.Offset >= p.end:
		return nil, absent(BeyondEnd, p.start, p.end)
	case c.Offset < p.start:
		return nil, absent(Expired, p.start, p.end)
	case c.Offset >= p.stable:
		return nil, absent(Uncommitted, p.start, p.end)
	}
	rec, faults, err := oneRecord(ctx, cl, t, c, false)
	switch {
	case err != nil:
		return nil, fmt.Errorf("record %s: %w", c, err)
	case len(faults) > 0:
		e := &NoRecordError{Coordinates: c, Absence: Damaged, Reason: faults[0].Reason}
		return nil, e
	case rec == nil:
		if rec, _, err = oneRecord(ctx, cl, t, c, true); err == nil && rec != nil {
			return nil, absent(Aborted, p.start, p.end)
		}
		return nil, absent(Compacted, p.start, p.end)
	case rec.Attrs.IsControl():
		return nil, absent(Marker, p.start, p.end)
	}
	return rec, nil
}

func oneRecord(ctx context.Context, cl *kgo.Client, t *topic, c Coordinates, uncommitted bool) (*kgo.Record, []Fault, error) {
	s := newScanner(cl, t)
	s.markers, s.uncommitted = true, uncommitted
	var found *kgo.Record
	err := scan(ctx, s, []span{{c.Partition, c.Offset, c.Offset + 1}},
		func(recs []*kgo.Record) []*kgo.Record { return recs },
		func(_ span, recs []*kgo.Record) error {
			if len(recs) > 0 {
				found = recs[0]
			}
			return nil
		})
	return found, s.faults, err
}
