package commands

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/doctor/health"
	"github.com/evtctl/evtctl/internal/doctor/timeline"
)

// traceColumns are those of -o wide and csv.
func traceColumns() []render.Column[timeline.Event] {
	type e = timeline.Event
	return []render.Column[e]{
		{Name: "TIME", Raw: func(e e) string { return stamp(e.Timestamp) }},
		{Name: "SINCE-PREVIOUS", Right: true, Raw: func(e e) string { return e.SincePrevious.String() }, Text: sinceText},
		{Name: "COORDINATES", Raw: func(e e) string { return e.Coordinates.String() }},
		{Name: "KIND", Raw: func(e e) string { return string(e.Kind) }},
		{Name: "TYPE", Raw: func(e e) string { return deref(e.Type) }},
		{Name: "KEY", Raw: func(e e) string { return deref(e.Key) }, Text: func(e e) string { return keyText(&e) }},
		{Name: "FOUND-BY", Raw: func(e e) string { return foundText(e.FoundBy) }},
		{Name: "LETTER", Raw: func(e e) string {
			if e.Letter == nil {
				return ""
			}
			return deathText(&e)
		}},
		{Name: "GROUPS", Raw: func(e e) string { return passedText(e.Groups) }},
		{Name: "EVENT-ID", Raw: func(e e) string { return deref(e.EventID) }},
		{Name: "TRACE-ID", Raw: func(e e) string { return deref(e.TraceID) }},
		{Name: "SPAN-ID", Raw: func(e e) string { return deref(e.SpanID) }},
	}
}

func sinceText(e timeline.Event) string {
	if e.ClocksDiffer {
		return "clocks differ"
	}
	return age(e.SincePrevious)
}

// mostTraced bounds how much of a kind is told one by one; -o json has it all.
const mostTraced = 5

// tellTrace says on stderr what the answer doesn't cover, and what to do next.
func tellTrace(opts *traceOptions, r *timeline.Report, commands health.Commands) {
	s := opts.Env.Streams
	for i, u := range r.Unread {
		if i == mostTraced {
			render.Message(s, render.Warn, "and %d more places could not be read; -o json names them", len(r.Unread)-i)
			break
		}
		render.Message(s, render.Warn, "%s", unreadText(u, 1))
	}
	if n := r.Undecided.Records; n > 0 {
		render.Message(s, render.Warn, "%s with the bytes of an id could not be looked into, such as %s: %s",
			plural(n, "record"), r.Undecided.Examples[0], deref(r.Undecided.Reason))
	}
	for _, l := range r.Followed {
		if l.Dropped != nil {
			render.Message(s, render.Faint, "%s %s was not followed: %s", l.Kind, l.ID, *l.Dropped)
		}
	}
	for _, note := range append(slices.Clone(r.Notes), clocksText(r), partsNotRead(opts, r)) {
		if note != "" {
			render.Message(s, render.Faint, "%s", note)
		}
	}
	steps := nextSteps(commands, r)
	for i, next := range steps {
		if i == mostTraced {
			render.Message(s, render.Faint, "and %s more, for the rest of what is missing", plural(int64(len(steps)-i), "command"))
			break
		}
		render.Message(s, render.Faint, "next: %s", next)
	}
}

// clocksText says whose clocks the time stamps are of, where that matters.
func clocksText(r *timeline.Report) string {
	var brokers, producers []string
	for _, t := range r.Searched.Topics {
		switch {
		case t.Found == 0:
		case t.AppendTime:
			brokers = append(brokers, t.Name)
		default:
			producers = append(producers, t.Name)
		}
	}
	differ := slices.ContainsFunc(r.Events, func(e timeline.Event) bool { return e.ClocksDiffer })
	switch {
	case len(brokers) > 0 && len(producers) > 0:
		return fmt.Sprintf("time stamps are the broker's in %s and the producers' in %s: times between them are as exact as the clocks", someNames(brokers), someNames(producers))
	case differ:
		return "where clocks differ, a record came later and its time stamp is earlier"
	}
	return ""
}

// someNames names a few of many.
func someNames(names []string) string {
	if len(names) > 3 {
		return strings.Join(names[:3], ", ") + fmt.Sprintf(" and %d more", len(names)-3)
	}
	return strings.Join(names, ", ")
}

// partsNotRead says which partitions were not read, as the id is a key.
func partsNotRead(opts *traceOptions, r *timeline.Report) string {
	var part []string
	for _, t := range r.Searched.Topics {
		if t.PartitionsRead < t.Partitions {
			part = append(part, t.Name)
		}
	}
	switch {
	case len(part) == 0 || r.Interrupted:
		return ""
	case opts.Query.Key:
		return fmt.Sprintf("of %s only the partition was read that Kafka's own partitioner puts this key into; without --key all are read", someNames(part))
	}
	return fmt.Sprintf("of %s only the key's partition was read, where it was found; --all reads all", someNames(part))
}

// nextSteps are commands that show more of what is wrong.
func nextSteps(next health.Commands, r *timeline.Report) (list []string) {
	add := func(command string) {
		if !slices.Contains(list, command) {
			list = append(list, command)
		}
	}
	for _, m := range r.Missing {
		switch m.What {
		case timeline.Undisposed:
			add(next.About(m.Coordinates.String(), "dlq", "show"))
		case timeline.NotConsumed, timeline.NeverCommitted:
			add(next.Group(*m.Group))
		case timeline.OriginOutside:
			add(next.About(r.ID, "trace", "--since", "start"))
		}
	}
	if len(r.Events) == 0 && r.Window.Since != nil && !r.Interrupted {
		since := r.TakenAt.Sub(*r.Window.Since)
		wider := "7d"
		if since >= 7*24*time.Hour {
			wider = "start"
		}
		add(next.About(r.ID, "trace", "--since", wider))
	}
	return list
}
