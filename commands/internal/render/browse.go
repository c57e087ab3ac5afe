package render

import (
	"context"
	"iter"
)

// Browser is what a full-screen browser shows and where it gets it from; R is a row.
// All text is handed over raw: the browser escapes it.
//
// Open, Columns and Key run on the screen's goroutine and must be quick. What takes
// time (the pages, a tab's text, the groups) runs in the background and must return
// when its context ends. R may be a pointer, so that rows can be changed between two
// calls of [Browsing.Show]: no tab's text is being made then, and all are made anew.
type Browser[R any] struct {
	Title   string
	Columns []Column[R]
	// Key is what tells a row from all others, such as its coordinates. Marks go by
	// it, and it is the heading of the row's details.
	Key func(R) string

	// Open compiles a filter and gives its rows, page by page as they are read. A
	// filter in error leaves the former one in place. Pages are asked for as there is
	// room (see Keep); an error among them ends the reading and is shown.
	Open func(ctx context.Context, filter string) (iter.Seq2[Page[R], error], error)
	// Filter is the one at the start. Empty is everything.
	Filter string
	// Keep is how many rows are in memory at most, besides those marked; 0: 20,000.
	// Reading stops there and goes on when it is asked to, by half of it at a time;
	// the first rows are let go then.
	Keep int
	// Empty is shown instead of a list without rows, such as "no letters".
	Empty string

	Tabs    []Tab[R] // the details of a row
	Groups  *Groups  // nil: there is no group view
	Actions []Action // in the order of their importance; without any, nothing can be marked
}

// Page is some rows more, and how far the reading is.
type Page[R any] struct {
	Rows []R
	// Read is how many records have been looked at so far, those that the filter left
	// out included; Total of how many, 0 when that isn't known.
	Read, Total int64
}

// Tab is one view of a row in detail.
type Tab[R any] struct {
	Name string
	// Text is the detail, in lines. It is asked for when the tab is looked at.
	Text func(context.Context, R) (string, error)
	// Tone colours a line of it; nil: Plain.
	Tone func(line string) Tone
}

// Action is something to be done with rows. Choosing it ends the screen.
type Action struct {
	// Key is a character, or a name such as "ctrl+e". It comes before a built-in key
	// that isn't for ending. Left to actions are the letters not in acfgjhklmnqw, and
	// the capital ones not in GJKN.
	Key   string
	Label string // a word or two for the help bar
	Scope Scope
}

// Scope is what an action applies to.
type Scope int

const (
	OnMarked  Scope = iota // the marked rows; the current one when none is
	OnCurrent              // the current row, whatever is marked
	OnFilter               // everything the filter lets through, loaded or not
)

// Choice is how a screen ended.
type Choice[R any] struct {
	Action string // the Key of the action; empty: the user left
	Rows   []R    // in the order they were marked in; none for OnFilter
	Filter string // the one in force
}

// Groups is the group view of a browser; [GroupBy] makes it.
type Groups struct {
	load   func(ctx context.Context, filter string, show func(table)) error
	filter func(t table, i int, current string) string
}

// GroupBy makes a group view, in which G is a group. Load finds the groups of what the
// filter lets through; it may show them several times while it reads, all of them each
// time. FilterTo is the filter that leaves the rows of one group, the current one in
// force as well.
func GroupBy[G any](columns []Column[G],
	load func(ctx context.Context, filter string, show func([]G)) error,
	filterTo func(group G, current string) string,
) *Groups {
	return &Groups{
		load: func(ctx context.Context, filter string, show func(table)) error {
			return load(ctx, filter, func(groups []G) { show(&tableOf[G]{columns, groups}) })
		},
		filter: func(t table, i int, current string) string { return filterTo(t.(*tableOf[G]).rows[i], current) },
	}
}

// Browsing is a browser with its state: it can be shown, left for an action, and shown
// again where it was. Its methods are for one goroutine.
type Browsing[R any] struct{ model *browseModel[R] }

// Browse opens a browser and begins to read. Close ends what runs in its background;
// so does the end of ctx. The errors are [ErrNoTerminal], for which the caller prints
// rows instead, and that of Open for the first filter.
func Browse[R any](ctx context.Context, s *Streams, b Browser[R]) (*Browsing[R], error) {
	if !s.InTTY || !s.OutTTY {
		return nil, ErrNoTerminal
	}
	m := newBrowseModel(ctx, s, b)
	if err := m.open(b.Filter); err != nil {
		m.close()
		return nil, err
	}
	return &Browsing[R]{m}, nil
}

// Show fills the terminal until the user chooses an action or leaves. Ctrl-C gives
// context.Canceled, the end of ctx its error. The terminal is as before when it
// returns. Reading goes on behind the ordinary screen as far as there is room.
func (b *Browsing[R]) Show(ctx context.Context) (Choice[R], error) { return b.model.show(ctx) }

// Say shows a line on the screen until a key is pressed, such as what came of an action.
// The arguments are escaped as in [Message].
func (b *Browsing[R]) Say(tone Tone, format string, args ...any) {
	b.model.say(tone, sprintf(format, args))
}

// Unmark takes all marks away.
func (b *Browsing[R]) Unmark() { b.model.unmark() }

// Reread reads the rows anew, with the filter in force.
func (b *Browsing[R]) Reread() { b.model.reread() }

// Close ends what runs in the background and waits for it.
func (b *Browsing[R]) Close() { b.model.close() }
