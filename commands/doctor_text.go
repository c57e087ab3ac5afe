package commands

import (
	"slices"
	"strings"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/doctor"
	"github.com/evtctl/evtctl/lag"
)

// printDiagnosis prints the questions with their answers, what was found and what to do.
func printDiagnosis(s *render.Streams, f render.Format, d *doctor.Diagnosis) error {
	if !isText(f) {
		return render.Print(s, f, render.View[doctor.Finding]{Document: d, Rows: d.Findings, Columns: findingColumns})
	}
	p := &textPrinter{s: s}
	for _, patient := range d.Patients {
		p.patient(patient, f == render.Wide || len(d.Patients) == 1 || d.Group != "")
	}
	p.findings(d)
	if p.err != nil {
		return p.err
	}
	for _, advice := range d.Advice {
		render.Message(s, render.Faint, "advice: %s: %s", advice.Summary, strings.Join(advice.Evidence, "; "))
	}
	for _, u := range d.Unknown {
		render.Message(s, render.Warn, "not known: %s", u)
	}
	if d.Records > 0 {
		render.Message(s, render.Faint, "read the newest %s of topic %s", plural(d.Records, "record"), d.Topic)
	}
	return nil
}

var marks = map[doctor.Says]string{doctor.Yes: "✓ ", doctor.No: "✗ ", doctor.Unsure: "? "}

// patient tells what a group was asked. One that is well among many takes one line.
func (p *textPrinter) patient(patient doctor.Patient, whole bool) {
	last := len(patient.Answers) - 1
	well := !slices.ContainsFunc(patient.Answers, func(a doctor.Answer) bool { return a.Says != doctor.Yes })
	if !whole && last >= 0 && well {
		p.line(render.Good, "✓ group %s", patient.Group)
		return
	}
	p.line(render.Strong, "group %s", patient.Group)
	for _, a := range patient.Answers {
		if !whole && a.Says == doctor.Yes {
			continue
		}
		p.prose(answerTone(a.Says), "  "+marks[a.Says], "%s", a.Question)
		p.prose(render.Plain, "      ", "%s", a.Evidence)
	}
	for _, c := range patient.Commands {
		p.line(render.Strong, "      %s", c.String())
	}
}

func answerTone(says doctor.Says) render.Tone {
	switch says {
	case doctor.Yes:
		return render.Good
	case doctor.No:
		return render.Bad
	}
	return render.Warn
}

func (p *textPrinter) findings(d *doctor.Diagnosis) {
	if len(d.Findings) == 0 {
		what := "the topics that groups read"
		if d.Topic != "" {
			what = "topic " + string(d.Topic)
		}
		p.prose(render.Good, "", "nothing found: %s and who reads it are well, as far as can be seen", what)
	}
	for i, f := range d.Findings {
		tone, first := render.Warn, "also: "
		if f.Verdict == lag.Critical {
			tone = render.Bad
		}
		if i == 0 {
			first = "cause: "
		}
		p.prose(tone, first, "%s", f.Summary)
		for _, e := range f.Evidence {
			p.prose(render.Plain, "  - ", "%s", e)
		}
		for _, c := range f.Commands {
			p.line(render.Strong, "    %s", c.String())
		}
	}
}

var findingColumns = []render.Column[doctor.Finding]{
	{Name: "CAUSE", Raw: func(f doctor.Finding) string { return string(f.Cause) }},
	{Name: "VERDICT", Raw: func(f doctor.Finding) string { return f.Verdict.String() }},
	{Name: "GROUPS", Raw: func(f doctor.Finding) string { return strings.Join(f.Groups, ",") }},
	{Name: "SUMMARY", Raw: func(f doctor.Finding) string { return f.Summary }},
	{Name: "COMMANDS", Wide: true, Raw: func(f doctor.Finding) string {
		var list []string
		for _, c := range f.Commands {
			list = append(list, c.String())
		}
		return strings.Join(list, "; ")
	}},
}
