package timeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/evtctl/evtctl/dlq"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

// Searcher looks for ids. All but the client may be left out.
type Searcher struct {
	Client   *kgo.Client
	Decoder  Decoder      // nil: plain JSON and text only
	Dialects dlq.Dialects // made by [dlq.NewDialects]
	// Dispositions opens what was done about letters; nil: that isn't known.
	Dispositions dlq.OpenDispositions
	Timeout      time.Duration // of each question to the cluster; 0: ten seconds
	// MaxLinked bounds the records in a report that don't have the id themselves;
	// 0: DefaultMaxLinked.
	MaxLinked int
	Now       func() time.Time   // nil: time.Now
	Word      func(error) string // words an error for the report; nil: as it is
	// Progress is told how many offsets of all that will be read are done, by several
	// goroutines.
	Progress func(done, total int64)
}

// Search reads the cluster and puts together what it found. What can't be read is in
// the report. When ctx ends, the report has what was found until then, and the error is
// that of ctx. Other errors come without a report: a [*RequestError], a
// [*TopicNotFoundError], a [*TooManyError], or that the cluster can't be asked.
func (s *Searcher) Search(ctx context.Context, q Query) (*Report, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	run := s.newSearch(q)
	start := run.Now()
	if err := run.checkGroups(ctx); err != nil {
		return nil, err
	}
	if err := run.chooseTopics(ctx); err != nil {
		return nil, err
	}
	run.total.Store(run.offsets(run.spans(everything)))
	err := run.passes(ctx)
	if err != nil && (ctx.Err() == nil || !errors.Is(err, ctx.Err())) {
		return nil, err
	}
	r := run.report(start)
	if err == nil {
		err = run.enrich(ctx, r)
	}
	run.conclude(r, err)
	return r, err
}

// search is one run.
type search struct {
	Searcher
	q            Query
	adm          *kadm.Client
	decompressor kgo.Decompressor
	topics       []*topic
	finds        *finds
	brokers      brokers
	stopped      bool // early: the id was found as a key
	repeated     bool // what was read before is read again

	done, total, bytes atomic.Int64
	mu                 sync.Mutex
	gaps               []Unread
	counts             map[*topic]map[int32]int64 // records read
	notes              []string
}

func (s *Searcher) newSearch(q Query) *search {
	run := &search{Searcher: *s, q: q, adm: kadm.NewClient(s.Client), counts: map[*topic]map[int32]int64{}, notes: []string{}}
	if run.Now == nil {
		run.Now = time.Now
	}
	if run.MaxLinked <= 0 {
		run.MaxLinked = DefaultMaxLinked
	}
	if run.Timeout <= 0 {
		run.Timeout = 10 * time.Second
	}
	// The client's own decompressor is bounded; see kgo.MaxDecompressBatchBytes.
	run.decompressor, _ = s.Client.OptValue(kgo.WithDecompressor).(kgo.Decompressor)
	return run
}

func (s *search) word(err error) string {
	if s.Word == nil {
		return err.Error()
	}
	return s.Word(err)
}

// ask bounds one question.
func ask[T any](ctx context.Context, s *search, question func(context.Context) (T, error)) (T, error) {
	bounded, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	return question(bounded)
}

func (s *search) unread(u Unread) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, had := range s.gaps {
		if had == u {
			return
		}
	}
	s.gaps = append(s.gaps, u)
}

func (s *search) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(s.notes, text) {
		s.notes = append(s.notes, text)
	}
}

// passes reads once for the id, and once more for what the found records name. The
// partitions that Kafka's own partitioner puts the id into come first: if it is a key,
// they have what it names, and the second reading finds the rest.
func (s *search) passes(ctx context.Context) error {
	asked := []identity{newIdentity(s.q.ID, Asked)}
	if err := s.pass(ctx, asked, s.spans(s.first)); err != nil {
		return err
	}
	if !s.q.Key {
		s.stopped = !s.q.All && s.finds.hasKey()
		if !s.stopped || s.q.NoFollow {
			if err := s.pass(ctx, asked, s.spans(s.second)); err != nil {
				return err
			}
		}
	}
	if s.q.NoFollow {
		return nil
	}
	linked := s.linked()
	if len(linked) == 0 && !s.stopped {
		return nil
	}
	if err := s.again(ctx, asked, linked); err != nil || !s.stopped {
		return err
	}
	// Now that all partitions are read, the id may be in traces that the key's own don't
	// name: what is keyed by something else, such as a payment, can have its own.
	if all := s.linked(); slices.ContainsFunc(all, func(id identity) bool {
		return (id.kind == Trace || id.kind == Correlation) && !slices.ContainsFunc(linked, func(l identity) bool { return l.text == id.text })
	}) {
		return s.again(ctx, asked, all)
	}
	return nil
}

// again reads for the id and those that are linked to it.
func (s *search) again(ctx context.Context, asked, linked []identity) error {
	s.repeated = true
	s.finds.follow(linked)
	choose := everything
	if s.q.Key {
		choose = s.first
	}
	return s.pass(ctx, append(slices.Clone(asked), linked...), s.spans(choose))
}

// everything chooses all partitions.
func everything(*topic, int32) bool { return true }

// first chooses what is read before the rest. Letters and retries keep the key, but not
// always the partitioner.
func (s *search) first(t *topic, p int32) bool {
	if t.kind != Events && s.q.Key {
		return true
	}
	return p == t.keyed([]byte(s.q.ID))
}

// second chooses the rest. Of a topic that has the id as a key, and isn't read again
// anyway, the other partitions are left out.
func (s *search) second(t *topic, p int32) bool {
	if s.first(t, p) {
		return false
	}
	return !s.stopped || t.kind != Events || !s.finds.keyIn(t.name)
}

func (s *search) spans(choose func(*topic, int32) bool) (list []span) {
	for _, t := range s.topics {
		for i := range t.partitions {
			if choose(t, int32(i)) {
				list = append(list, span{t, int32(i)})
			}
		}
	}
	return list
}

func (s *search) offsets(spans []span) (n int64) {
	for _, sp := range spans {
		from, to := sp.extent()
		n += max(0, to-from)
	}
	return n
}

// pass reads spans, some at a time, and takes the records that carry one of the ids.
func (s *search) pass(ctx context.Context, ids []identity, spans []span) error {
	if s.finds == nil {
		s.finds = newFinds(s)
	}
	m := newMatcher(ids, s.Decoder)
	if s.repeated {
		s.total.Store(s.done.Load() + s.offsets(spans))
	}
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(atOnce())
	for _, sp := range spans {
		if from, to := sp.extent(); from >= to {
			s.count(sp, 0)
			continue
		}
		eg.Go(func() error {
			records := int64(0)
			defer func() { s.count(sp, records) }()
			return s.read(ctx, sp, func(ctx context.Context, a answer) error { return s.look(ctx, m, sp, a, &records) })
		})
	}
	return eg.Wait()
}

// count notes how many records a partition has; a second reading replaces the first.
func (s *search) count(sp span, records int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts[sp.topic] == nil {
		s.counts[sp.topic] = map[int32]int64{}
	}
	s.counts[sp.topic][sp.partition] = max(records, s.counts[sp.topic][sp.partition])
}

// look goes through the batches of an answer. Only those that may have an id are
// decoded.
func (s *search) look(ctx context.Context, m *matcher, sp span, a answer, records *int64) error {
	from, to := sp.extent()
	aborted, rest := abortsOf(&a.resp), a.resp.RecordBatches
	s.bytes.Add(int64(len(rest)))
	for {
		b, more, ok := cut(rest)
		if !ok || b.first >= to {
			break
		}
		rest = more
		if aborted.has(&b) || b.control || b.next <= max(from, a.from) {
			continue
		}
		*records += b.count
		if err := s.lookAt(ctx, m, sp, &b); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	s.done.Add(max(0, min(endOf(a.resp.RecordBatches), to)-a.from))
	if s.Progress != nil {
		s.Progress(min(s.done.Load(), s.total.Load()), s.total.Load())
	}
	return nil
}

func (s *search) lookAt(ctx context.Context, m *matcher, sp span, b *batch) error {
	body, err := b.body, error(nil)
	if b.codec != kgo.CodecNone {
		body, err = s.decompressor.Decompress(b.body, b.codec)
	}
	if err == nil && !b.old && !m.filter.has(body) {
		return nil
	}
	var recs []*kgo.Record
	if err == nil {
		recs, err = s.decode(sp, b)
	}
	if err != nil {
		s.unread(Unread{sp.topic.name, sp.partition, b.first, b.next, notDecoded(err)})
	}
	for _, rec := range recs {
		if !s.inWindow(rec.Timestamp) {
			continue
		}
		if err := s.finds.take(ctx, sp.topic, rec, m.match(ctx, rec)); err != nil {
			return err
		}
	}
	return nil
}

// inWindow lets records without a time stamp through: nobody knows when they were.
func (s *search) inWindow(t time.Time) bool {
	if t.UnixMilli() < 0 {
		return true
	}
	return (s.q.Since.IsZero() || !t.Before(s.q.Since)) && (s.q.Until.IsZero() || t.Before(s.q.Until))
}

func notDecoded(err error) string {
	var large *kgo.ErrDecompressTooLarge
	if errors.As(err, &large) {
		return "decompressed, its batch would be larger than is allowed"
	}
	return fmt.Sprintf("its batch can't be read: %v", err)
}
