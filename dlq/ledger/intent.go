package ledger

import (
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/exactly"
)

var _ exactly.IntentLedger = (*Book)(nil)

// Intents implements [exactly.IntentLedger]. An item without a record has none: there
// is nothing that could be done twice.
func (b *Book) Intents(about []exactly.Done) ([]*kgo.Record, error) {
	var intended []exactly.Done
	for _, d := range about {
		if len(d.Placed) == 0 {
			continue
		}
		n := *d.Note.(*note)
		n.Disposition = Intended
		d.Note = &n
		intended = append(intended, d)
	}
	return b.Entries(intended)
}

// InDoubt implements [exactly.IntentLedger].
func (b *Book) InDoubt(item exactly.Item) ([]exactly.Placed, bool) {
	n := item.Note.(*note)
	target, doubt := b.index.InDoubt(n.Partition, n.Offset)
	if !doubt {
		return nil, false
	}
	return []exactly.Placed{exactly.Placed(target)}, true
}
