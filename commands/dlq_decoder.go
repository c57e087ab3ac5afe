package commands

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/schema"
	"github.com/evtctl/evtctl/schema/registry"
	"github.com/evtctl/evtctl/schema/wire"
	"github.com/twmb/franz-go/pkg/kgo"
)

// letterDecoder decodes what letters hold with the schemas of the configured registry.
// Nothing is asked of it, nor is its login read, before a letter needs a schema.
type letterDecoder struct {
	env  *Env
	once sync.Once

	codec *wire.Codec
	err   error // why there is none

	mu       sync.Mutex
	failures int64
	first    error
}

// Decode implements dlq.Decoder.
func (d *letterDecoder) Decode(ctx context.Context, headers []kgo.RecordHeader, key bool, data []byte) ([]byte, string, error) {
	message, err := d.message(ctx, headers, key, data)
	if message == nil {
		return nil, "", err
	}
	return message.JSON, string(message.Format), nil
}

// message gives nil, with no error, for plain data.
func (d *letterDecoder) message(ctx context.Context, headers []kgo.RecordHeader, key bool, data []byte) (*wire.Message, error) {
	part := partOf(key)
	var frame *wire.FrameError
	if _, _, err := wire.ReadFrame(part, headers, data); errors.As(err, &frame) && !frame.InHeader {
		return nil, nil // there is nothing to decode it with
	}
	codec, err := d.wire(ctx)
	if err != nil {
		return nil, d.failed(err)
	}
	message, err := codec.Decode(ctx, part, headers, data)
	if err != nil {
		return nil, d.failed(err)
	}
	return message, nil
}

func partOf(key bool) wire.Part {
	if key {
		return wire.Key
	}
	return wire.Value
}

// wire gives the codec, which is made when a letter first needs one.
func (d *letterDecoder) wire(ctx context.Context) (*wire.Codec, error) {
	d.once.Do(func() { d.open(ctx) })
	return d.codec, d.err
}

func (d *letterDecoder) open(ctx context.Context) {
	client, _, err := d.env.OpenRegistry(context.WithoutCancel(ctx)) // others share it
	if err != nil {
		d.err = &unopenedError{err}
		return
	}
	d.codec = wire.NewCodec(&patientSource{source: schema.WireSource(client, ""), now: time.Now}, wire.Options{})
}

// unopenedError says why nothing can be asked of the registry.
type unopenedError struct{ err error }

func (e *unopenedError) Error() string { return e.err.Error() }
func (e *unopenedError) Unwrap() error { return e.err }

func (d *letterDecoder) failed(err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failures++
	if d.first == nil {
		d.first = err
	}
	return err
}

// undecoded is how many keys and values could not be decoded so far, and why the first.
func (d *letterDecoder) undecoded() (int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failures, d.first
}

// tell says how many keys and values could not be decoded: a query over what they say
// left them out.
func (d *letterDecoder) tell(s *render.Streams) {
	if n, first := d.undecoded(); n > 0 {
		render.Message(s, render.Warn, "keys and values that could not be decoded: %s; the first: %v", render.Count(n), first)
	}
}

// patience is how long a registry that didn't answer isn't asked again: a topic with
// many schemas must not wait for each of them.
const patience = 10 * time.Second

type patientSource struct {
	source wire.Source
	now    func() time.Time

	mu   sync.Mutex
	err  error
	when time.Time
}

// Schema implements wire.Source.
func (p *patientSource) Schema(ctx context.Context, id wire.ID) (*wire.Schema, error) {
	p.mu.Lock()
	err, when := p.err, p.when
	p.mu.Unlock()
	if err != nil && p.now().Sub(when) < patience {
		return nil, err
	}
	found, err := p.source.Schema(ctx, id)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err = nil; ctx.Err() == nil && silent(err) {
		p.err, p.when = err, p.now()
	}
	return found, err
}

// silent tells of a registry that would answer nothing else either.
func silent(err error) bool {
	var e *registry.Error
	return errors.As(err, &e) && (e.Status == 0 || e.Status >= 500 || errors.Is(err, registry.ErrUnauthorized) || errors.Is(err, registry.ErrNoRegistry))
}
