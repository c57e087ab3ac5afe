package ledger

import (
	"context"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/exactly"
)

// History tells what was done to a topic's letters, oldest first, from the entries
// that are committed now. It ends early with the error that each returns. Who wants
// one letter's only looks at the coordinates. Of letters that were imported into the
// topic, the coordinates are those in the file, and the target those in the topic.
//
// A topic made anew under the same name has a history of its own.
func (t *Topics) History(ctx context.Context, cl *kgo.Client, source Source, notice func(exactly.Notice), each func(Entry) error) error {
	own, imports := source.prefix(), importPrefix(source.TopicID)
	about := func(key string) bool { return key == own || strings.HasPrefix(key, imports) }
	return audited(ctx, cl, t.partition(source), about, notice, each)
}

// AllHistory tells it of all topics, in order within a topic only.
func (t *Topics) AllHistory(ctx context.Context, cl *kgo.Client, notice func(exactly.Notice), each func(Entry) error) error {
	for partition := range int32(t.count) {
		if err := audited(ctx, cl, partition, func(string) bool { return true }, notice, each); err != nil {
			return err
		}
	}
	return nil
}

// audited reads a partition of the audit topic.
func audited(ctx context.Context, cl *kgo.Client, partition int32, about func(key string) bool, notice func(exactly.Notice), each func(Entry) error) error {
	span, err := exactly.Mark(ctx, cl, AuditTopic, partition, -1)
	if err != nil {
		return fmt.Errorf("reading the history: %w", err)
	}
	return exactly.ReadCommitted(ctx, cl, span, notice, func(r *kgo.Record) error {
		if !about(string(r.Key)) {
			return nil
		}
		entries, err := auditEntries(r.Value)
		if err != nil {
			return fmt.Errorf("reading the history: %s:%d:%d: no entries: %w", r.Topic, r.Partition, r.Offset, err)
		}
		for _, e := range entries {
			if err := each(e); err != nil {
				return err
			}
		}
		return nil
	})
}
