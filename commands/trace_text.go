package commands

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/doctor/timeline"
)

func printTrace(opts *traceOptions, r *timeline.Report) error {
	if opts.Format != render.Table {
		return render.Print(opts.Env.Streams, opts.Format, render.View[timeline.Event]{
			Document: r, Rows: r.Events, Columns: traceColumns(), Empty: nothingTraced(r),
		})
	}
	p := &textPrinter{s: opts.Env.Streams}
	if len(r.Events) == 0 {
		p.prose(render.Warn, "", "%s", nothingTraced(r))
	} else {
		p.traceHead(r)
		for i := range r.Events {
			p.traceEvent(r, i)
		}
	}
	p.traceMissing(r)
	return p.err
}

// nothingTraced tells an id that isn't there from a window without records.
func nothingTraced(r *timeline.Report) string {
	topics := plural(int64(len(r.Searched.Topics)), "topic")
	if r.Searched.Records == 0 {
		return fmt.Sprintf("there are no records in %s %s, and nothing to find %s in", topics, traceWindow(r.Window), r.ID)
	}
	text := fmt.Sprintf("%s is in none of %s of %s, %s", r.ID, plural(r.Searched.Records, "record"), topics, traceWindow(r.Window))
	if r.Parts > 0 {
		text += fmt.Sprintf("; as a part of something else it is in %s", render.Count(r.Parts))
	}
	return text
}

func (p *textPrinter) traceHead(r *timeline.Report) {
	topics := map[string]bool{}
	var first, last *time.Time
	for i := range r.Events {
		e := &r.Events[i]
		topics[e.Topic] = true
		if t := e.Timestamp; t != nil && (first == nil || t.Before(*first)) {
			first = t
		}
		if t := e.Timestamp; t != nil && (last == nil || t.After(*last)) {
			last = t
		}
	}
	text := fmt.Sprintf("%s in %s", plural(int64(len(r.Events)), "record"), plural(int64(len(topics)), "topic"))
	if first != nil && last.After(*first) {
		text += " within " + render.Age(last.Sub(*first))
	}
	p.prose(render.Strong, "", "%s: %s", r.ID, text)
	p.prose(render.Plain, "", "read: %s of %s, %s", plural(r.Searched.Records, "record"), plural(int64(len(r.Searched.Topics)), "topic"), traceWindow(r.Window))
	if followed := followedText(r.Followed); followed != "" {
		p.prose(render.Plain, "", "followed: %s", followed)
	}
}

// followedText names what was looked for as well. Ids of events are counted only: there
// is one of each record.
func followedText(links []timeline.Link) string {
	var list []string
	events := int64(0)
	for _, l := range links {
		switch {
		case l.Dropped != nil:
		case l.Kind == timeline.EventID:
			events++
		default:
			list = append(list, string(l.Kind)+" "+l.ID)
		}
	}
	if events > 0 {
		list = append(list, plural(events, "event id"))
	}
	return strings.Join(list, ", ")
}

const (
	timeWidth  = 12 // 15:04:05.000
	sinceWidth = 13 // clocks differ
)

func (p *textPrinter) traceEvent(r *timeline.Report, i int) {
	e := &r.Events[i]
	if day := dayOf(e.Timestamp); i == 0 || day != dayOf(r.Events[i-1].Timestamp) {
		p.line(render.Plain, "")
		p.line(render.Plain, "%s", day)
	}
	clock := ""
	if e.Timestamp != nil {
		clock = e.Timestamp.UTC().Format("15:04:05.000")
	}
	since := ""
	switch {
	case e.ClocksDiffer:
		since = "clocks differ"
	case e.SincePrevious.Known():
		since = "+" + render.Age(e.SincePrevious.Duration())
	}
	kind := deref(e.Type)
	if kind == "" {
		kind = "(no type)"
	}
	tone := render.Plain
	if e.Letter != nil && e.Kind == timeline.Letters {
		tone = render.Bad
	}
	p.prose(tone, fmt.Sprintf("%-*s  %-*s  ", timeWidth, clock, sinceWidth, since), "%s  %s", e.Coordinates, simpleName(&kind))
	indent := strings.Repeat(" ", timeWidth+sinceWidth+4)
	p.prose(render.Faint, indent, "key %s; by %s", keyText(e), foundText(e.FoundBy))
	if e.Letter != nil {
		p.prose(tone, indent, "%s", deathText(e))
	}
	if passed := passedText(e.Groups); passed != "" {
		p.prose(render.Faint, indent, "%s", passed)
	}
}

func dayOf(t *time.Time) string {
	if t == nil {
		return "no time stamp"
	}
	return t.UTC().Format("2006-01-02") + " UTC"
}

func keyText(e *timeline.Event) string {
	switch {
	case e.Key != nil && *e.Key == "":
		return "(empty)"
	case e.Key != nil:
		return firstLine(e.Key, maxRowKey)
	case e.KeyBytes != nil:
		return fmt.Sprintf("0x%x", e.KeyBytes[:min(len(e.KeyBytes), 20)])
	}
	return "(null)"
}

// foundText says by what a record was found: by the id itself, or else by those that
// were followed.
func foundText(hows []timeline.How) string {
	var list []string
	for _, kind := range []timeline.Kind{timeline.Asked, timeline.Trace, timeline.Correlation, timeline.Key, timeline.EventID} {
		var places []string
		for _, h := range hows {
			if place := strings.TrimSpace(string(h.Where) + " " + h.Name); h.Kind == kind && !slices.Contains(places, place) {
				places = append(places, place)
			}
		}
		switch {
		case len(places) == 0:
		case kind == timeline.Asked:
			return strings.Join(places, ", ")
		default:
			list = append(list, fmt.Sprintf("its %s (%s)", linkNames[kind], strings.Join(places, ", ")))
		}
	}
	return strings.Join(list, ", ")
}

var linkNames = map[timeline.Kind]string{
	timeline.Trace: "trace", timeline.Correlation: "correlation", timeline.Key: "key", timeline.EventID: "event id",
}

func deathText(e *timeline.Event) string {
	l := e.Letter
	text := "dead-lettered"
	if e.Kind == timeline.Retries {
		text = "on its way to another try"
	}
	if from := originOf(l.Origin); from != "" {
		text += " from " + from
	}
	if l.Origin.Group != nil {
		text += " by " + *l.Origin.Group
	}
	if cause := causeOf(deref(l.Class), deref(l.Message)); cause != "" {
		text += ": " + cause
	}
	switch {
	case e.Kind == timeline.Retries:
	case l.Disposition != nil:
		text += " (" + *l.Disposition + ")"
	case l.DispositionError != nil:
		text += " (what was done about it isn't known: " + *l.DispositionError + ")"
	default:
		text += " (nobody has dealt with it)"
	}
	return text
}

// passedText says which groups have gone past a record, and which haven't.
func passedText(groups []timeline.Passage) string {
	var past, not, unknown []string
	for _, g := range groups {
		switch {
		case g.Passed == nil:
			unknown = append(unknown, groupName(g.Group))
		case *g.Passed:
			past = append(past, groupName(g.Group))
		case g.Behind.Known():
			not = append(not, fmt.Sprintf("%s (%s to go)", groupName(g.Group), count(g.Behind)))
		default:
			not = append(not, groupName(g.Group)+" (no commit here)")
		}
	}
	var list []string
	for _, part := range []struct {
		words  string
		groups []string
	}{{"passed by ", past}, {"not yet by ", not}, {"unknown of ", unknown}} {
		if len(part.groups) > 0 {
			list = append(list, part.words+strings.Join(part.groups, ", "))
		}
	}
	return strings.Join(list, "; ")
}

func (p *textPrinter) traceMissing(r *timeline.Report) {
	if len(r.Missing) == 0 {
		return
	}
	if len(r.Events) > 0 {
		p.line(render.Plain, "")
	}
	p.line(render.Strong, "missing")
	for i := range r.Missing {
		p.prose(render.Warn, "- ", "%s", missingText(&r.Missing[i]))
	}
}

func missingText(m *timeline.Missing) string {
	more := ""
	if m.Records > 1 {
		more = fmt.Sprintf(", nor past %d more of these records", m.Records-1)
	}
	switch m.What {
	case timeline.ExpectedStep:
		return fmt.Sprintf("no record stands for the step %q", deref(m.Step))
	case timeline.NotConsumed:
		return fmt.Sprintf("%s has not gone past %s%s: %s to go", groupName(deref(m.Group)), m.Coordinates, more, plural(int64(m.Behind), "offset"))
	case timeline.NeverCommitted:
		return fmt.Sprintf("%s has not gone past %s%s: it has no commit in that partition", groupName(deref(m.Group)), m.Coordinates, more)
	case timeline.Undisposed:
		return fmt.Sprintf("nobody has dealt with the letter %s", m.Coordinates)
	case timeline.OriginExpired:
		return fmt.Sprintf("%s, which a letter came from, was deleted by retention", m.Coordinates)
	}
	return fmt.Sprintf("%s, which a letter came from, is outside the time that was read", m.Coordinates)
}
