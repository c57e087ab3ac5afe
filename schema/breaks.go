package schema

import (
	"fmt"
	"slices"
	"strings"
)

// Break is a problem with all versions that it is a problem with.
type Break struct {
	Problem           // against the newest of them; Message speaks of all
	Versions []string // as Against, newest first
}

// Breaks gathers problems that differ by nothing but the version: one field without a
// default breaks with each version that lacks it, and is one thing to mend.
func Breaks(problems []Problem) []Break {
	var list []Break
	at := map[Problem]int{}
	for _, p := range problems {
		same := p
		same.Message, same.Against, same.AgainstVersion = strings.Replace(p.Message, p.Against, "", 1), "", 0
		i, seen := at[same]
		if !seen {
			i = len(list)
			at[same] = i
			list = append(list, Break{Problem: p})
		}
		list[i].Versions = append(list[i].Versions, p.Against)
	}
	for i := range list {
		b := &list[i]
		b.Message = strings.Replace(b.Message, b.Against, b.Where(), 1)
	}
	return list
}

// Where words the versions: "versions 1–3 and 5", or their names.
func (b *Break) Where() string {
	return versionsInWords(b.Versions)
}

// versionsInWords joins versions' labels, those with numbers shortly.
func versionsInWords(labels []string) string {
	if len(labels) == 1 {
		return labels[0]
	}
	var numbers []int
	for _, label := range labels {
		var n int
		var rest string
		if got, _ := fmt.Sscanf(label, "version %d%s", &n, &rest); got != 1 {
			return strings.Join(labels, ", ")
		}
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	words := spans(numbers)
	if at := strings.LastIndex(words, ", "); at >= 0 {
		words = words[:at] + " and " + words[at+2:]
	}
	return "versions " + words
}

// Compared words what a result was compared with: "versions 1–3", or "no version".
func (r *Result) Compared() string {
	if len(r.CheckedAgainst) == 0 {
		return "no version"
	}
	return versionsInWords(r.CheckedAgainst)
}
