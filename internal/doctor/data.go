package doctor

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/internal/doctor/shell"
	"github.com/evtctl/evtctl/lag"
	"github.com/evtctl/evtctl/replay"
)

// remember bounds the entities that are kept in memory; each takes some 100 bytes.
const remember = 1_000_000

// data reads the newest records of the topic, and looks at what they are.
func (e *examination) data(ctx context.Context, promised *promised) {
	if e.req.Topic == "" || e.req.Records < 0 || dlq.IsInternal(e.req.Topic) {
		return
	}
	partitions := int64(max(1, len(e.logs[e.req.Topic].Partitions)))
	from, err := replay.ParsePosition(fmt.Sprintf("-%d", max(1, e.req.Records/partitions)), e.req.Now())
	if err != nil {
		e.unknown("records", err)
		return
	}
	r := &reading{e: e, ctx: ctx, entities: map[string]*entity{}}
	check, err := replay.CheckIdempotent(ctx, e.Client, e.adm, replay.CheckRequest{
		Topic: e.req.Topic, From: &from, IDHeader: e.req.IDHeader, Now: e.req.Now(), Visit: r.visit,
		Progress: func(done, total int64) { e.req.Progress(done, total) },
	})
	if err != nil {
		e.unknown(fmt.Sprintf("records of topic %q", e.req.Topic), err)
		return
	}
	e.d.Records = check.Records
	whole := true
	for _, s := range check.Spans {
		if s.Error != "" {
			e.unseen(s.Error)
			whole = false
		}
		whole = whole && s.From == 0
	}
	whole = whole && r.forgotten == 0
	if r.forgotten > 0 {
		e.d.Unknown = append(e.d.Unknown, fmt.Sprintf("%d records are of more entities than are remembered", r.forgotten))
	}
	e.tellData(check, r)
	e.balance(ctx, promised, r, whole)
}

// reading is what was read of the topic, beside what replay's check tells.
type reading struct {
	e         *examination
	ctx       context.Context
	entities  map[string]*entity // by what they are about
	nulls     int64              // records without a key
	null      string             // where one is
	unnamed   int64              // records that name no entity
	forgotten int64
}

// entity is what is known of what events are about.
type entity struct {
	first    place
	other    *place // in another partition
	happened []place
	named    bool // its name is from a header or a field, not the key
}

// place is where a record is, and when it was written.
type place struct {
	key       string
	partition int32
	offset    int64
	millis    int64
	there     bool
}

func (r *reading) visit(rec *kgo.Record) error {
	if rec.Key == nil {
		if r.nulls++; r.null == "" {
			r.null = fmt.Sprintf("%s:%d:%d", rec.Topic, rec.Partition, rec.Offset)
		}
	}
	name, named := r.e.entityOf(r.ctx, rec)
	if name == "" {
		r.unnamed++
		return nil
	}
	at := place{string(rec.Key), rec.Partition, rec.Offset, rec.Timestamp.UnixMilli(), true}
	known := r.entities[name]
	if known == nil {
		if len(r.entities) >= remember {
			r.forgotten++
			return nil
		}
		known = &entity{first: at, named: named}
		r.entities[name] = known
	}
	if known.other == nil && at.partition != known.first.partition {
		known.other = &at
	}
	known.happens(r.e.req.Lifecycle, header(rec, "event-type"), at)
	return nil
}

// happens notes when each stage of the lifecycle happened first.
func (n *entity) happens(stages []string, stage string, at place) {
	for i, s := range stages {
		if s != stage {
			continue
		}
		if n.happened == nil {
			n.happened = make([]place, len(stages))
		}
		if before := n.happened[i]; !before.there || at.before(before) {
			n.happened[i] = at
		}
	}
}

// before tells which of two records comes first, as far as that can be said: by their
// offsets in one partition, else by their times.
func (p place) before(q place) bool {
	if p.partition == q.partition {
		return p.offset < q.offset
	}
	return p.millis < q.millis
}

// misplaced gives two stages that happened the wrong way round.
func (n *entity) misplaced() (earlier, later int, found bool) {
	for j := range n.happened {
		for i := range j {
			if n.happened[i].there && n.happened[j].there && n.happened[j].before(n.happened[i]) {
				return i, j, true
			}
		}
	}
	return 0, 0, false
}

func header(r *kgo.Record, name string) string {
	for i := len(r.Headers) - 1; i >= 0; i-- {
		if r.Headers[i].Key == name {
			return string(r.Headers[i].Value)
		}
	}
	return ""
}

// entityOf names what a record is about: by the header, by the field of the value, or
// by its key.
func (e *examination) entityOf(ctx context.Context, r *kgo.Record) (name string, named bool) {
	if e.req.EntityHeader != "" {
		if name := header(r, e.req.EntityHeader); name != "" {
			return name, true
		}
	}
	if e.req.EntityField != "" {
		if name := e.field(ctx, r); name != "" {
			return name, true
		}
	}
	return string(r.Key), false
}

func (e *examination) field(ctx context.Context, r *kgo.Record) string {
	value := r.Value
	if len(value) == 0 {
		return ""
	}
	if value[0] != '{' {
		if e.Letters == nil || e.Letters.Decoder == nil {
			return ""
		}
		decoded, _, err := e.Letters.Decoder.Decode(ctx, r.Headers, false, value)
		if err != nil {
			return "" // what can't be decoded is told where somebody stands at it
		}
		value = decoded
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(value, &fields) != nil {
		return ""
	}
	var text string
	if json.Unmarshal(fields[e.req.EntityField], &text) == nil {
		return text
	}
	return string(fields[e.req.EntityField])
}

// tellData makes findings of what was read.
func (e *examination) tellData(check *replay.Check, r *reading) {
	e.scattered(check, r)
	e.nullKeys(check, r)
	e.disorder(check, r)
	if n := check.Duplicates.Count; n > 0 {
		e.d.find(Finding{
			Cause: DuplicateEvents, Verdict: lag.Warning,
			Summary:  fmt.Sprintf("%s of topic %q came before, by the header %s", count(n, "event", "events"), e.req.Topic, e.req.IDHeader),
			Evidence: append(repeats(check.Duplicates, "is the same event as"), "a consumer that doesn't remember what it has processed does it twice; so does one whose work and commit aren't in one transaction"),
			Commands: []shell.Command{e.checkIdempotent()},
		})
	}
	if n := check.WithoutID.Count; n > 0 && n < check.Records {
		e.d.Unknown = append(e.d.Unknown, fmt.Sprintf("duplicates among %s without the header %s", count(n, "record", "records"), e.req.IDHeader))
	}
}

func repeats(f replay.Finding, relation string) (list []string) {
	for _, x := range f.Examples {
		line := x.Coordinates
		if x.Before != nil {
			line = fmt.Sprintf("%s %s %s", x.Coordinates, relation, x.Before.Coordinates)
		}
		list = append(list, line)
	}
	if f.Count > int64(len(f.Examples)) {
		list = append(list, fmt.Sprintf("and %d more", f.Count-int64(len(f.Examples))))
	}
	return list
}

// scattered finds entities whose records are in several partitions, so that nobody reads
// them in order.
func (e *examination) scattered(check *replay.Check, r *reading) {
	var examples []string
	var n int64
	for name, known := range r.entities {
		if known.other == nil {
			continue
		}
		if n++; len(examples) < shown {
			p, q := known.first, *known.other
			examples = append(examples, fmt.Sprintf("%s: %s:%d:%d with key %q, and %s:%d:%d with key %q", name, e.req.Topic, p.partition, p.offset, p.key, e.req.Topic, q.partition, q.offset, q.key))
		}
	}
	if n == 0 {
		return
	}
	f := Finding{
		Cause: ScatteredKeys, Verdict: lag.Warning,
		Summary:  fmt.Sprintf("records of %s are in several partitions of topic %q: nothing keeps them in order", count(n, "entity", "entities"), e.req.Topic),
		Evidence: examples,
		Commands: []shell.Command{e.checkIdempotent()},
	}
	if check.Spread.Count > 0 {
		f.Evidence = append(f.Evidence, "records with the same key are in several partitions: partitions were added, or producers partition differently")
	} else {
		f.Evidence = append(f.Evidence, "they have different keys: the producer should use what they are about as the key")
	}
	if earlier, later, n := e.misplacedStages(r); n > 0 {
		f.Evidence = append(f.Evidence, fmt.Sprintf("for %d of them %s comes before %s", n, later, earlier))
	}
	for name, known := range r.entities {
		if known.other != nil {
			f.Commands = append(f.Commands, shell.Command{"trace", name})
			break
		}
	}
	e.d.find(f)
}

// misplacedStages counts entities whose lifecycle is the wrong way round, and names two
// stages of one.
func (e *examination) misplacedStages(r *reading) (earlier, later string, n int) {
	for _, known := range r.entities {
		if i, j, found := known.misplaced(); found {
			n++
			earlier, later = e.req.Lifecycle[i], e.req.Lifecycle[j]
		}
	}
	return earlier, later, n
}

func (e *examination) nullKeys(check *replay.Check, r *reading) {
	ordered := 0 // records without a key that are about something that the value names
	for _, known := range r.entities {
		if known.named && known.first.key == "" {
			ordered++
		}
	}
	if r.nulls == 0 || r.nulls == check.Records && ordered == 0 {
		return // without any keys, order doesn't matter to those who write there
	}
	e.d.find(Finding{
		Cause: NullKeys, Verdict: lag.Warning,
		Summary:  fmt.Sprintf("%s of topic %q have no key, and land in any partition", count(r.nulls, "record", "records"), e.req.Topic),
		Evidence: []string{fmt.Sprintf("of %d that were read; %s is one", check.Records, r.null), "records about the same thing keep their order only with the same key"},
		Commands: []shell.Command{e.checkIdempotent()},
	})
}

func (e *examination) disorder(check *replay.Check, r *reading) {
	earlier, later, n := e.misplacedStages(r)
	if check.OutOfOrder.Count == 0 && n == 0 || e.d.has("", ScatteredKeys) && check.OutOfOrder.Count == 0 {
		return // scattered records are out of order for that reason
	}
	f := Finding{Cause: OutOfOrder, Verdict: lag.Warning, Commands: []shell.Command{e.checkIdempotent()}}
	f.Summary = fmt.Sprintf("%s of topic %q are older than one of the same key before them", count(check.OutOfOrder.Count, "record", "records"), e.req.Topic)
	f.Evidence = repeats(check.OutOfOrder, "is older than")
	if n > 0 {
		f.Evidence = append(f.Evidence, fmt.Sprintf("for %s %s comes before %s", count(int64(n), "entity", "entities"), later, earlier))
	}
	if check.OutOfOrder.Count == 0 {
		f.Summary = fmt.Sprintf("the events of %s in topic %q are in the wrong order", count(int64(n), "entity", "entities"), e.req.Topic)
	}
	e.d.find(f)
}

func (e *examination) checkIdempotent() shell.Command {
	return shell.Command{"replay", "check-idempotent", "--topic", e.req.Topic}
}
