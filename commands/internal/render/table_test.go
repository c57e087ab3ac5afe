package render_test

import (
	stdcmp "cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/evtctl/evtctl/commands/internal/render"
)

// backlog is a row as commands have them: numbers that may be unknown, and names that
// anybody may have chosen.
type backlog struct {
	Group   string `json:"group"`
	Lag     *int64 `json:"lag"`
	Verdict string `json:"verdict"`
	Client  string `json:"client_id"`
	Host    string `json:"host"`
}

func number(n int64) *int64 { return &n }

var backlogColumns = []render.Column[backlog]{
	{Name: "GROUP", Raw: func(b backlog) string { return b.Group }, Shrink: true},
	{
		Name: "LAG", Right: true,
		Raw: func(b backlog) string {
			if b.Lag == nil {
				return ""
			}
			return strconv.FormatInt(*b.Lag, 10)
		},
		Text: func(b backlog) string {
			if b.Lag == nil {
				return ""
			}
			return render.Count(*b.Lag)
		},
	},
	{Name: "VERDICT", Raw: func(b backlog) string { return b.Verdict }, Tone: func(b backlog) render.Tone {
		return map[string]render.Tone{"ok": render.Good, "warning": render.Warn, "critical": render.Bad}[b.Verdict]
	}},
	{Name: "CLIENT-ID", Raw: func(b backlog) string { return b.Client }, Drop: 1},
	{Name: "HOST", Raw: func(b backlog) string { return b.Host }, Drop: 2},
	{Name: "RANK", Raw: func(b backlog) string { return b.Verdict[:1] }, Wide: true},
	{Name: "HISTORY", Text: func(backlog) string { return "▁█" }, Wide: true},
}

var backlogs = []backlog{
	{"inventory", number(12345), "critical", "inventory-1", "10.0.0.7"},
	{"通知サービス", number(7), "ok", "n-1", ""},
	{"gone\x1b[2J\nfake 0 ok", nil, "unknown", "", ""},
}

// written is what a stream got. Progress writes on its own time, hence the lock.
type written struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *written) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(b)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// take is what came since the last take.
func (w *written) take() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.text.Reset()
	return w.text.String()
}

func (w *written) Len() int { return len(w.String()) }

// piped are streams that are no terminals; terminal ones are, of a width.
func piped() (s *render.Streams, out, err *written) {
	out, err = new(written), new(written)
	return &render.Streams{In: strings.NewReader(""), Out: out, Err: err}, out, err
}

func terminal(width int) (s *render.Streams, out, err *written) {
	s, out, err = piped()
	s.InTTY, s.OutTTY, s.ErrTTY, s.Width, s.Height = true, true, true, width, 24
	return s, out, err
}

func lines(text ...string) string { return strings.Join(text, "\n") + "\n" }

func print[R any](t *testing.T, s *render.Streams, f render.Format, v render.View[R]) {
	t.Helper()
	if err := render.Print(s, f, v); err != nil {
		t.Fatalf("printing %s: %v", f, err)
	}
}

func TestTableForPeople(t *testing.T) {
	view := render.View[backlog]{Rows: backlogs, Columns: backlogColumns}
	for _, c := range []struct {
		name    string
		format  render.Format
		width   int // 0: piped
		out     string
		message string
	}{
		{
			name: "piped: everything, aligned, and nothing after the last cell", format: render.Table,
			out: lines(
				`GROUP                      LAG  VERDICT   CLIENT-ID    HOST`,
				`inventory               12,345  critical  inventory-1  10.0.0.7`,
				`通知サービス                 7  ok        n-1          -`,
				`gone\x1b[2J\nfake 0 ok       -  unknown   -            -`,
			),
		},
		{
			name: "a terminal with room shows the same", format: render.Table, width: 80,
			out: lines(
				`GROUP                      LAG  VERDICT   CLIENT-ID    HOST`,
				`inventory               12,345  critical  inventory-1  10.0.0.7`,
				`通知サービス                 7  ok        n-1          -`,
				`gone\x1b[2J\nfake 0 ok       -  unknown   -            -`,
			),
		},
		{
			name: "a little too narrow: free text is cut in its middle", format: render.Table, width: 60,
			out: lines(
				`GROUP                   LAG  VERDICT   CLIENT-ID    HOST`,
				`inventory            12,345  critical  inventory-1  10.0.0.7`,
				`通知サービス              7  ok        n-1          -`,
				`gone\x1b[…fake 0 ok       -  unknown   -            -`,
			),
		},
		{
			name: "narrower: columns go, the highest Drop first, and are named", format: render.Table, width: 52,
			out: lines(
				`GROUP                     LAG  VERDICT   CLIENT-ID`,
				`inventory              12,345  critical  inventory-1`,
				`通知サービス                7  ok        n-1`,
				`gone\x1b[2…nfake 0 ok       -  unknown   -`,
			),
			message: "HOST left out to fit 52 columns; -o wide shows all\n",
		},
		{
			name: "very narrow: all that may go is gone, and text is cut to its least", format: render.Table, width: 24,
			out: lines(
				`GROUP      LAG  VERDICT`,
				`inv…ry  12,345  critical`,
				`通…ス        7  ok`,
				`gon…ok       -  unknown`,
			),
			message: "CLIENT-ID, HOST left out to fit 24 columns; -o wide shows all\n",
		},
		{
			name: "wide is never cut", format: render.Wide, width: 24,
			out: lines(
				`GROUP                      LAG  VERDICT   CLIENT-ID    HOST      RANK  HISTORY`,
				`inventory               12,345  critical  inventory-1  10.0.0.7  c     ▁█`,
				`通知サービス                 7  ok        n-1          -         o     ▁█`,
				`gone\x1b[2J\nfake 0 ok       -  unknown   -            -         u     ▁█`,
			),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, out, message := piped()
			if c.width > 0 {
				s, out, message = terminal(c.width)
			}
			print(t, s, c.format, view)
			if diff := cmp.Diff(c.out, out.String()); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.message, message.String()); diff != "" {
				t.Errorf("stderr (-want +got):\n%s", diff)
			}
		})
	}
}

func TestColourIsForTerminalsAndAddsNothingButColour(t *testing.T) {
	view := render.View[backlog]{Rows: backlogs[:1], Columns: backlogColumns[:3]}
	const colored = "\x1b[1mGROUP\x1b[0m         \x1b[1mLAG\x1b[0m  \x1b[1mVERDICT\x1b[0m\n" +
		"inventory  12,345  \x1b[31mcritical\x1b[0m\n"
	for _, c := range []struct {
		name              string
		tty, color, force bool
		want              string
	}{
		{"a terminal", true, true, false, colored},
		{"a terminal, --no-color", true, false, false, ansi.Strip(colored)},
		{"a pipe", false, true, false, ansi.Strip(colored)},
		{"a pipe, CLICOLOR_FORCE", false, true, true, colored},
		{"a pipe, CLICOLOR_FORCE and --no-color", false, false, true, ansi.Strip(colored)},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, out, _ := piped()
			s.OutTTY, s.Color, s.ForceColor = c.tty, c.color, c.force
			print(t, s, render.Table, view)
			if got := out.String(); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestNoRowsIsToldOnStderrOnly(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		s, out, message := piped()
		s.Quiet = quiet
		print(t, s, render.Table, render.View[backlog]{Columns: backlogColumns, Empty: "no groups"})
		want := map[bool]string{false: "no groups\n", true: ""}[quiet]
		if out.Len() > 0 || message.String() != want {
			t.Errorf("quiet %v: stdout %q, stderr %q", quiet, out, message)
		}
	}
}

// TestTableHoldsItsRulesForAnyText prints random tables in random widths.
func TestTableHoldsItsRulesForAnyText(t *testing.T) {
	alphabet := []rune("ab \\nx\x1b\r\n\t\u202e\u200bé日本ﾊ👍e\u0301=-\u00a0\u3000")
	random := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		b := make([]rune, random.IntN(30))
		for i := range b {
			b[i] = alphabet[random.IntN(len(alphabet))]
		}
		return string(b)
	}
	for round := range 200 {
		rows := make([][]string, 1+random.IntN(6))
		for i := range rows {
			rows[i] = []string{text(), text(), text(), text()}
		}
		var columns []render.Column[[]string]
		for i := range rows[0] {
			columns = append(columns, render.Column[[]string]{
				Name: fmt.Sprintf("COL-%d", i), Right: random.IntN(2) == 0, Shrink: true, Drop: i,
				Raw: func(row []string) string { return row[i] },
			})
		}
		width := 10 + random.IntN(100)
		for _, room := range []int{0, width} {
			checkTable(t, room, columns, rows)
		}
		if t.Failed() {
			t.Fatalf("round %d, width %d, rows %q", round, width, rows)
		}
	}
}

// checkTable prints rows piped, or on a terminal of a width.
func checkTable(t *testing.T, width int, columns []render.Column[[]string], rows [][]string) {
	s, out, _ := piped()
	if width > 0 {
		s, out, _ = terminal(width)
	}
	print(t, s, render.Table, render.View[[]string]{Columns: columns, Rows: rows})
	got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(got) != len(rows)+1 {
		t.Errorf("%d lines for %d rows", len(got), len(rows))
	}
	for _, line := range got {
		if _, at := firstUnsafe(line); at >= 0 {
			t.Errorf("unsafe at %d of %q", at, line)
		}
		if strings.HasSuffix(line, " ") {
			t.Errorf("trailing blanks: %q", line)
		}
		// The first column is kept, with at least its heading's width.
		if width > 0 && ansi.StringWidth(line) > max(width, 6) {
			t.Errorf("%d cells wide: %q", ansi.StringWidth(line), line)
		}
	}
	if width == 0 {
		checkAligned(t, got, columns, rows)
	}
}

// checkAligned holds the cells of a whole table against their columns' places.
func checkAligned(t *testing.T, got []string, columns []render.Column[[]string], rows [][]string) {
	start := 0
	for i, c := range columns {
		cells := []string{c.Name}
		for _, row := range rows {
			cells = append(cells, stdcmp.Or(render.Escape(row[i]), "-"))
		}
		width := ansi.StringWidth(slices.MaxFunc(cells, func(a, b string) int { return ansi.StringWidth(a) - ansi.StringWidth(b) }))
		for line, cell := range cells {
			blanks := strings.Repeat(" ", width-ansi.StringWidth(cell))
			want := cell + blanks
			if c.Right {
				want = blanks + cell
			}
			if place := ansi.Cut(got[line]+strings.Repeat(" ", start+width), start, start+width); place != want {
				t.Errorf("column %d of line %d is %q, want %q", i, line, place, want)
			}
		}
		start += width + 2
	}
}

func BenchmarkTable(b *testing.B) {
	rows := make([]backlog, 50_000)
	for i := range rows {
		rows[i] = backlog{fmt.Sprintf("group-%d", i), number(int64(i)), "ok", "consumer-1-0b7d8c1e", "10.0.0.7"}
	}
	for _, f := range []render.Format{render.Table, render.CSV, render.JSON, render.YAML} {
		b.Run(string(f), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s, out, _ := piped()
				if err := render.Print(s, f, render.View[backlog]{Document: rows, Rows: rows, Columns: backlogColumns}); err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(out.Len()))
			}
		})
	}
}
