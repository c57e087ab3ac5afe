package exactly

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// IntentLedger is a ledger that can also say what is about to be done.
type IntentLedger interface {
	Ledger
	// Intents makes the records that say that items are about to be written. The
	// places are where their partitions end before.
	Intents(about []Done) ([]*kgo.Record, error)
	// InDoubt tells that an item was about to be written, and it isn't known whether it
	// was: if so, its records are at these places or after them.
	InDoubt(item Item) ([]Placed, bool)
}

// AtLeastOnce is [Run] for who may not use the transactional id: it writes each item
// at least once. Intents are written first, then the records, then the entries, each
// when the one before was acknowledged. An item that was in doubt after a crash is
// looked for in the target, by the value of the header idHeader, before it is sent
// again; so a run that follows a crashed one doubles nothing.
//
// What can double: two runs at once, since there is no mutex; and a record that the
// client sent, whose acknowledgement was lost together with the process, and which
// arrives only after it was looked for.
//
// It must be chosen by name, and never instead of Run without being asked for.
func AtLeastOnce(ctx context.Context, cfg Config, ledger IntentLedger, idHeader string, source Source) (*Receipt, error) {
	cfg.Ledger = ledger
	w := &atLeastOnce{
		writer: writer{cfg: cfg.withDefaults(), receipt: &Receipt{}, targets: newTargets()},
		ledger: ledger, idHeader: idHeader,
	}
	began := time.Now()
	err := w.run(ctx, source)
	w.receipt.Elapsed = time.Since(began)
	w.receipt.Interrupted = err != nil || w.stopped
	return w.receipt, err
}

type atLeastOnce struct {
	writer
	ledger   IntentLedger
	idHeader string
	p        *producer
}

func (w *atLeastOnce) run(ctx context.Context, source Source) error {
	cl, err := kgo.NewClient(append(w.cfg.Client[:len(w.cfg.Client):len(w.cfg.Client)],
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchMaxBytesFn(w.targets.batchBytes),
		kgo.ProducerLinger(time.Second), kgo.MaxBufferedRecords(max(100_000, 8*w.cfg.MaxRecords)))...)
	if err != nil {
		return err
	}
	defer cl.Close()
	w.p, w.targets.cl, w.pace = &producer{cl: cl}, cl, newPace(w.cfg)
	if err := w.ledger.Load(ctx, cl, w.cfg.Notice); err != nil {
		return err
	}
	batches := collect(ctx, source, w.cfg.MaxRecords, w.cfg.MaxBytes)
	defer batches.stop()
	for ctx.Err() == nil {
		items, ok := batches.next()
		if !ok {
			break
		}
		if err := w.writeAll(ctx, items); err != nil {
			return w.explain(err)
		}
	}
	if w.stopped = w.stopped || ctx.Err() != nil; w.stopped {
		return nil
	}
	return batches.err
}

func (w *atLeastOnce) writeAll(ctx context.Context, items []Item) error {
	work, err := w.sift(ctx, items)
	if err == nil {
		work, err = w.clear(ctx, work)
	}
	if err != nil && ctx.Err() != nil {
		return nil
	}
	for len(work) > 0 && err == nil {
		if !w.pace.wait(ctx) {
			w.stopped = true
			return nil
		}
		n := w.pace.pick(work)
		began := time.Now()
		err = w.write(work[:n])
		w.pace.took(time.Since(began), n, w.pace.full(work[:n]))
		work = work[n:]
	}
	return err
}

// clear looks for the items in doubt, enters those that are found, and returns the
// others.
func (w *atLeastOnce) clear(ctx context.Context, items []Item) ([]Item, error) {
	found, err := w.search(ctx, items)
	if err != nil {
		return nil, err
	}
	var there []Done
	left := items[:0:0]
	for i, item := range items {
		placed, all := []Placed{}, len(item.Records) > 0
		for _, r := range item.Records {
			p, ok := found[idOf(r, w.idHeader)] // nothing is found under no id
			placed, all = append(placed, p), all && ok
		}
		if all {
			there = append(there, Done{items[i], placed})
		} else {
			left = append(left, item)
		}
	}
	return left, w.enter(there)
}

// search reads the target from where the items in doubt may be to its end, and gives
// the places of the records with their ids.
func (w *atLeastOnce) search(ctx context.Context, items []Item) (map[string]Placed, error) {
	type part struct {
		topic     string
		partition int32
	}
	from, ids := map[part]int64{}, map[string]bool{}
	for _, item := range items {
		places, doubt := w.ledger.InDoubt(item)
		if !doubt {
			continue
		}
		for _, r := range item.Records {
			ids[idOf(r, w.idHeader)] = true
		}
		for _, p := range places {
			at := part{p.Topic, p.Partition}
			if first, ok := from[at]; !ok || p.Offset < first {
				from[at] = p.Offset
			}
		}
	}
	found := map[string]Placed{}
	for at, first := range from {
		w.cfg.Notice(Notice{Text: fmt.Sprintf("looking in %s:%d, from offset %d on, for what an earlier run may have written", at.topic, at.partition, first)})
		span, err := Mark(ctx, w.p.cl, at.topic, at.partition, first)
		if err != nil {
			return nil, err
		}
		err = ReadCommitted(ctx, w.p.cl, span, w.cfg.Notice, func(r *kgo.Record) error {
			if id := idOf(r, w.idHeader); id != "" && ids[id] {
				found[id] = Placed{r.Topic, r.Partition, r.Offset}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// idOf is the value of a record's header; empty when it has none.
func idOf(r *kgo.Record, header string) string {
	for _, h := range r.Headers {
		if h.Key == header {
			return string(h.Value)
		}
	}
	return ""
}

// write writes items: intents, records, entries. Where records are refused, those that
// were in their batches are written again by halves.
func (w *atLeastOnce) write(items []Item) error {
	if len(items) == 0 {
		return nil
	}
	about, err := w.ends(items)
	if err != nil {
		return err
	}
	intents, err := w.ledger.Intents(about)
	if err == nil {
		err = w.put("writing intents", intents)
	}
	if err != nil {
		return err
	}
	refused, err := w.p.records(w.cfg, items)
	if err != nil {
		return err
	}
	var written, suspects []Item
	for i, item := range items {
		switch err := refused[i]; {
		case err == nil:
			written = append(written, item)
		case isTopicError(err) || len(items) == 1 || len(item.Records) > 1:
			w.failed(item, w.targets.refusal(item.Records, err))
		default:
			suspects = append(suspects, item)
		}
	}
	if err := w.enter(place(written)); err != nil {
		return err
	}
	half := (len(suspects) + 1) / 2
	if err := w.write(suspects[:half]); err != nil {
		return err
	}
	return w.write(suspects[half:])
}

// enter writes the entries of what is done.
func (w *atLeastOnce) enter(done []Done) error {
	if len(done) == 0 {
		return nil
	}
	entries, err := w.ledger.Entries(done)
	if err == nil {
		err = w.put("writing the ledger", entries)
	}
	if err != nil {
		return err
	}
	w.settle(done)
	return nil
}

func (w *atLeastOnce) put(doing string, records []*kgo.Record) error {
	for i, err := range w.p.produce(w.cfg, doing, records) {
		return fmt.Errorf("%s: topic %q: %w", doing, records[i].Topic, err)
	}
	return nil
}

// ends tells where the partitions end that the items' records go to.
func (w *atLeastOnce) ends(items []Item) ([]Done, error) {
	about := place(items)
	listed := map[string]kadm.ListedOffsets{}
	for i := range about {
		for j := range about[i].Placed {
			p := &about[i].Placed[j]
			if listed[p.Topic] == nil {
				ends, err := kadm.NewClient(w.p.cl).ListEndOffsets(w.cfg.Hard, p.Topic)
				if err != nil {
					return nil, fmt.Errorf("ends of topic %q: %w", p.Topic, err)
				}
				listed[p.Topic] = ends
			}
			end, err := offsetOf(listed[p.Topic], p.Topic, p.Partition)
			if err != nil {
				return nil, fmt.Errorf("end of %s:%d: %w", p.Topic, p.Partition, err)
			}
			p.Offset = end
		}
	}
	return about, nil
}

// explain words why the run ended.
func (w *atLeastOnce) explain(err error) error {
	var stalled *StalledError
	switch {
	case w.cfg.Hard.Err() != nil:
		return ErrAborted
	case errors.As(err, &stalled):
		stalled.Shortages = shortages(w.cfg.Hard, w.p.cl)
		return stalled
	}
	return err
}
