package commands

import (
	"context"
	"sync/atomic"

	"github.com/evtctl/evtctl/commands/internal/render"
)

// Brake is how a user ends a write at once: with a second Ctrl-C, where the first has it
// end in order. Nil is one that nobody can pull.
type Brake struct {
	ctx    context.Context
	pull   context.CancelFunc
	heeded atomic.Int32
}

// NewBrake makes one. Ending ctx pulls it too.
func NewBrake(ctx context.Context) *Brake {
	b := &Brake{}
	b.ctx, b.pull = context.WithCancel(ctx)
	return b
}

// Heeded tells whether something under way would be ended by [Brake.Pull].
func (b *Brake) Heeded() bool { return b.heeded.Load() > 0 }

// Pull ends what heeds it.
func (b *Brake) Pull() { b.pull() }

// heed gives a context that ends when the brake is pulled, and says that it is looked
// at until release is called. It is nil for a nil brake.
func (b *Brake) heed() (ctx context.Context, release func()) {
	if b == nil {
		return nil, func() {}
	}
	b.heeded.Add(1)
	return b.ctx, func() { b.heeded.Add(-1) }
}

// heedBrake is heed for a write, which says when ctx ends that it is finished first.
func (e *Env) heedBrake(ctx context.Context) (hard context.Context, release func()) {
	hard, done := e.Brake.heed()
	told := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(told)
		if e.Brake != nil {
			render.Message(e.Streams, render.Warn, "interrupted: what is under way is finished first; Ctrl-C again ends at once")
		}
	})
	return hard, func() {
		if !stop() {
			<-told // what is said later comes behind it
		}
		done()
	}
}
