// Package page writes a report of health as a page of HTML, to attach to an incident: one
// file that needs nothing else, in light and dark, without scripts.
//
// Names are foreign text. They are escaped as on a terminal, and as HTML besides; the
// page's own policy forbids it to load or run anything.
package page

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"os"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/doctor/health"
)

//go:embed page.html.tmpl
var source string

// Write writes the page of a judged report.
func Write(w io.Writer, r *health.Report) error {
	t, err := template.New("page").Funcs(template.FuncMap{"clean": render.Escape}).Parse(source)
	if err != nil {
		return fmt.Errorf("the page's template: %w", err)
	}
	return t.Execute(w, newView(r))
}

// Save writes the page to a file, whole or not at all.
func Save(path string, r *health.Report) error {
	var text bytes.Buffer
	if err := Write(&text, r); err != nil {
		return err
	}
	return os.WriteFile(path, text.Bytes(), 0o644)
}
