package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/evtctl/evtctl/schema"
)

// GitHub writes workflow commands: an error on the line of the file for each break,
// a warning for what is allowed, and a notice on who has to be deployed first.
// GitHub shows ten of each kind for a step; the log has all.
func GitHub(w io.Writer, r *schema.Report, o Options) error {
	var b strings.Builder
	for _, result := range r.Results {
		o.annotateResult(&b, result)
	}
	for _, note := range r.Notes {
		annotate(&b, "warning", "schema check", "", 0, 0, note)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (o Options) annotateResult(b *strings.Builder, r schema.Result) {
	if e := r.Error; e != nil {
		file, line, column := r.Path, e.Line, e.Column
		if e.File != "" {
			file = e.File
		}
		annotate(b, "error", r.Subject+": couldn't be checked", o.file(file), line, column, failure(e))
	}
	for _, p := range r.Problems {
		level := "error"
		if p.Allowed || p.Overruled {
			level = "warning"
		}
		annotate(b, level, r.Subject+": "+p.Rule, o.file(p.File), p.Line, p.Column, text(p))
	}
	if s := sampled(r.Sample); s != "" {
		annotate(b, "error", r.Subject+": sample", o.file(r.Path), 0, 0, s)
	}
	annotate(b, "notice", r.Subject+": deployment", o.file(r.Path), 0, 0, strings.Join(append(r.Notes[:len(r.Notes):len(r.Notes)], r.Deploy), "\n"))
}

var (
	// What a command's text and its properties have to encode, by GitHub's toolkit.
	escapeData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	escapeProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// annotate writes one command. Without a line it is about the file, without a file
// about the run.
func annotate(b *strings.Builder, level, title, file string, line, column int, message string) {
	var properties []string
	if file != "" {
		properties = append(properties, "file="+escapeProperty.Replace(plain(file)))
	}
	if line > 0 {
		properties = append(properties, fmt.Sprintf("line=%d", line), fmt.Sprintf("col=%d", max(1, column)))
	}
	properties = append(properties, "title="+escapeProperty.Replace(plain(title)))
	fmt.Fprintf(b, "::%s %s::%s\n", level, strings.Join(properties, ","), escapeData.Replace(plain(message)))
}

// plain keeps what a terminal would obey out of a log.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, s)
}
