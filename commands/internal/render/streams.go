package render

import (
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// Streams are a process's three streams and what is known of them. Use it by
// pointer: everything that writes to stderr shares its lock.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer

	InTTY, OutTTY, ErrTTY bool

	// Width and Height are the size in cells of the terminal behind Out, or else
	// Err; 0 when neither is one.
	Width, Height int

	// Color is whether colour may be used, on those of Out and Err that are
	// terminals. ForceColor extends that to files and pipes; it does nothing
	// without Color.
	Color, ForceColor bool

	// Quiet silences stderr except for errors and questions.
	Quiet bool

	mu     sync.Mutex // held while writing to Err
	status string     // the progress line on the terminal now; empty: none
}

// SystemStreams describes the streams of the process. Colour follows NO_COLOR
// (no-color.org), CLICOLOR and CLICOLOR_FORCE (bixense.com/clicolors), and TERM,
// as getenv tells them; a --no-color flag is applied by clearing Color.
func SystemStreams(getenv func(string) string) *Streams {
	s := &Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		InTTY:  term.IsTerminal(int(os.Stdin.Fd())),
		OutTTY: term.IsTerminal(int(os.Stdout.Fd())),
		ErrTTY: term.IsTerminal(int(os.Stderr.Fd())),
	}
	s.Color, s.ForceColor = colorWanted(getenv)
	for _, file := range []*os.File{os.Stdout, os.Stderr} {
		if width, height, err := term.GetSize(int(file.Fd())); err == nil {
			s.Width, s.Height = width, height
			break
		}
	}
	return s
}

// colorWanted tells what the environment says about colour: whether it may be
// used, and whether even without a terminal.
func colorWanted(getenv func(string) string) (use, force bool) {
	if getenv("NO_COLOR") != "" {
		return false, false
	}
	if forced := getenv("CLICOLOR_FORCE"); forced != "" && forced != "0" {
		return true, true
	}
	if getenv("CLICOLOR") == "0" {
		return false, false
	}
	kind := getenv("TERM")
	return kind != "" && kind != "dumb", false
}
