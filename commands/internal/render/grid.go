package render

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// gap stands between two columns.
const gap = "  "

// Text that may be cut keeps keepWell cells before other columns are left out to make
// room, and keepLeast when that isn't enough. Headings are never cut.
const (
	keepWell  = 16
	keepLeast = 6
)

// grid is a table laid out: what is shown, how wide, with the cells escaped. A live
// screen shows a part of its lines at a time.
type grid struct {
	columns []gridColumn
	rows    int
	leftOut []string // the headings there was no room for, from left to right
}

type gridColumn struct {
	name   string
	right  bool
	shrink bool
	drop   int
	width  int      // in cells of the terminal
	cells  []string // one a row
	tones  []Tone   // one a row; nil: all Plain
}

// newGrid makes the cells; each column is as wide as its widest.
func newGrid[R any](columns []Column[R], rows []R, wide bool) *grid {
	g := &grid{rows: len(rows)}
	for _, c := range columns {
		if wide || !c.Wide {
			g.columns = append(g.columns, newGridColumn(c, rows))
		}
	}
	return g
}

func newGridColumn[R any](c Column[R], rows []R) gridColumn {
	col := gridColumn{name: Escape(c.Name), right: c.Right, shrink: c.Shrink, drop: c.Drop}
	text := c.Text
	if text == nil {
		text = c.Raw
	}
	col.width = cellWidth(col.name)
	col.cells = make([]string, len(rows))
	for i, row := range rows {
		cell := Escape(text(row))
		if cell == "" {
			cell = "-"
		}
		col.cells[i] = cell
		col.width = max(col.width, cellWidth(cell))
	}
	if c.Tone != nil {
		col.tones = make([]Tone, len(rows))
		for i, row := range rows {
			col.tones[i] = c.Tone(row)
		}
	}
	return col
}

// heading is the line of column names.
func (g *grid) heading(p palette) string {
	return g.joined(func(c *gridColumn) (string, Tone) { return c.name, Strong }, p)
}

// line is one row.
func (g *grid) line(row int, p palette) string {
	return g.joined(func(c *gridColumn) (string, Tone) {
		if c.tones == nil {
			return c.cells[row], Plain
		}
		return c.cells[row], c.tones[row]
	}, p)
}

// joined sets one cell of each column beside each other, aligned, without blanks at
// the end. Blanks are outside of what is painted.
func (g *grid) joined(cell func(*gridColumn) (string, Tone), p palette) string {
	var b strings.Builder
	for i := range g.columns {
		c := &g.columns[i]
		text, tone := cell(c)
		text = cutMiddle(text, c.width)
		blanks := strings.Repeat(" ", c.width-cellWidth(text))
		if i > 0 {
			b.WriteString(gap)
		}
		if c.right {
			b.WriteString(blanks)
		}
		trimmed := strings.TrimRight(text, " ")
		b.WriteString(p.paint(tone, trimmed))
		b.WriteString(text[len(trimmed):])
		if !c.right {
			b.WriteString(blanks)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// width is the length of the longest line.
func (g *grid) width() int {
	total := len(gap) * max(0, len(g.columns)-1)
	for _, c := range g.columns {
		total += c.width
	}
	return total
}

// fit makes the grid no wider than width, where the columns allow it: it cuts text
// that stays readable, then leaves columns out, then cuts the rest further.
func (g *grid) fit(width int) {
	kept := make([]bool, len(g.columns))
	for i := range kept {
		kept[i] = true
	}
	all := g.columns
	for {
		over := g.width() - width
		if over <= 0 {
			break
		}
		if over <= g.spare(keepWell) {
			g.cut(over, keepWell)
			break
		}
		next := nextToDrop(all, kept)
		if next < 0 {
			g.cut(over, keepLeast)
			break
		}
		kept[next] = false
		g.keep(all, kept)
	}
}

// nextToDrop is the index of the kept column that goes first; -1: all must stay.
func nextToDrop(all []gridColumn, kept []bool) int {
	next := -1
	for i, c := range all {
		if kept[i] && c.drop > 0 && (next < 0 || c.drop >= all[next].drop) {
			next = i
		}
	}
	return next
}

// keep makes the grid consist of the kept ones of all columns.
func (g *grid) keep(all []gridColumn, kept []bool) {
	g.columns, g.leftOut = nil, nil
	for i, c := range all {
		if kept[i] {
			g.columns = append(g.columns, c)
		} else {
			g.leftOut = append(g.leftOut, c.name)
		}
	}
}

// spare is how many cells can be had by cutting texts to least.
func (g *grid) spare(least int) int {
	total := 0
	for i := range g.columns {
		total += g.columns[i].spare(least)
	}
	return total
}

func (c *gridColumn) spare(least int) int {
	if !c.shrink {
		return 0
	}
	return max(0, c.width-max(least, cellWidth(c.name)))
}

// cut takes cells, or as many as there are to spare, from the columns that have most
// to spare.
func (g *grid) cut(cells, least int) {
	for cells > 0 && g.spare(least) > 0 {
		order := make([]*gridColumn, 0, len(g.columns))
		for i := range g.columns {
			order = append(order, &g.columns[i])
		}
		slices.SortStableFunc(order, func(a, b *gridColumn) int { return b.spare(least) - a.spare(least) })
		// Down to the next one, or by an equal share when it is as long.
		step := max(1, order[0].spare(least))
		if len(order) > 1 {
			step = max(1, step-order[1].spare(least))
		}
		step = min(step, cells)
		order[0].width -= step
		cells -= step
	}
}

// cutMiddle shortens escaped text to at most width cells, with "…" for the middle: the
// ends of names tell more than their middles.
func cutMiddle(text string, width int) string {
	whole := cellWidth(text)
	if whole <= width {
		return text
	}
	if width <= 0 {
		return ""
	}
	tail := (width - 1) / 2
	head := width - 1 - tail
	end := ansi.TruncateLeft(text, whole-tail, "")
	for cut := whole - tail; cellWidth(end) > tail; cut++ { // a wide character stood across the cut
		end = ansi.TruncateLeft(text, cut+1, "")
	}
	return ansi.Truncate(text, head, "") + "…" + end
}

// cellWidth is the number of cells escaped text takes on a terminal.
func cellWidth(text string) int {
	for i := range len(text) {
		if text[i] > '~' {
			return ansi.StringWidth(text)
		}
	}
	return len(text)
}
