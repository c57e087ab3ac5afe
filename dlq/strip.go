package dlq

import (
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Strip gives the headers that are the user's own: without those of the frameworks
// that put the record into a dead-letter topic. The rest stay as they are, in their
// order, with duplicates and nulls. The slice is a new one; the values are shared.
//
// A framework's headers count as such only in a record that has its marks: the header
// source_topic is Karafka's in a letter of Karafka's, and the user's in one of Spring's.
// A replay that kept retry_topic-attempts would skip every retry.
func (d Dialects) Strip(headers []kgo.RecordHeader) []kgo.RecordHeader {
	_, marked := d.detect(headers, d.look(headers, nil))
	own := make([]kgo.RecordHeader, 0, len(headers))
	for _, h := range headers {
		if !d.foreign(marked, h.Key) {
			own = append(own, h)
		}
	}
	return own
}

// foreign tells whether a header belongs to one of a set of dialects.
func (d Dialects) foreign(dialects uint64, header string) bool {
	for _, u := range d.uses[header] {
		if dialects&(1<<(u.dialect&63)) != 0 {
			return true
		}
	}
	for i := range d.list {
		if dialects&(1<<(i&63)) != 0 && slices.ContainsFunc(d.list[i].Also, func(also string) bool { return covers(also, header) }) {
			return true
		}
	}
	return false
}

func covers(pattern, name string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, prefix)
	}
	return pattern == name
}
