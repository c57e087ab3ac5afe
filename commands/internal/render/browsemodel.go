package render

import (
	"context"
	"errors"
	"sync"

	tea "github.com/charmbracelet/bubbletea"
)

// browseModel is a [Browser] on the terminal. It outlives the Bubble Tea programs that
// show it. What runs in its background leaves its results in a feed or by post; the
// model takes them on its own goroutine.
type browseModel[R any] struct {
	browser Browser[R]
	streams *Streams
	palette palette

	ctx        context.Context // of all that runs in the background
	cancel     context.CancelFunc
	background sync.WaitGroup
	news       chan struct{} // something is to be taken
	mu         sync.Mutex
	posted     []func()
	shown      context.Context // ends when the program that shows the model does

	width, height int
	place         place
	helpFrom      place // where help was asked for
	help          pane
	prompt        *prompt
	promptDone    func(accepted bool)
	promptChanged func()
	sought        string // what n looks for, in lower case
	notice        string // escaped
	noticeTone    Tone

	rows    *tableOf[R]
	list    list
	back    int // the row to be at again once it has been read anew
	dropped int // rows let go from the start
	feed    *feed[R]
	state   feedState
	stop    context.CancelFunc // of the reading
	filter  string
	filters []string // the former ones, for Esc
	marks   marks[R]
	groups  groupView
	detail  detail

	leaving     bool
	choice      Choice[R]
	interrupted bool
	failed      error
}

// place is which of its views a browser shows.
type place int

const (
	inList place = iota
	inGroups
	inDetail
	inHelp
)

// newsMsg tells that something is to be taken.
type newsMsg struct{}

const defaultKeep = 20_000

func newBrowseModel[R any](ctx context.Context, s *Streams, b Browser[R]) *browseModel[R] {
	if b.Keep <= 0 {
		b.Keep = defaultKeep
	}
	ctx, cancel := context.WithCancel(ctx)
	m := &browseModel[R]{
		browser: b, streams: s, palette: s.outPalette(), ctx: ctx, cancel: cancel, shown: ctx,
		news: make(chan struct{}, 1), stop: func() {}, width: s.Width, height: s.Height,
		rows: &tableOf[R]{columns: b.Columns},
	}
	m.list.table = m.rows
	m.groups.list.table = &tableOf[R]{}
	m.groups.stop, m.detail.stop = func() {}, func() {}
	return m
}

// show runs a program until it ends.
func (m *browseModel[R]) show(ctx context.Context) (Choice[R], error) {
	shown, cancel := context.WithCancel(ctx)
	defer cancel()
	m.shown, m.leaving, m.choice, m.interrupted = shown, false, Choice[R]{}, false
	err := FullScreen(ctx, m.streams, m)
	// What a command does now may change a row and its details. None may be reading it.
	m.detail.forget()
	m.detail.asked.Wait()
	switch {
	case m.failed != nil:
		err = m.failed
	case err == nil && m.interrupted:
		err = context.Canceled
	}
	if err != nil {
		return Choice[R]{}, err
	}
	m.choice.Filter = m.filter
	return m.choice, nil
}

func (m *browseModel[R]) close() {
	m.cancel()
	m.background.Wait()
	m.detail.asked.Wait()
}

// Init is part of tea.Model.
func (m *browseModel[R]) Init() tea.Cmd {
	m.take()
	return m.listen()
}

// Update is part of tea.Model.
func (m *browseModel[R]) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.KeyMsg:
		cmd = m.keys(msg)
	case newsMsg:
		m.take()
		cmd = m.listen()
	}
	if m.leaving {
		return m, tea.Quit
	}
	return m, cmd
}

// listen waits for news. A command that outlives its program gives back what it took.
func (m *browseModel[R]) listen() tea.Cmd {
	shown := m.shown
	return func() tea.Msg {
		select {
		case <-m.news:
			if shown.Err() != nil {
				notify(m.news)
				return nil
			}
			return newsMsg{}
		case <-shown.Done():
			return nil
		}
	}
}

// post has the model's goroutine do something.
func (m *browseModel[R]) post(do func()) {
	m.mu.Lock()
	m.posted = append(m.posted, do)
	m.mu.Unlock()
	notify(m.news)
}

// take is everything that has come from the background.
func (m *browseModel[R]) take() {
	m.mu.Lock()
	posted := m.posted
	m.posted = nil
	m.mu.Unlock()
	for _, do := range posted {
		do()
	}
	m.takeGroups()
	m.takeRows()
}

// check ends the screen when something in the background has panicked.
func (m *browseModel[R]) check(err error) {
	if crash := (*panicError)(nil); errors.As(err, &crash) && m.failed == nil {
		m.failed, m.leaving = err, true
	}
}

func (m *browseModel[R]) say(tone Tone, text string) { m.notice, m.noticeTone = text, tone }

// leave ends the screen.
func (m *browseModel[R]) leave() { m.leaving = true }

func (m *browseModel[R]) interrupt() { m.interrupted, m.leaving = true, true }
