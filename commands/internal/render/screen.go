package render

import (
	"context"
	"errors"
	"fmt"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// Screen is a live view: a table that fills the terminal and is read anew now and
// then. D is what one reading loads; R is a row of the table.
//
// Load is the only slow part. It runs in the background, one call at a time, and must
// return when its context ends, which is when the screen does. Draw and the keys' Do
// run one after the other on one goroutine: they may share the caller's state (an
// order, a filter) without a lock, and take effect at once while a Load is running.
type Screen[D, R any] struct {
	Title   string
	Refresh time.Duration // from the end of one Load to the start of the next; 0: 2 s
	Load    func(context.Context) (D, error)
	Draw    func(D) Frame[R] // quick; must not change D
	Keys    []Key
}

// Frame is what a screen shows, as raw text: the screen escapes it.
type Frame[R any] struct {
	Header  []string // lines above the table
	Columns []Column[R]
	Rows    []R      // in the order to show
	Empty   string   // shown instead of a table without rows
	Footer  []string // lines below the table
}

// Key is a key of a screen. Built in are: q, Esc and Ctrl-C end it; arrows, j, k,
// PgUp, PgDn, Home, End, g and G scroll; r reads anew at once; Ctrl-Z suspends. A key of
// the caller's comes before a built-in one that isn't for ending.
type Key struct {
	Name string // a character, or a name such as "enter", "tab", "ctrl+r"
	Help string // a word or two for the help bar
	Do   func()
}

// ErrNoTerminal is a full-screen view asked for where stdin or stdout is no terminal.
var ErrNoTerminal = errors.New("a full-screen view needs a terminal for input and output")

const defaultRefresh = 2 * time.Second

// RunScreen shows sc until the user ends it (nil) or ctx does (its error). The first
// reading comes before the screen: its error is returned, and the screen not shown.
// When a later one fails, the screen says so and keeps what it has, with its age. No
// Load is running any more when RunScreen returns.
func RunScreen[D, R any](ctx context.Context, s *Streams, sc Screen[D, R]) error {
	if !s.InTTY || !s.OutTTY {
		return ErrNoTerminal
	}
	if sc.Refresh <= 0 {
		sc.Refresh = defaultRefresh
	}
	progress := NewProgress(s, sc.Title)
	data, err := sc.Load(ctx)
	progress.Done()
	if err != nil {
		return err
	}
	loading, cancel := context.WithCancel(ctx)
	m := newScreenModel(loading, s, sc, data)
	defer m.busy.Lock() // waits for the Load that is running; a later one sees its context ended
	defer cancel()
	return FullScreen(ctx, s, m)
}

// FullScreen runs a Bubble Tea model on the terminal's alternate screen until the model
// quits (nil) or ctx ends (its error). The terminal is as before when it returns, and
// when the model or one of its commands panics: that is returned as an error.
func FullScreen(ctx context.Context, s *Streams, m tea.Model) error {
	if !s.InTTY || !s.OutTTY {
		return ErrNoTerminal
	}
	// Signals end ctx: main sees to that. Ending the program from outside rather than by
	// tea.WithContext makes it wait for its reader, which would otherwise still hold the
	// terminal when we return.
	g := &guard{model: m}
	program := tea.NewProgram(g, tea.WithInput(s.In), tea.WithOutput(s.Out),
		tea.WithAltScreen(), tea.WithoutSignalHandler(), tea.WithFPS(30))
	g.quit = program.Quit
	defer context.AfterFunc(ctx, program.Quit)()
	_, err := program.Run()
	switch failure := g.failure(); {
	case failure != nil:
		return fmt.Errorf("full-screen view: %w", failure)
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("full-screen view: %w", err)
	}
	return nil
}
