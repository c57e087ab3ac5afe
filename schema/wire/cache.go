package wire

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// cache keeps compiled schemas, those used last. What an id stands for never
// changes, so they don't age. That a schema could not be had is remembered for a
// short time: a topic full of an unknown id must not ask a registry for each record.
type cache struct {
	source Source
	size   int
	forget time.Duration
	now    func() time.Time

	mu      sync.Mutex
	entries map[ID]*list.Element // of *entry
	order   *list.List           // the entry used last is in front
}

// entry is a schema, or the attempt to get it.
type entry struct {
	id      ID
	done    chan struct{} // closed when the rest is known
	lang    language
	err     error
	expires time.Time // of an error
}

// get returns the compiled schema of an id. Several that want the same one wait
// for one attempt.
func (c *cache) get(ctx context.Context, id ID) (language, error) {
	for {
		e, mine := c.entry(id)
		if mine {
			return c.fill(ctx, e)
		}
		select {
		case <-e.done:
		case <-ctx.Done():
			return nil, &SchemaError{id, ctx.Err()}
		}
		if !e.abandoned() {
			return e.lang, e.err
		}
	}
}

// abandoned tells that the attempt ended because its own caller gave up.
func (e *entry) abandoned() bool { return e.lang == nil && e.err == nil }

// entry finds the entry of an id, or makes one for the caller to fill.
func (c *cache) entry(id ID) (e *entry, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.entries[id]; ok {
		e = at.Value.(*entry)
		if !c.stale(e) {
			c.order.MoveToFront(at)
			return e, false
		}
		c.remove(at)
	}
	e = &entry{id: id, done: make(chan struct{})}
	c.entries[id] = c.order.PushFront(e)
	if c.order.Len() > c.size {
		c.remove(c.order.Back())
	}
	return e, true
}

func (c *cache) stale(e *entry) bool {
	select {
	case <-e.done:
		return e.abandoned() || e.err != nil && !c.now().Before(e.expires)
	default:
		return false // under way
	}
}

func (c *cache) remove(at *list.Element) {
	delete(c.entries, at.Value.(*entry).id)
	c.order.Remove(at)
}

// fill gets the schema of an entry. An attempt that ended with the caller's
// context says nothing about the schema, and is not remembered.
func (c *cache) fill(ctx context.Context, e *entry) (language, error) {
	defer close(e.done)
	lang, err := c.fetch(ctx, e.id)
	if err != nil {
		err = &SchemaError{e.id, err}
		if ctx.Err() != nil {
			return nil, err
		}
	}
	e.lang, e.err, e.expires = lang, err, c.now().Add(c.forget)
	return lang, err
}

func (c *cache) fetch(ctx context.Context, id ID) (language, error) {
	schema, err := c.source.Schema(ctx, id)
	if err != nil {
		return nil, err
	}
	return compile(schema)
}
