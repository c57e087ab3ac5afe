package commands

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/schema"
)

// printSchemaReport is a report for people: for each schema the verdict, what breaks
// and who has to be deployed first; what is fine takes one line. The sum comes last,
// where a log is read first.
func printSchemaReport(s *render.Streams, r *schema.Report) error {
	p := &schemaPrinter{s: s, many: len(r.Results) > 1}
	for i := range r.Results {
		p.result(&r.Results[i])
	}
	for _, note := range r.Notes {
		p.prose(render.Warn, "note: ", "%s", note)
	}
	if p.many {
		p.line(outcomeTone(r.Outcome()), "%s", summary(r))
	}
	return p.err
}

// schemaPrinter prints until something can't be printed.
type schemaPrinter struct {
	s    *render.Streams
	many bool // schemas: what is fine takes one line
	err  error
}

func (p *schemaPrinter) line(tone render.Tone, format string, args ...any) {
	if p.err == nil {
		p.err = render.Line(p.s, tone, format, args...)
	}
}

func (p *schemaPrinter) prose(tone render.Tone, first, format string, args ...any) {
	if p.err == nil {
		p.err = render.Prose(p.s, tone, first, format, args...)
	}
}

// wide prints a sentence that is one line in a pipe, where lines are searched, and is
// broken between words on a terminal.
func (p *schemaPrinter) wide(tone render.Tone, sentence string) {
	if p.s.OutTTY {
		p.prose(tone, "", "%s", sentence)
		return
	}
	p.line(tone, "%s", sentence)
}

func outcomeTone(o schema.Outcome) render.Tone {
	return map[schema.Outcome]render.Tone{
		schema.Compatible: render.Good, schema.Incompatible: render.Bad, schema.Unchecked: render.Warn,
	}[o]
}

func (p *schemaPrinter) result(r *schema.Result) {
	verdict := verdictLine(r)
	brief := p.many && r.Outcome() == schema.Compatible && len(r.Problems) == 0
	if brief {
		verdict += "; " + deployBriefly[r.DeployFirst]
	}
	p.wide(outcomeTone(r.Outcome()), verdict)
	if e := r.Error; e != nil {
		p.failure(e)
	}
	for _, b := range schema.Breaks(r.Problems) {
		p.problem(&b)
	}
	if r.Advisory && r.RegistryVerdict != nil {
		p.line(render.Plain, "  the registry's own verdict: %s", *r.RegistryVerdict)
	}
	p.sample(r.Sample)
	for _, note := range r.Notes {
		if !r.NewSubject || !strings.HasPrefix(note, "new subject: ") { // the verdict says so
			p.prose(render.Faint, "  note: ", "%s", note)
		}
	}
	if !brief && r.Error == nil {
		p.prose(render.Plain, "  ", "%s", r.Deploy)
	}
}

// deployBriefly is a result's Deploy for where many are listed.
var deployBriefly = map[schema.Side]string{
	schema.Consumers: "deploy consumers first", schema.Producers: "deploy producers first",
	schema.Either: "deploy either side first", schema.Neither: "no order is known to be safe",
}

// verdictLine begins with the verdict, so that it can be searched for.
func verdictLine(r *schema.Result) string {
	what := r.Path
	if !strings.HasPrefix(filepath.Base(r.Path), r.Subject+".") {
		what += " as " + r.Subject
	}
	mode := string(r.Mode)
	if from := modeOrigins[r.ModeFrom]; from != "" {
		mode += " (" + from + ")"
	}
	switch {
	case r.Outcome() == schema.Unchecked:
		return "NOT CHECKED: " + what
	case r.NewSubject && r.Compatible:
		return "new subject: " + what
	case r.Outcome() == schema.Incompatible && r.Breaks() == 0:
		return fmt.Sprintf("INCOMPATIBLE: %s with records of topic %s", what, r.Sample.Topic)
	case r.Outcome() == schema.Incompatible:
		return fmt.Sprintf("INCOMPATIBLE: %s with %s by %s", what, r.Compared(), mode)
	}
	return fmt.Sprintf("compatible: %s with %s by %s", what, r.Compared(), mode)
}

// modeOrigins says who demands a mode.
var modeOrigins = map[string]string{
	"request": "--mode", "mapping": "mapping file", "subject": "the subject's", "context": "the context's",
	"global": "the registry's", "default": "the default",
}

func (p *schemaPrinter) failure(e *schema.ResultError) {
	p.prose(render.Plain, "  ", "%s", place(e.File, e.Line, e.Column)+e.Message)
	if e.Hint != "" {
		p.prose(render.Plain, "  hint: ", "%s", e.Hint)
	}
}

// place is a position as editors and terminals take it for a link.
func place(file string, line, column int) string {
	switch {
	case file == "" || line == 0:
		return ""
	case column == 0:
		return fmt.Sprintf("%s:%d: ", file, line)
	}
	return fmt.Sprintf("%s:%d:%d: ", file, line, column)
}

// problem is one thing that breaks: where, what for whom, the two parts, a way out.
func (p *schemaPrinter) problem(b *schema.Break) {
	mark := ""
	switch {
	case b.Allowed:
		mark = " (allowed: " + b.AllowedFor + ")"
	case b.Overruled:
		mark = " (the registry takes it, and that counts)"
	}
	p.line(render.Strong, "  %s%s at %s%s", place(b.File, b.Line, b.Column), b.Rule, b.Path, mark) // a link, never broken
	p.prose(render.Plain, "    ", "%s", b.Message)
	if b.Old() != b.New() {
		p.part(render.Bad, "    - ", b.Field, b.Old())
		p.part(render.Good, "    + ", b.Field, b.New())
	}
	if !b.Allowed && !b.Overruled {
		p.prose(render.Plain, "    way out: ", "%s", b.Fix)
	}
}

// part is one side of what doesn't go together.
func (p *schemaPrinter) part(tone render.Tone, first, field, text string) {
	if text == "" {
		return
	}
	if field != "" {
		field += ": "
	}
	p.prose(tone, first, "%s%s", field, text)
}

// fewFailures is how many records of a sample are shown.
const fewFailures = 3

func (p *schemaPrinter) sample(s *schema.SampleResult) {
	if s == nil {
		return
	}
	tone := render.Good
	if len(s.Failed) > 0 {
		tone = render.Bad
	}
	text := fmt.Sprintf("sample: %d of the last %s of topic %s can be read with it", s.Decoded, plural(int64(s.Read), "record"), s.Topic)
	if s.Read == 0 {
		tone, text = render.Warn, fmt.Sprintf("sample: topic %s has no record to try", s.Topic)
	}
	if s.Nulls > 0 {
		text += fmt.Sprintf("; %s have nothing to read", plural(int64(s.Nulls), "null"))
	}
	p.prose(tone, "  ", "%s", text)
	p.failures(s.Topic, s.Failed)
	p.failures(s.Topic, s.Unreadable)
}

func (p *schemaPrinter) failures(topic string, list []schema.SampleFailure) {
	for i, f := range list {
		if i == fewFailures {
			p.line(render.Plain, "    and %d more, which -o json has", len(list)-i)
			return
		}
		p.prose(render.Plain, "    ", "%s:%d:%d: %s", topic, f.Partition, f.Offset, f.Reason)
	}
}

// summary counts outcomes.
func summary(r *schema.Report) string {
	counts := map[string]int{}
	for i := range r.Results {
		switch result := &r.Results[i]; {
		case result.NewSubject && result.Compatible:
			counts["new"]++
		default:
			counts[string(result.Outcome())]++
		}
	}
	var parts []string
	for _, kind := range []struct{ name, words string }{
		{"compatible", "compatible"}, {"new", "new"}, {"incompatible", "INCOMPATIBLE"}, {"unchecked", "not checked"},
	} {
		if n := counts[kind.name]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, kind.words))
		}
	}
	return fmt.Sprintf("%s against %s: %s", plural(int64(len(r.Results)), "schema"), r.Against, strings.Join(parts, ", "))
}
