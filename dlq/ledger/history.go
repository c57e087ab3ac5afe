package ledger

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/exactly"
)

// History tells what was done to a topic's letters, oldest first, from the entries
// that are committed now. It ends early with the error that each returns. Who wants
// one letter's only looks at the coordinates.
//
// A topic made anew under the same name has a history of its own.
func (t *Topics) History(ctx context.Context, cl *kgo.Client, source Source, notice func(exactly.Notice), each func(Entry) error) error {
	span, err := exactly.Mark(ctx, cl, AuditTopic, t.partition(source), -1)
	if err != nil {
		return fmt.Errorf("reading the history: %w", err)
	}
	return exactly.ReadCommitted(ctx, cl, span, notice, func(r *kgo.Record) error {
		entries, err := source.Entries(r)
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
