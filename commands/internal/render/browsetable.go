package render

import "strings"

// table is the rows of a list, whatever they are.
type table interface {
	size() int
	// grid lays out the rows from first up to end, exclusive.
	grid(first, end int) *grid
	// contains reports whether a cell of the row has the text, in lower case, in it.
	contains(row int, lower string) bool
}

type tableOf[R any] struct {
	columns []Column[R]
	rows    []R
}

func (t *tableOf[R]) size() int { return len(t.rows) }

func (t *tableOf[R]) grid(first, end int) *grid { return newGrid(t.columns, t.rows[first:end], false) }

func (t *tableOf[R]) contains(row int, lower string) bool {
	for _, c := range t.columns {
		text := c.Text
		if text == nil {
			text = c.Raw
		}
		if !c.Wide && strings.Contains(strings.ToLower(text(t.rows[row])), lower) {
			return true
		}
	}
	return false
}

// list is a table of which one row is the current one.
type list struct {
	table  table
	row    int   // the current one
	top    int   // the first shown
	widths []int // of the columns: they grow while scrolling but don't jump
}

// gutter is what stands before a row: > when it is the current one, * when it is marked.
const gutter = 3

func (l *list) empty() bool { return l.table.size() == 0 }

// move makes row the current one, or the nearest there is.
func (l *list) move(row int) { l.row = max(0, min(row, l.table.size()-1)) }

// shift tells that n rows have gone from the start.
func (l *list) shift(n int) {
	l.move(l.row - n)
	l.top = max(0, l.top-n)
}

// scroll has the current row shown in so many lines.
func (l *list) scroll(height int) {
	l.move(l.row)
	l.top = max(min(l.top, l.row, l.table.size()-height), l.row-height+1, 0)
}

// layout is the grid of what is shown, as wide as it may be.
func (l *list) layout(height, width int) *grid {
	g := l.table.grid(l.top, min(l.top+height, l.table.size()))
	if len(l.widths) != len(g.columns) {
		l.widths = make([]int, len(g.columns))
	}
	for i := range g.columns {
		l.widths[i] = max(l.widths[i], g.columns[i].width)
		g.columns[i].width = l.widths[i]
	}
	g.fit(max(1, width-gutter))
	return g
}

// find makes the next row with the text the current one, beginning with from and going
// by step, around the end.
func (l *list) find(lower string, from, step int) bool {
	size := l.table.size()
	for i := range size {
		if row := ((from+i*step)%size + size) % size; l.table.contains(row, lower) {
			l.row = row
			return true
		}
	}
	return false
}
