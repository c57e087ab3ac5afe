// Package page writes a report of health as a page of HTML, to attach to an incident: one
// file that needs nothing else, in light and dark, without scripts.
//
// Names are foreign text. They are escaped as on a terminal, and as HTML besides; the
// page's own policy forbids it to load or run anything.
package page

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"

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

// Save writes the page to a file, whole or not at all: an older page stays until the new
// one is there.
func Save(path string, r *health.Report) error {
	var text bytes.Buffer
	if err := Write(&text, r); err != nil {
		return err
	}
	if to, err := filepath.EvalSymlinks(path); err == nil {
		path = to
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(path, text.Bytes(), 0o644) // a pipe, such as /dev/stdout
	}
	return replace(path, text.Bytes())
}

// replace writes a file beside the one that it then becomes.
func replace(path string, text []byte) error {
	beside := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+rand.Text())
	file, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("%s: %w", path, errors.Unwrap(err)) // whose own name nobody knows
	}
	defer os.Remove(beside) // after the rename there is nothing to remove
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(beside, path)
}
