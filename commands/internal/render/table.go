package render

import (
	"io"
	"strings"
)

// printTable prints table and wide, and tells on stderr what a narrow terminal had no
// room for.
func printTable[R any](s *Streams, wide bool, v View[R]) error {
	if len(v.Rows) == 0 {
		if v.Empty != "" {
			Message(s, Plain, "%s", v.Empty)
		}
		return nil
	}
	g := newGrid(v.Columns, v.Rows, wide)
	if s.OutTTY && s.Width > 0 && !wide {
		g.fit(s.Width)
	}
	p := s.outPalette()
	err := s.answer(func(w io.Writer) error {
		if !v.Continued {
			if _, err := io.WriteString(w, g.heading(p)+"\n"); err != nil {
				return err
			}
		}
		for row := range g.rows {
			if _, err := io.WriteString(w, g.line(row, p)+"\n"); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && len(g.leftOut) > 0 && !v.Continued {
		Message(s, Faint, "%s left out to fit %d columns; -o wide shows all", strings.Join(g.leftOut, ", "), s.Width)
	}
	return err
}
