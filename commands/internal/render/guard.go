package render

import (
	"fmt"
	"runtime/debug"
	"sync"

	tea "github.com/charmbracelet/bubbletea"
)

// panicError is a panic of what runs behind a full-screen view. It is returned as an
// error, as Bubble Tea would print it, unescaped, into a screen that isn't given back
// yet.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.value, e.stack) }

// Hint is the next step.
func (e *panicError) Hint() string {
	return "this is a bug of evtctl; please report it with the lines above"
}

// guarded is what do returns, or its panic.
func guarded(do func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicError{value, debug.Stack()}
		}
	}()
	return do()
}

// guard is a model whose panics end the program in order. They are told of by failure.
type guard struct {
	model tea.Model
	quit  func()

	mu     sync.Mutex
	failed error
}

// Init is part of tea.Model.
func (g *guard) Init() (cmd tea.Cmd) {
	g.run(func() { cmd = g.cover(g.model.Init()) })
	return cmd
}

// Update is part of tea.Model.
func (g *guard) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	g.run(func() {
		g.model, cmd = g.model.Update(msg)
		cmd = g.cover(cmd)
	})
	return g, cmd
}

// View is part of tea.Model.
func (g *guard) View() (view string) {
	g.run(func() { view = g.model.View() })
	return view
}

// cover makes a command guarded, those of a batch as well.
func (g *guard) cover(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		g.run(func() { msg = cmd() })
		if batch, ok := msg.(tea.BatchMsg); ok {
			for i := range batch {
				batch[i] = g.cover(batch[i])
			}
		}
		return msg
	}
}

// run does something and keeps its first panic. Quitting is asked for from elsewhere, as
// the program takes messages only between two calls of the model.
func (g *guard) run(do func()) {
	err := guarded(func() error { do(); return nil })
	if err == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.failed == nil {
		g.failed = err
		go g.quit()
	}
}

func (g *guard) failure() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.failed
}
