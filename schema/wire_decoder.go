package schema

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/evtctl/evtctl/schema/registry"
	"github.com/evtctl/evtctl/schema/wire"
	"github.com/twmb/franz-go/pkg/kgo"
)

// WireDecoder tries records that carry a schema's id with a candidate, as a consumer
// that has it would; see [wire.Reader]. The schemas that they were written with come
// from the registry, each once for all candidates. Ids count within the context of
// the candidate's subject.
func WireDecoder(r ByID) Decoder { return &wireDecoder{registry: r, codecs: map[string]*wire.Codec{}} }

type wireDecoder struct {
	registry ByID

	mu     sync.Mutex
	codecs map[string]*wire.Codec // by context
}

// codec returns that of a subject's context.
func (d *wireDecoder) codec(subject string) *wire.Codec {
	d.mu.Lock()
	defer d.mu.Unlock()
	within := contextOf(subject)
	if within == "" {
		subject = ""
	}
	c := d.codecs[within]
	if c == nil {
		c = wire.NewCodec(WireSource(d.registry, subject), wire.Options{})
		d.codecs[within] = c
	}
	return c
}

func (d *wireDecoder) Reader(c Candidate, key bool, refs []Source) (func(context.Context, []byte, []Header) error, error) {
	s := &wire.Schema{Format: wire.Format(c.Format), Text: string(c.Text)}
	for _, ref := range refs {
		s.References = append(s.References, wire.Reference{Name: ref.Name, Text: string(ref.Text)})
	}
	reader, err := d.codec(c.Subject).Reader(s)
	if err != nil {
		return nil, err
	}
	part := wire.Value
	if key {
		part = wire.Key
	}
	return func(ctx context.Context, data []byte, headers []Header) error {
		carried := make([]kgo.RecordHeader, len(headers))
		for i, h := range headers {
			carried[i] = kgo.RecordHeader{Key: h.Key, Value: h.Value}
		}
		return sampleError(reader.Try(ctx, part, carried, data))
	}, nil
}

// sampleError tells whose fault it is that data can't be read.
func sampleError(err error) error {
	var fault *wire.ReadError
	if err == nil || errors.As(err, &fault) {
		return err
	}
	var asked *registry.Error
	if errors.As(err, &asked) && !isMissing(err) {
		return fmt.Errorf("%w: %w", ErrUntried, err)
	}
	return fmt.Errorf("%w: %w", ErrUnreadable, err)
}

// isMissing tells an answer, that there is no such schema or not all that it refers
// to, from there being none.
func isMissing(err error) bool {
	return errors.Is(err, registry.ErrSchemaNotFound) || errors.Is(err, registry.ErrSubjectNotFound) || errors.Is(err, registry.ErrVersionNotFound)
}
