package render

import (
	"context"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// screenModel is a [Screen] on the terminal.
type screenModel[D, R any] struct {
	screen  Screen[D, R]
	ctx     context.Context // for Load
	busy    sync.Mutex      // held while Load runs
	palette palette

	width, height int
	data          D
	loaded        time.Time // when data was complete
	loading       bool
	waiting       bool  // for the time of the next Load
	failure       error // of the newest Load; nil when it went well

	frame Frame[R]
	grid  *grid
	top   int // the first row shown
}

// loadedMsg is the end of a Load.
type loadedMsg[D any] struct {
	data D
	err  error
	at   time.Time
}

// refreshMsg is the time for the next Load.
type refreshMsg struct{}

// secondMsg keeps the age on the screen true.
type secondMsg struct{}

func newScreenModel[D, R any](ctx context.Context, s *Streams, sc Screen[D, R], data D) *screenModel[D, R] {
	m := &screenModel[D, R]{
		screen: sc, ctx: ctx, palette: s.outPalette(),
		width: s.Width, height: s.Height, data: data, loaded: time.Now(),
	}
	m.draw()
	return m
}

// Init is part of tea.Model.
func (m *screenModel[D, R]) Init() tea.Cmd { return tea.Batch(m.wait(), everySecond()) }

// Update is part of tea.Model.
func (m *screenModel[D, R]) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.draw()
	case tea.KeyMsg:
		return m, m.keys(msg)
	case secondMsg:
		return m, everySecond()
	case refreshMsg:
		m.waiting = false
		return m, m.load()
	case loadedMsg[D]:
		return m, m.take(msg)
	}
	return m, nil
}

// keys acts on what was typed. Characters typed fast, as by holding a key down, come in
// one message.
func (m *screenModel[D, R]) keys(msg tea.KeyMsg) tea.Cmd {
	if msg.Type != tea.KeyRunes || msg.Alt || msg.Paste {
		return m.key(msg.String())
	}
	var commands []tea.Cmd
	for _, r := range msg.Runes {
		commands = append(commands, m.key(string(r)))
	}
	return tea.Batch(commands...)
}

// key acts on a key.
func (m *screenModel[D, R]) key(name string) tea.Cmd {
	switch name {
	case "q", "esc", "ctrl+c":
		return tea.Quit
	}
	for _, k := range m.screen.Keys {
		if k.Name == name {
			k.Do()
			m.draw()
			return nil
		}
	}
	page := max(1, m.layout().body-1)
	switch name {
	case "up", "k":
		m.scrollTo(m.top - 1)
	case "down", "j":
		m.scrollTo(m.top + 1)
	case "pgup":
		m.scrollTo(m.top - page)
	case "pgdown", " ":
		m.scrollTo(m.top + page)
	case "home", "g":
		m.scrollTo(0)
	case "end", "G":
		m.scrollTo(len(m.frame.Rows))
	case "r":
		return m.load()
	case "ctrl+z":
		return tea.Suspend
	}
	return nil
}

// scrollTo makes row the first one shown, as far as there is anything below it.
func (m *screenModel[D, R]) scrollTo(row int) {
	m.top = max(0, min(row, len(m.frame.Rows)-m.layout().body))
}

// load starts a Load, unless one is running.
func (m *screenModel[D, R]) load() tea.Cmd {
	if m.loading || m.ctx.Err() != nil {
		return nil
	}
	m.loading = true
	return func() tea.Msg {
		m.busy.Lock()
		defer m.busy.Unlock()
		if m.ctx.Err() != nil {
			return nil
		}
		data, err := m.screen.Load(m.ctx)
		return loadedMsg[D]{data, err, time.Now()}
	}
}

// take shows what a Load has brought, and plans the next one.
func (m *screenModel[D, R]) take(msg loadedMsg[D]) tea.Cmd {
	m.loading = false
	m.failure = msg.err
	if msg.err == nil {
		m.data, m.loaded = msg.data, msg.at
	}
	m.draw()
	return m.wait()
}

// wait lets the time between two readings pass.
func (m *screenModel[D, R]) wait() tea.Cmd {
	if m.waiting { // since before an "r"
		return nil
	}
	m.waiting = true
	return tea.Tick(m.screen.Refresh, func(time.Time) tea.Msg { return refreshMsg{} })
}

func everySecond() tea.Cmd {
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return secondMsg{} })
}

// draw makes the frame anew: after a reading, a key, a new size.
func (m *screenModel[D, R]) draw() {
	m.frame = m.screen.Draw(m.data)
	m.grid = newGrid(m.frame.Columns, m.frame.Rows, false)
	if m.width > 0 {
		m.grid.fit(m.width)
	}
	m.scrollTo(m.top)
}
