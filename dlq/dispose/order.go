package dispose

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq"
)

// maxLook is how many records of the target are looked at for newer ones of the same
// keys, in all.
const maxLook = 5_000_000

// maxWaits is how many letters are looked for, in all: each takes about 100 bytes.
const maxWaits = 1_000_000

// guard finds the letters whose key has newer records in the target. It keeps a few
// numbers for each letter, and no record.
type guard struct {
	most   int   // letters to note
	more   int64 // letters beyond them
	seed   maphash.Seed
	keys   map[uint64]*keyed
	from   map[place]int64             // the first offset to look at
	dead   map[place]*roaring64.Bitmap // offsets that letters came from: those overtake nobody
	waits  []waiting
	looked int64
	cut    bool // not all was looked at
}

type place struct {
	topic     string
	partition int32
}

// keyed is what is known of a key in one partition of the target.
type keyed struct {
	newest int64 // offset in the target
	latest int64 // the largest offset that a letter of the key came from
}

// waiting is a letter whose key was noted.
type waiting struct {
	key    *keyed
	origin int64
	at     spot
	topic  string
}

// spot is a letter's place within its topic.
type spot struct {
	partition int32
	offset    int64
}

func newGuard() *guard {
	return &guard{most: maxWaits, seed: maphash.MakeSeed(), keys: map[uint64]*keyed{}, from: map[place]int64{}, dead: map[place]*roaring64.Bitmap{}}
}

func (g *guard) hash(p place, key []byte) uint64 {
	var h maphash.Hash
	h.SetSeed(g.seed)
	fmt.Fprintf(&h, "%s\x00%d\x00", p.topic, p.partition)
	h.Write(key)
	return h.Sum64()
}

// note takes a letter in that goes back to the partition that it came from. Of others
// nothing can be said: offsets of different partitions have no order.
func (g *guard) note(l *dlq.Letter, rec *kgo.Record) {
	o := l.Origin
	if rec.Key == nil || o.Offset == nil || o.Partition == nil || *o.Partition != rec.Partition {
		return
	}
	if len(g.waits) == g.most {
		g.more++
		return
	}
	p := place{rec.Topic, rec.Partition}
	h := g.hash(p, rec.Key)
	k := g.keys[h]
	if k == nil {
		k = &keyed{newest: -1, latest: -1}
		g.keys[h] = k
	}
	k.latest = max(k.latest, *o.Offset)
	if g.dead[p] == nil {
		g.dead[p] = roaring64.New()
	}
	g.dead[p].Add(uint64(*o.Offset))
	if from, ok := g.from[p]; !ok || *o.Offset+1 < from {
		g.from[p] = *o.Offset + 1
	}
	g.waits = append(g.waits, waiting{k, *o.Offset, spot{l.Coordinates.Partition, l.Coordinates.Offset}, rec.Topic})
}

// look reads the target behind the letters' origins.
func (g *guard) look(ctx context.Context, t *Target) error {
	for p, from := range g.from {
		err := t.keys(ctx, p.topic, p.partition, from, func(r *kgo.Record) error {
			if g.looked++; g.looked > maxLook {
				return errEnough
			}
			if r.Key != nil && !g.dead[p].Contains(uint64(r.Offset)) {
				if k := g.keys[g.hash(p, r.Key)]; k != nil {
					k.newest = max(k.newest, r.Offset)
				}
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			g.cut = true
			return nil
		}
		if err != nil {
			return fmt.Errorf("looking for newer records in %s:%d: %w", p.topic, p.partition, err)
		}
	}
	return nil
}

// overtaken says what came after a letter; nil: nothing did.
func (w waiting) overtaken(policy Order) *Finding {
	switch {
	case w.key.newest > w.origin:
		return found("overtaken", "its key has a newer record in the target, at offset %d; it came from offset %d", w.key.newest, w.origin)
	case policy == LatestOnly && w.key.latest > w.origin:
		return found("overtaken", "a newer letter of its key is sent, from offset %d; it came from offset %d", w.key.latest, w.origin)
	}
	return nil
}
