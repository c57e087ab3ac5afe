package render

import (
	"encoding/csv"
	"io"
	"regexp"
	"strings"
)

// writeCSV writes all columns that have a raw value, with a header line. Text is
// escaped as on a terminal: the file may be shown on one.
func writeCSV[R any](w io.Writer, v View[R]) error {
	var columns []Column[R]
	var record []string
	for _, c := range v.Columns {
		if c.Raw != nil {
			columns = append(columns, c)
			record = append(record, csvCell(c.Name))
		}
	}
	out := csv.NewWriter(w)
	if !v.Continued {
		if err := out.Write(record); err != nil {
			return err
		}
	}
	for _, row := range v.Rows {
		for i, c := range columns {
			record[i] = csvCell(c.Raw(row))
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

var negativeNumber = regexp.MustCompile(`^-[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// csvCell escapes a cell and keeps spreadsheets from running it as a formula: one that
// begins like a formula gets an apostrophe before it (owasp.org/www-community/attacks/
// CSV_Injection, which lists the full-width forms too). Negative numbers are no
// formulas. Tab and CR, which the same list names, are escaped by then.
func csvCell(text string) string {
	text = Escape(text)
	for _, sign := range []string{"=", "+", "-", "@", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(text, sign) && !negativeNumber.MatchString(text) {
			return "'" + text
		}
	}
	return text
}
