package render

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"
)

const (
	progressDelay  = time.Second // work that is shorter shows nothing
	progressRedraw = 200 * time.Millisecond
)

// Progress is a line on stderr that tells how far some work is: what, how much of how
// much, how long. It appears on a terminal only, after a second, and goes when the
// work is done; messages and answers meanwhile stand above it. Safe for concurrent
// use.
type Progress struct {
	streams *Streams
	what    string
	started time.Time
	stop    func()

	mu          sync.Mutex
	done, total int64
}

// NewProgress starts the line for what, such as "reading offsets". Call Done at the
// end of the work, whatever its outcome.
func NewProgress(s *Streams, what string) *Progress {
	p := &Progress{streams: s, what: Escape(what), started: time.Now(), stop: func() {}}
	if s.ErrTTY && !s.Quiet {
		end, ended := make(chan struct{}), make(chan struct{})
		p.stop = sync.OnceFunc(func() { close(end); <-ended })
		go func() {
			defer close(ended)
			p.run(end)
		}()
	}
	return p
}

// Update tells how far the work is, in the caller's unit. Total 0 means that it isn't
// known.
func (p *Progress) Update(done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done, p.total = done, total
}

// Done takes the line away. Calling it again does nothing.
func (p *Progress) Done() { p.stop() }

// run draws until end: on its own time, so that work which stands still shows too.
func (p *Progress) run(end <-chan struct{}) {
	timer := time.NewTimer(progressDelay)
	defer timer.Stop()
	for {
		select {
		case <-end:
			p.streams.setStatus("")
			return
		case <-timer.C:
			p.streams.setStatus(p.line())
			timer.Reset(progressRedraw)
		}
	}
}

// line is what stands on the terminal now.
func (p *Progress) line() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	parts := []string{p.what}
	switch {
	case p.total > 0:
		percent := min(100, max(0, int64(float64(p.done)/float64(p.total)*100)))
		parts = append(parts, fmt.Sprintf("%s of %s", Count(p.done), Count(p.total)), fmt.Sprintf("%d%%", percent))
	case p.done > 0:
		parts = append(parts, Count(p.done))
	}
	return strings.Join(append(parts, Age(time.Since(p.started).Truncate(time.Second))), gap)
}

// setStatus replaces the line at the end of stderr; empty: takes it away.
func (s *Streams) setStatus(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if line == "" {
		s.clearStatus()
		return
	}
	width := s.Width
	if width <= 0 {
		width = 80
	}
	// Not in the last cell: some terminals begin a new line there.
	line = ansi.Truncate(line, width-1, "...")
	if line == s.status {
		return
	}
	rest := strings.Repeat(" ", max(0, cellWidth(s.status)-cellWidth(line))) // of the line before
	_, _ = io.WriteString(s.Err, "\r"+line+rest)
	s.status = line
}

// clearStatus takes the progress line off the terminal, with blanks: no terminal is too
// dumb for them. Needs s.mu.
func (s *Streams) clearStatus() {
	if s.status != "" {
		_, _ = io.WriteString(s.Err, "\r"+strings.Repeat(" ", cellWidth(s.status))+"\r")
		s.status = ""
	}
}
