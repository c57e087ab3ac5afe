package timeline

import (
	"context"

	"github.com/evtctl/evtctl/dlq"
)

// dispositions says what was done about the letters of the story.
func (s *search) dispositions(ctx context.Context, r *Report) error {
	if s.Dispositions == nil {
		return nil
	}
	opened := map[string]dlq.Dispositions{}
	failed := map[string]*string{}
	for i := range r.Events {
		e := &r.Events[i]
		if e.Letter == nil || e.Kind != Letters {
			continue
		}
		if _, done := opened[e.Topic]; !done {
			d, err := ask(ctx, s, func(ctx context.Context) (dlq.Dispositions, error) {
				return s.Dispositions(ctx, e.Topic, s.topic(e.Topic).id)
			})
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if opened[e.Topic] = d; err != nil {
				failed[e.Topic] = orNil(s.word(err))
			}
		}
		switch d := opened[e.Topic]; {
		case failed[e.Topic] != nil:
			e.Letter.DispositionError = failed[e.Topic]
		case d != nil:
			if done := d.Of(e.Coordinates); done != nil {
				e.Letter.Disposition = &done.State
			}
		}
	}
	return nil
}

func (s *search) topic(name string) *topic {
	for _, t := range s.topics {
		if t.name == name {
			return t
		}
	}
	return nil
}
