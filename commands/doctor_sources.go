package commands

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/evtctl/evtctl/internal/doctor"
	"github.com/evtctl/evtctl/internal/orderflow/store"
	"github.com/evtctl/evtctl/schema"
	"github.com/evtctl/evtctl/schema/registry"
	"github.com/evtctl/evtctl/schema/wire"
	"github.com/twmb/franz-go/pkg/kgo"
)

// orderBooks are the orders in an application's database.
type orderBooks struct{ database, query string }

// Orders implements doctor.Books.
func (b *orderBooks) Orders(ctx context.Context, visit func(string) error) error {
	return store.Column(ctx, b.database, b.query, visit)
}

// brokenSchemas finds versions of schemas that broke their readers, in the configured
// registry, which is asked when a letter names a schema.
type brokenSchemas struct {
	env  *Env
	once sync.Once

	client   *registry.Client
	err      error
	subjects map[string][]registry.Schema // that were asked for; nil: there is none
}

// Break implements doctor.Schemas. The subject is that of the topic, as registries name
// it by default; what is registered under another name isn't found.
func (b *brokenSchemas) Break(ctx context.Context, topic string, headers []kgo.RecordHeader, value []byte) (*doctor.Break, error) {
	frame, _, err := wire.ReadFrame(wire.Value, headers, value)
	if err != nil {
		return nil, nil // it names no schema
	}
	b.once.Do(func() { b.client, _, b.err = b.env.OpenRegistry(context.WithoutCancel(ctx)) })
	if b.err != nil {
		return nil, b.err
	}
	subject := topic + "-value"
	history, err := b.history(ctx, subject)
	if err != nil {
		return nil, err
	}
	for i := 1; i < len(history); i++ {
		now, before := history[i], history[i-1]
		if int32(now.ID) == frame.ID.Number && frame.ID.Number != 0 || now.GUID != "" && now.GUID == frame.ID.GUID.String() {
			return b.compare(ctx, subject, before.Version, now.Version)
		}
	}
	return nil, nil
}

// history gives the versions of a subject, none where there is no such subject.
func (b *brokenSchemas) history(ctx context.Context, subject string) ([]registry.Schema, error) {
	if known, asked := b.subjects[subject]; asked {
		return known, nil
	}
	history, err := b.client.History(ctx, subject, registry.Live)
	if err != nil && !errors.Is(err, registry.ErrSubjectNotFound) {
		return nil, err
	}
	if b.subjects == nil {
		b.subjects = map[string][]registry.Schema{}
	}
	b.subjects[subject] = history
	return history, nil
}

// compare tells whether readers of one version can't read the next.
func (b *brokenSchemas) compare(ctx context.Context, subject string, before, now int) (*doctor.Break, error) {
	from, to, err := schema.ReadPair(ctx, b.client, schema.Address{Subject: subject, Version: before}, schema.Address{Subject: subject, Version: now}, nil)
	if err != nil {
		return nil, err
	}
	c, err := schema.Diff(from, to)
	if err != nil || c.ReadByOld {
		return nil, err
	}
	found := &doctor.Break{Subject: subject, Version: now, Before: before}
	for _, o := range c.Obstacles {
		if o.Direction == schema.OldReadsNew {
			found.Problems = append(found.Problems, fmt.Sprintf("%s: %s", o.Rule, o.Message))
		}
	}
	return found, nil
}
