package commands

import (
	"fmt"
	"strings"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/doctor/health"
	"github.com/evtctl/evtctl/lag"
)

// maxShown bounds the findings of a figure on the page for people.
const maxShown = 5

// printHealthPage prints the page for people: what is worst first, with the commands to
// type next; what is well in a line each.
func printHealthPage(s *render.Streams, r *health.Report) error {
	if err := render.Prose(s, tone(r.Verdict), "", "%s", healthHeadline(r)); err != nil {
		return err
	}
	for i := range r.Figures {
		if f := &r.Figures[i]; len(f.Findings) > 0 {
			if err := printFindings(s, f); err != nil {
				return err
			}
		}
	}
	if err := printWell(s, r); err != nil {
		return err
	}
	for _, note := range r.Notes {
		render.Message(s, render.Faint, "note: %s", note)
	}
	return nil
}

// healthHeadline is the answer in a sentence.
func healthHeadline(r *health.Report) string {
	counts := map[lag.Verdict]int{}
	for i := range r.Figures {
		counts[r.Figures[i].Verdict]++
	}
	var parts []string
	for _, v := range []lag.Verdict{lag.Critical, lag.Warning, lag.Uncertain} {
		if n := counts[v]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
	}
	text := "all is well"
	if len(parts) > 0 {
		text = fmt.Sprintf("%s, %d ok", strings.Join(parts, ", "), counts[lag.OK])
	}
	return fmt.Sprintf("%s: %s; %s", r.Verdict, text, windowText(r))
}

// printFindings prints what is not ok in a figure. A command has a line of its own, and
// is never broken.
func printFindings(s *render.Streams, f *health.Figure) error {
	if err := render.Line(s, render.Plain, ""); err != nil {
		return err
	}
	next := ""
	for i := range f.Findings {
		finding := &f.Findings[i]
		if i == maxShown {
			return render.Line(s, render.Faint, "%10s%s more: -o wide shows %d of them", "", render.Count(int64(len(f.Findings)-i+f.More)), len(f.Findings)-i)
		}
		if err := render.Prose(s, tone(finding.Verdict), fmt.Sprintf("%-10s", finding.Verdict), "%s: %s", f.Name, finding.Evidence); err != nil {
			return err
		}
		if last := i == len(f.Findings)-1 || i == maxShown-1; finding.Next != next && !last && f.Findings[i+1].Next == finding.Next {
			continue // the same command is for the one after it too
		}
		if err := render.Line(s, render.Strong, "%10s%s", "", finding.Next); err != nil {
			return err
		}
		next = finding.Next
	}
	return nil
}

// printWell prints the figures without findings.
func printWell(s *render.Streams, r *health.Report) error {
	first := true
	for i := range r.Figures {
		f := &r.Figures[i]
		if len(f.Findings) > 0 {
			continue
		}
		if first {
			first = false
			if err := render.Line(s, render.Plain, ""); err != nil {
				return err
			}
		}
		if err := render.Prose(s, tone(f.Verdict), fmt.Sprintf("%-10s", f.Verdict), "%s: %s", f.Name, f.Says); err != nil {
			return err
		}
	}
	return nil
}
