//go:build unix

package render_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"

	"github.com/evtctl/evtctl/commands/internal/render"
)

// screenTerminal is a terminal that a test looks at: a pseudo-terminal and what an
// emulator shows of it.
type screenTerminal struct {
	t             *testing.T
	keyboard, tty *os.File
	written       chan struct{} // after each piece of output

	mu       sync.Mutex
	raw      strings.Builder
	emulator *vt.Emulator
}

func openTerminal(t *testing.T, width, height int) *screenTerminal {
	keyboard, tty, err := pty.Open()
	if err != nil {
		t.Fatalf("opening a pseudo-terminal: %v", err)
	}
	term := &screenTerminal{t: t, keyboard: keyboard, tty: tty, written: make(chan struct{}, 1), emulator: vt.NewEmulator(width, height)}
	term.setSize(width, height)
	done := make(chan struct{})
	go func() {
		defer close(done)
		term.show()
	}()
	answered := make(chan struct{})
	go func() { // the emulator's answers to queries; nobody may ask
		defer close(answered)
		if answer, _ := io.ReadAll(term.emulator); len(answer) > 0 {
			t.Errorf("the terminal was asked something and answered %q", answer)
		}
	}()
	t.Cleanup(func() {
		_ = tty.Close()
		<-done
		_ = keyboard.Close()
		_ = term.emulator.InputPipe().(io.Closer).Close() // the emulator's own Close races with a read
		<-answered
	})
	return term
}

// show feeds the emulator until the terminal is closed.
func (term *screenTerminal) show() {
	b := make([]byte, 4096)
	for {
		n, err := term.keyboard.Read(b)
		if err != nil {
			return
		}
		term.mu.Lock()
		term.raw.Write(b[:n])
		_, _ = term.emulator.Write(b[:n])
		term.mu.Unlock()
		select {
		case term.written <- struct{}{}:
		default:
		}
	}
}

func (term *screenTerminal) setSize(width, height int) {
	if err := pty.Setsize(term.keyboard, &pty.Winsize{Cols: uint16(width), Rows: uint16(height)}); err != nil {
		term.t.Fatal(err)
	}
}

// resize changes the size as a person does who drags the window's corner.
func (term *screenTerminal) resize(width, height int) {
	term.mu.Lock()
	term.emulator.Resize(width, height)
	term.mu.Unlock()
	term.setSize(width, height)
	if err := syscall.Kill(os.Getpid(), syscall.SIGWINCH); err != nil { // it isn't our controlling terminal
		term.t.Fatal(err)
	}
}

func (term *screenTerminal) streams() *render.Streams {
	return &render.Streams{
		In: term.tty, Out: term.tty, Err: term.tty, InTTY: true, OutTTY: true, ErrTTY: true,
		Width: term.emulator.Width(), Height: term.emulator.Height(),
	}
}

func (term *screenTerminal) press(keys string) {
	if _, err := io.WriteString(term.keyboard, keys); err != nil {
		term.t.Fatal(err)
	}
}

// screen is what can be seen now, without the blanks at the ends of lines.
func (term *screenTerminal) screen() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	shown := strings.Split(term.emulator.String(), "\n")
	for i := range shown {
		shown[i] = strings.TrimRight(shown[i], " \r")
	}
	return strings.TrimRight(strings.Join(shown, "\n"), "\n")
}

func (term *screenTerminal) fullScreen() bool {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.emulator.IsAltScreen()
}

func (term *screenTerminal) rawOutput() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.raw.String()
}

const patience = 20 * time.Second

// waitFor waits until the screen is as wanted.
func (term *screenTerminal) waitFor(what string, wanted func(screen string) bool) {
	term.t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for !wanted(term.screen()) {
		select {
		case <-term.written:
		case <-limit.C:
			term.t.Fatalf("no %s within %v; the screen is\n%s", what, patience, term.screen())
		}
	}
}

func (term *screenTerminal) waitForText(text string) {
	term.t.Helper()
	term.waitFor(fmt.Sprintf("%q", text), func(screen string) bool { return strings.Contains(screen, text) })
}

var anyAge = regexp.MustCompile(`read \ds ago`)

// waitForScreen compares the whole screen, on which the age may be any below 10 s.
func (term *screenTerminal) waitForScreen(want string) {
	term.t.Helper()
	want = strings.TrimSuffix(want, "\n")
	term.waitFor("screen like this:\n"+want+"\n", func(screen string) bool {
		return anyAge.ReplaceAllString(screen, "read 0s ago") == want
	})
}

// wait waits for the end of what runs in the background.
func wait(t *testing.T, result <-chan error) error {
	t.Helper()
	select {
	case err := <-result:
		return err
	case <-time.After(patience):
		t.Fatalf("still running after %v", patience)
		return nil
	}
}

// asChild makes the test binary a program that uses this package: it says hello, or with
// the value "browse" shows a browser to look at.
const asChild = "EVTCTL_RENDER_TEST_SAY_HELLO"

func TestMain(m *testing.M) {
	switch os.Getenv(asChild) {
	case "":
	case "browse":
		os.Exit(browseLetters())
	default:
		kind, known := os.LookupEnv("TERM")
		s := render.SystemStreams(os.Getenv)
		fmt.Printf("hello, TERM is %q %v\n", kind, known)
		fmt.Printf("terminals %v %v %v of %dx%d, colour %v\n", s.InTTY, s.OutTTY, s.ErrTTY, s.Width, s.Height, s.Color)
		return
	}
	os.Exit(m.Run())
}

// TestAPlainCommandAsksTheTerminalNothing has a terminal that never answers. Without
// package silence this takes five seconds and shows the queries.
func TestAPlainCommandAsksTheTerminalNothing(t *testing.T) {
	const known = "terminals true true true of 90x30, colour "
	for _, c := range []struct{ name, setting, want string }{
		{"a usual terminal", "TERM=xterm-256color", "hello, TERM is \"xterm-256color\" true\r\n" + known + "true\r\n"},
		{"a console", "TERM=linux", "hello, TERM is \"linux\" true\r\n" + known + "true\r\n"},
		{"TERM is not set", "", "hello, TERM is \"\" false\r\n" + known + "false\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			program, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			command := exec.Command(program)
			// CI keeps the library from asking, too: it must not be what makes this pass.
			command.Env = slices.DeleteFunc(os.Environ(), func(setting string) bool {
				name, _, _ := strings.Cut(setting, "=")
				return slices.Contains([]string{"TERM", "CI", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"}, name)
			})
			command.Env = append(command.Env, asChild+"=1")
			if c.setting != "" {
				command.Env = append(command.Env, c.setting)
			}
			keyboard, err := pty.StartWithSize(command, &pty.Winsize{Cols: 90, Rows: 30})
			if err != nil {
				t.Fatal(err)
			}
			got, _ := io.ReadAll(keyboard) // ends with an error, as Linux has it
			if err := command.Wait(); err != nil {
				t.Error(err)
			}
			_ = keyboard.Close()
			if string(got) != c.want {
				t.Errorf("the terminal got %q, want %q", got, c.want)
			}
		})
	}
}
