package timeline

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// Bounds of what is followed.
const (
	maxLinks = 64
	minLink  = 4 // a shorter id is in too many things that have nothing to do with it
	maxLink  = 256
)

// linked gives the ids that the records with the id name: of their trace, of their
// correlation, of themselves, and their key. Where the id is itself a key, other keys
// are those of other stories: a customer's orders aren't followed from one of them.
func (s *search) linked() (list []identity) {
	seen, left := map[string]bool{strings.ToLower(s.q.ID): true}, 0
	add := func(kind Kind, id *string) {
		if id == nil || len(*id) < minLink || len(*id) > maxLink || !isPrintable(*id) || seen[strings.ToLower(*id)] {
			return
		}
		seen[strings.ToLower(*id)] = true
		if len(list) == maxLinks {
			left++
			return
		}
		list = append(list, newIdentity(*id, kind))
	}
	events := slices.DeleteFunc(s.finds.sorted(), func(e *Event) bool { return !byAsked(e) })
	keyed := slices.ContainsFunc(events, foundAsKey)
	for _, kind := range []Kind{Trace, Correlation, Key, EventID} {
		for _, e := range events {
			switch kind {
			case Trace:
				add(kind, e.TraceID)
			case Correlation:
				add(kind, e.CorrelationID)
			case Key:
				if !keyed && !e.KeyCut {
					add(kind, e.Key)
				}
			case EventID:
				add(kind, e.EventID)
			}
		}
	}
	if left > 0 {
		s.note("the records found name %d more ids, which were not followed: at most %d are", left, maxLinks)
	}
	return list
}

func isPrintable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) < 0
}

// sorted are the events in the order of their coordinates.
func (f *finds) sorted() []*Event {
	return slices.SortedFunc(maps.Values(f.events), byPlace)
}
