package commands

import (
	"context"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
)

// letterPage is the answer of a page. Open and QueryErrors tell what isn't in it.
type letterPage struct {
	Version     int             `json:"version"`
	Topic       string          `json:"topic"`
	Letters     []decodedLetter `json:"letters"`
	Scanned     int64           `json:"scanned"`
	More        bool            `json:"more"` // there are, or may be, more that fit
	Open        int64           `json:"open"` // offsets behind an open transaction
	QueryErrors int64           `json:"query_errors"`
	Faults      []dlq.Fault     `json:"faults"`
}

// pageLetters prints a page, sorted.
func pageLetters(ctx context.Context, opts *dlqBrowseOptions, office *postOffice) error {
	whole := opts.Format == render.JSON || opts.Format == render.JSONL || opts.Format == render.YAML
	page := letterPage{Version: 1, Topic: opts.Query.Topic, Letters: []decodedLetter{}}
	lines, rows := []any{}, []letterRow{}
	opts.Query.Brief = !whole
	progress := render.NewProgress(opts.Env.Streams, "reading "+opts.Query.Topic)
	read, err := office.Read(ctx, opts.Query, func(l *dlq.Letter) error {
		if whole {
			one := decodedLetter{l, ctx, office}
			page.Letters, lines = append(page.Letters, one), append(lines, one)
			return nil
		}
		rows = append(rows, rowOf(l))
		return nil
	})
	progress.Done()
	if err != nil {
		return office.explain(ctx, err)
	}
	page.Scanned, page.More, page.Open, page.QueryErrors, page.Faults = read.Scanned, read.More, read.Open, read.WhereErrors, read.Faults
	if err := render.Print(opts.Env.Streams, opts.Format, render.View[letterRow]{
		Document: page, Lines: lines, Rows: rows, Columns: letterColumns(opts.Env.Now()), Empty: nothingIn(opts.Query, read),
	}); err != nil {
		return err
	}
	switch {
	case read.More && read.Matched < int64(opts.Query.Limit):
		render.Message(opts.Env.Streams, render.Faint, "there are more letters, too large to be sorted with these: --all -o jsonl gives all")
	case read.More:
		render.Message(opts.Env.Streams, render.Faint, "there are more letters: --limit shows more of them, --all all")
	}
	return office.told(opts.Env, opts.Query.Topic, read)
}

// Bounds of what is written in one piece, in rows and in bytes of letters.
const (
	batchRows  = 1000
	batchBytes = 1 << 20
)

// letterStream prints letters as they are read, some at a time, so that memory doesn't
// grow with their number.
type letterStream struct {
	opts    *dlqBrowseOptions
	columns []render.Column[letterRow]
	lines   []any
	rows    []letterRow
	bytes   int
	begun   bool
}

// streamLetters prints all letters in the order in which they are read.
func streamLetters(ctx context.Context, opts *dlqBrowseOptions, office *postOffice) error {
	opts.Query.Brief = opts.Format != render.JSONL
	out := &letterStream{opts: opts, columns: letterColumns(opts.Env.Now())}
	progress := render.NewProgress(opts.Env.Streams, "reading "+opts.Query.Topic)
	var done int64
	read, err := office.Read(ctx, opts.Query, func(l *dlq.Letter) error {
		done++
		progress.Update(done, 0)
		return out.add(decodedLetter{l, ctx, office})
	})
	progress.Done()
	if err != nil {
		return office.explain(ctx, err)
	}
	if len(out.rows) > 0 || !out.begun {
		if err := out.flush(nothingIn(opts.Query, read)); err != nil {
			return err
		}
	}
	return office.told(opts.Env, opts.Query.Topic, read)
}

func (o *letterStream) add(l decodedLetter) error {
	o.rows = append(o.rows, rowOf(l.Letter))
	if o.opts.Format == render.JSONL {
		o.lines = append(o.lines, l)
		o.bytes += len(l.Key) + len(l.Value)
		for _, h := range l.Headers {
			o.bytes += len(h.Value)
		}
	}
	if len(o.rows) < batchRows && o.bytes < batchBytes {
		return nil
	}
	return o.flush("")
}

func (o *letterStream) flush(empty string) error {
	err := render.Print(o.opts.Env.Streams, o.opts.Format, render.View[letterRow]{
		Lines: o.lines, Rows: o.rows, Columns: o.columns, Empty: empty, Continued: o.begun,
	})
	o.rows, o.lines, o.bytes, o.begun = o.rows[:0], o.lines[:0], 0, true
	clear(o.lines[:cap(o.lines)])
	return err
}
