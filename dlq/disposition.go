package dlq

import (
	"context"
	"time"
)

// Disposition is what was done about a letter.
type Disposition struct {
	State string     `json:"state"` // replayed, edited, discarded or parked
	Job   string     `json:"job"`
	Who   string     `json:"who"`
	Why   string     `json:"why"`
	At    *time.Time `json:"at"`
}

// Dispositions knows what was done about letters.
type Dispositions interface {
	// Of gives a letter's disposition; nil: nothing was done. It is called for every
	// letter that is read, by several goroutines at once.
	Of(c Coordinates) *Disposition
	// Count tells how many letters of a partition, with offsets from from up to but
	// not including to, have one.
	Count(partition int32, from, to int64) int64
}

// OpenDispositions opens what is known about the letters of one topic, by the id
// that the topic has now. Nil stands for nothing known.
type OpenDispositions func(ctx context.Context, topic string, id [16]byte) (Dispositions, error)
