package dispose

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/ledger"
)

// Finding is why a letter is left out, or what to know about it.
type Finding struct {
	// Kind is one of a few words for scripts, such as "no-origin".
	Kind string `json:"kind"`
	Why  string `json:"why"`
}

func found(kind, format string, args ...any) *Finding {
	return &Finding{kind, fmt.Sprintf(format, args...)}
}

// decision is what becomes of one letter.
type decision struct {
	as       ledger.Disposition
	rec      *kgo.Record // what is sent, without stamps; nil for nothing
	replay   int         // the how manieth, over all deaths
	no       *Finding    // why it is left out
	skip     bool        // and that is as it should be: no failure
	due      time.Time   // when it is to be tried; zero: now
	warnings []Finding
}

func (d *decision) refuse(f *Finding) *decision { d.no = f; return d }
func (d *decision) pass(f *Finding) *decision   { d.no, d.skip = f, true; return d }
func (d *decision) warn(f *Finding)             { d.warnings = append(d.warnings, *f) }

// judge decides about letters. It reads, and writes nothing.
type judge struct {
	req    Request
	reader *dlq.Reader
	target *Target
	home   bool // the letters' own cluster is the one that is sent to
	index  *ledger.Index
	topics map[string]*topic
	groups map[string][]string // that read a topic
}

// decide says what is to become of a letter. An error is of a cluster that can't be
// asked, and ends the planning.
func (j *judge) decide(ctx context.Context, l *dlq.Letter) (*decision, error) {
	d, at := &decision{}, l.Coordinates
	state, disposed := j.index.Disposition(at.Partition, at.Offset)
	switch {
	case j.req.Action == Restore && !disposed:
		return d.pass(found("undisposed", "has no disposition that could be taken back")), nil
	case j.req.Action == Restore:
		d.as = ledger.Restored
		return d, nil
	case disposed:
		return d.pass(found("disposed", "already %s", state)), nil
	case j.req.Action == Discard:
		d.as = ledger.Discarded
		return d, nil
	}
	before := replays(l.RecordHeaders()) + j.index.Attempt(at.Partition, at.Offset)
	d.as, d.replay = ledger.Replayed, before+1
	if j.req.MaxReplays >= 0 && before >= j.req.MaxReplays {
		d.as, d.replay = ledger.Parked, 0
		d.warn(found("parked", "was sent back %d times already: it is parked instead", before))
		return d, nil
	}
	if d.due = j.due(l, before); !d.due.IsZero() {
		return d.pass(found("waiting", "is to wait until %s", d.due.UTC().Format(time.RFC3339))), nil
	}
	return d, j.send(ctx, l, d)
}

// due is when a letter may be tried again; zero: now.
func (j *judge) due(l *dlq.Letter, before int) time.Time {
	died := l.DiedAt
	if died == nil {
		died = l.Timestamp
	}
	if j.req.Action != Retry || died == nil {
		return time.Time{}
	}
	if at := died.Add(j.req.wait(before)); at.After(j.req.Now()) {
		return at
	}
	return time.Time{}
}

// send works out the record.
func (j *judge) send(ctx context.Context, l *dlq.Letter, d *decision) error {
	for _, step := range []func(context.Context, *dlq.Letter, *decision) error{
		j.destination, j.payload, j.edit, j.place, j.fits, j.tell,
	} {
		if err := step(ctx, l, d); err != nil || d.no != nil {
			return err
		}
	}
	return nil
}

// destination finds the topic to send to.
func (j *judge) destination(ctx context.Context, l *dlq.Letter, d *decision) error {
	name := j.req.To
	if name == "" {
		if d.no = originTrouble(l); d.no != nil {
			return nil
		}
		name = *l.Origin.Topic
	}
	switch {
	case dlq.IsInternal(name):
		d.refuse(found("internal", "topic %q is internal: nothing is sent there", name))
	case j.home && name == l.Coordinates.Topic:
		d.refuse(found("itself", "topic %q is the dead-letter topic itself", name))
	default:
		t, err := j.topic(ctx, name)
		if err != nil {
			return err
		}
		if t == nil {
			d.refuse(found("no-topic", "topic %q doesn't exist in the cluster to send to", name))
		}
		d.rec = &kgo.Record{Topic: name}
	}
	return nil
}

// originTrouble says why a letter can't be sent to where it came from; nil: it can.
func originTrouble(l *dlq.Letter) *Finding {
	for _, p := range l.Problems {
		if p.Field == "origin.topic" || p.Field == "origin.partition" || p.Field == "origin.offset" {
			return found("bad-origin", "where it came from isn't clear: header %s: %s; --to sends it to a topic all the same", p.Header, p.Reason)
		}
	}
	if l.Origin.Topic == nil {
		return found("no-origin", "it doesn't say where it came from; --to sends it to a topic")
	}
	return nil
}

func (j *judge) topic(ctx context.Context, name string) (*topic, error) {
	if t, ok := j.topics[name]; ok {
		return t, nil
	}
	t, err := j.target.topic(ctx, name)
	if err == nil {
		j.topics[name] = t
	}
	return t, err
}

// payload fills in key, value and headers. A null value is a tombstone: it deletes
// what the key stood for. Frameworks write null where they lost the value, so one is
// sent only when the source had it too, or when that was asked for.
func (j *judge) payload(ctx context.Context, l *dlq.Letter, d *decision) error {
	key, value, headers := l.Key, l.Value, l.RecordHeaders()
	if j.req.Payload == Original || value == nil && !j.req.AllowTombstones {
		source, err := j.reader.Source(ctx, l)
		if err != nil {
			return err
		}
		switch {
		case j.req.Payload == Original && source.State != dlq.SourceThere:
			d.refuse(found("source-"+string(source.State), "the record that it came from can't be had: %s", source.Reason))
			return nil
		case j.req.Payload == Original:
			key, value, headers = source.Record.Key, source.Record.Value, source.Record.Headers
		case source.State != dlq.SourceThere:
			d.refuse(found("null-value", "its value is null, which would be a tombstone, and what the source's was is unknown: %s; --allow-tombstones sends it all the same", source.Reason))
			return nil
		case source.Record.Value != nil:
			d.refuse(found("null-value", "its value is null, which would be a tombstone, and the source's isn't: --payload original sends that"))
			return nil
		}
	}
	d.rec.Key, d.rec.Value = key, value
	d.rec.Headers = unstamped(j.reader.Dialects.Strip(headers))
	return nil
}

// edit changes the record.
func (j *judge) edit(ctx context.Context, l *dlq.Letter, d *decision) error {
	if j.req.Edit == nil {
		return nil
	}
	changed, err := j.req.Edit.Edit(ctx, l, d.rec)
	var leave *LeaveError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &leave):
		d.pass(found(leave.Kind, "%s", leave.Why))
	case err != nil:
		d.refuse(found("edit", "%v", err))
	case changed:
		d.as = ledger.Edited
	}
	return nil
}

// place chooses the partition.
func (j *judge) place(_ context.Context, l *dlq.Letter, d *decision) error {
	t, p := j.topics[d.rec.Topic], j.req.Partition
	origin := l.Origin.Partition
	byKey := int32(t.choose.Partition(d.rec, len(t.end)))
	switch {
	case p.Number != nil:
		d.rec.Partition = *p.Number
	case p.ByKey || origin == nil:
		d.rec.Partition = byKey
		if p.ByKey && origin != nil && d.rec.Key != nil && j.atOrigin(l, d) && *origin != byKey {
			d.warn(found("other-partition", "by its key it goes to partition %d, and it came from %d: its producer chooses otherwise, or the topic had fewer partitions", byKey, *origin))
		}
	default:
		d.rec.Partition = *origin
	}
	if int(d.rec.Partition) >= len(t.end) {
		d.refuse(found("no-partition", "topic %q has %s, and it is to go to partition %d; --partition key lets the key choose", t.name, counted(len(t.end), "partition"), d.rec.Partition))
		return nil
	}
	if o := l.Origin.Offset; j.req.To == "" && j.home && origin != nil && o != nil && int(*origin) < len(t.end) && *o >= t.end[*origin] {
		d.refuse(found("recreated", "it came from offset %d of %s:%d, which ends at %d: the topic was made anew; --to %s sends it there all the same",
			*o, t.name, *origin, t.end[*origin], t.name))
	}
	return nil
}

// atOrigin tells whether a letter goes back to the very topic that it came from.
func (j *judge) atOrigin(l *dlq.Letter, d *decision) bool {
	return j.home && l.Origin.Topic != nil && *l.Origin.Topic == d.rec.Topic
}

// fits finds what the broker would refuse.
func (j *judge) fits(_ context.Context, _ *dlq.Letter, d *decision) error {
	if no := j.topics[d.rec.Topic].refuses(d.rec, 200); no != nil { // the stamps, and the record's own frame
		d.refuse(no)
	}
	return nil
}

// refuses says why the topic doesn't take a record, to which some bytes will be added;
// nil: it does.
func (t *topic) refuses(rec *kgo.Record, more int) *Finding {
	size := more + len(rec.Key) + len(rec.Value)
	for _, h := range rec.Headers {
		size += len(h.Key) + len(h.Value) + 4
	}
	switch {
	case rec.Key == nil && t.compacted:
		return found("null-key", "it has no key, and topic %q is compacted", t.name)
	case t.maxBytes > 0 && size > t.maxBytes:
		return found("too-large", "it has %d bytes, and topic %q takes %d (max.message.bytes)", size, t.name, t.maxBytes)
	}
	return nil
}

// soon is how long before retention deletes a letter it is told.
const soon = 24 * time.Hour

// tell warns of what doesn't stop a replay.
func (j *judge) tell(ctx context.Context, l *dlq.Letter, d *decision) error {
	name := d.rec.Topic
	if d.rec.Value == nil {
		d.warn(found("tombstone", "it is a tombstone: it deletes what its key stands for"))
	}
	if at := l.ExpiresAt; at != nil && at.Sub(j.req.Now()) < soon {
		d.warn(found("expires", "retention may delete the letter at %s", at.UTC().Format(time.RFC3339)))
	}
	if l.Origin.Group == nil || !j.atOrigin(l, d) {
		return nil
	}
	if _, asked := j.groups[name]; !asked {
		j.groups[name] = j.target.readers(ctx, name)
	}
	others := slices.DeleteFunc(slices.Clone(j.groups[name]), func(g string) bool { return g == *l.Origin.Group })
	if len(others) > 0 {
		d.warn(found("other-groups", "topic %q is read by %s too, where only %s failed: they get it a second time; --to sends to a topic of its own",
			name, enumerate(others), *l.Origin.Group))
	}
	return ctx.Err()
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// enumerate names some of many.
func enumerate(names []string) string {
	text := ""
	for i, name := range names[:min(3, len(names))] {
		if i > 0 {
			text += ", "
		}
		text += name
	}
	if more := len(names) - 3; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
