package commands

import (
	"context"
	"fmt"
	"maps"
	"math"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
)

// maxNewCauses bounds the alerts of one look: a topic in which each letter dies in its
// own way must not run a command for each.
const maxNewCauses = 20

// letterWatch looks at a topic again and again.
type letterWatch struct {
	opts    *dlqWatchOptions
	office  *postOffice
	browser *letterBrowser // for the topic's extent
	alarm   dlq.Alarm
	next    map[int32]int64 // the first offset that wasn't read yet
	causes  int             // new ones in this look

	alerts, undelivered int64
}

// outputError ends the watch: nobody can be told any more.
type outputError struct{ error }

func (e *outputError) Unwrap() error { return e.error }

func newLetterWatch(opts *dlqWatchOptions, office *postOffice) *letterWatch {
	return &letterWatch{
		opts: opts, office: office, next: map[int32]int64{},
		browser: &letterBrowser{opts: &dlqBrowseOptions{Env: opts.Env, Query: opts.Query}, office: office},
		alarm:   dlq.Alarm{Topic: opts.Query.Topic, Window: opts.Window, Limit: opts.Limit},
	}
}

// begin learns the causes of the older letters, and counts the newer ones by their time
// stamps.
func (w *letterWatch) begin(ctx context.Context) error {
	e, err := w.browser.extent(ctx)
	if err != nil {
		return err
	}
	w.next = e.end
	start := w.opts.Env.Now().Add(-w.opts.Window)
	progress := render.NewProgress(w.opts.Env.Streams, "reading "+w.opts.Query.Topic)
	defer progress.Done()
	older := w.opts.Query
	older.To, older.Until = e.end, start
	stats, err := w.office.Stats(ctx, older, math.MaxInt)
	if err != nil {
		return err
	}
	for _, g := range stats.Groups {
		w.alarm.Know(g.Fingerprint)
	}
	if stats.Ungrouped > 0 {
		render.Message(w.opts.Env.Streams, render.Warn, "%s: more causes than are kept; some known ones may be told as new", w.opts.Query.Topic)
	}
	newer := w.opts.Query
	newer.To, newer.Since = e.end, start
	return w.read(ctx, newer, func(l *dlq.Letter) time.Time { return *l.Timestamp })
}

// look reads what has come since the last one.
func (w *letterWatch) look(ctx context.Context) error {
	e, err := w.browser.extent(ctx)
	if err != nil {
		return err
	}
	for p, end := range e.end {
		if w.next[p] > end {
			render.Message(w.opts.Env.Streams, render.Warn, "%s:%d ends before where it was read to: it was made anew, or lost letters", w.opts.Query.Topic, p)
			w.next[p] = e.start[p]
		}
	}
	q := w.opts.Query
	q.From, q.To = w.next, e.end
	now := w.opts.Env.Now()
	return w.read(ctx, q, func(*dlq.Letter) time.Time { return now })
}

// read has the alarm see letters, each as of the time that it counts for.
func (w *letterWatch) read(ctx context.Context, q dlq.Query, at func(*dlq.Letter) time.Time) error {
	w.causes = 0
	q.From = maps.Clone(q.From) // next moves while letters are read
	read, err := w.office.Read(ctx, q, func(l *dlq.Letter) error {
		w.next[l.Coordinates.Partition] = max(w.next[l.Coordinates.Partition], l.Coordinates.Offset+1)
		return w.newCause(ctx, w.alarm.Arrived(l, at(l)))
	})
	if err != nil {
		return err
	}
	if w.causes > maxNewCauses {
		render.Message(w.opts.Env.Streams, render.Warn, "%s: and %s more", w.opts.Query.Topic, plural(int64(w.causes-maxNewCauses), "new cause"))
	}
	if alert := w.alarm.Rate(w.opts.Env.Now()); alert != nil {
		if err := w.tell(ctx, alert); err != nil {
			return err
		}
	}
	return faulty(q.Topic, read.Faults, read.Scanned)
}

func (w *letterWatch) newCause(ctx context.Context, alert *dlq.Alert) error {
	if alert == nil {
		return nil
	}
	if w.causes++; w.causes > maxNewCauses {
		return nil
	}
	return w.tell(ctx, alert)
}

// tell prints an alert and hands it on. That it can't be handed on is told, and does not
// end the watch.
func (w *letterWatch) tell(ctx context.Context, alert *dlq.Alert) error {
	w.alerts++
	s := w.opts.Env.Streams
	var err error
	if w.opts.Format == render.JSONL {
		err = render.Print(s, render.JSONL, render.View[*dlq.Alert]{Rows: []*dlq.Alert{alert}})
	} else {
		err = render.Line(s, render.Bad, "%s %s: %s", alert.At.Format(time.RFC3339), alert.Topic, alertText(alert))
	}
	if err != nil {
		return &outputError{err}
	}
	if err := w.handOn(ctx, alert); err != nil && ctx.Err() == nil {
		w.undelivered++
		render.Error(s, "alert not handed on: %s", err)
	}
	return nil
}

// alertText is an alert in a sentence.
func alertText(a *dlq.Alert) string {
	if a.Kind == dlq.NewCause {
		cause := causeOf(deref(a.Cause.Class), firstLine(a.Cause.Message, 200))
		return fmt.Sprintf("new cause %s: %s, at %s", a.Cause.Fingerprint, orNone(cause, "nothing is said of it"), a.Example)
	}
	return fmt.Sprintf("%s in %s, the newest %s", plural(a.Letters, "letter"), render.Age(time.Duration(a.WindowSeconds*float64(time.Second))), a.Example)
}
