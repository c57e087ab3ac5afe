package event

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"
)

// registryPatience bounds one question to the registry.
const registryPatience = 5 * time.Second

// Avro is the codec of Avro in Confluent's wire format: a zero byte, the id of
// the writer's schema as an int32 in big-endian order, the datum. It asks the
// registry once for each id and each subject, and needs it no more after that.
// Its methods may be called at the same time.
type Avro struct {
	registry *sr.Client
	placed   int // the version of OrderPlacedEvent to write

	mu      sync.Mutex
	ids     map[string]int    // of the schemas to write, by subject
	writers map[int]*readable // by id
	refused map[int]error     // ids that this flow can't read
}

// readable is how to read what one schema has written.
type readable struct {
	eventType string
	schema    avro.Schema // the writer's, resolved to the reader's
}

// NewAvro returns a codec that writes OrderPlacedEvent as version 1 or 2, and
// reads both. Version 1 has no customer tier: writing loses it.
func NewAvro(registry *sr.Client, placed int) *Avro {
	return &Avro{
		registry: registry,
		placed:   placed,
		ids:      make(map[string]int),
		writers:  make(map[int]*readable),
		refused:  make(map[int]error),
	}
}

// RegistryError is what couldn't be done without the schema registry.
type RegistryError struct {
	What string
	Err  error
}

func (e *RegistryError) Error() string {
	return fmt.Sprintf("%s: ask the schema registry: %v", e.What, e.Err)
}

func (e *RegistryError) Unwrap() error { return e.Err }

// Hint is what to do about it.
func (e *RegistryError) Hint() string {
	return "start the schema registry; schemas that were asked for before are still known"
}

// Subject is where the registry keeps an event's schema. The main event of the order
// topic, prefixed or not, has the topic's name, as is usual with one type a topic; all
// others go by topic and record.
func Subject(topic string, e Event) string {
	if strings.HasSuffix(topic, OrderTopic) && e.Type() == "OrderPlacedEvent" {
		return topic + "-value"
	}
	return topic + "-" + namespace + "." + e.Type()
}

func (a *Avro) Encode(ctx context.Context, topic string, e Event) ([]byte, error) {
	what := fmt.Sprintf("encode %s of order %q for topic %q", e.Type(), e.Order(), topic)
	name := schemaName(e.Type(), a.placed)
	schema, err := ownSchema(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	id, err := a.register(ctx, Subject(topic, e), name)
	if err != nil {
		return nil, &RegistryError{What: what, Err: err}
	}
	value, err := (&sr.ConfluentHeader{}).AppendEncode(nil, id, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	datum, err := limits().Marshal(schema, e)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return append(value, datum...), nil
}

// register returns the id of a schema under its subject. The lock isn't held
// meanwhile: asking twice is harmless, waiting for a registry that hangs is not.
func (a *Avro) register(ctx context.Context, subject, name string) (int, error) {
	a.mu.Lock()
	id, known := a.ids[subject]
	a.mu.Unlock()
	if known {
		return id, nil
	}
	ctx, cancel := context.WithTimeout(ctx, registryPatience)
	defer cancel()
	text, err := schemaText(name)
	if err != nil {
		return 0, err
	}
	id, err = a.registry.RegisterSchema(ctx, subject, sr.Schema{Schema: text, Type: sr.TypeAvro}, -1, -1)
	if err != nil {
		return 0, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ids[subject] = id
	return id, nil
}

func (a *Avro) Decode(ctx context.Context, r *kgo.Record) (Event, error) {
	id, datum, err := (&sr.ConfluentHeader{}).DecodeID(r.Value)
	if err != nil {
		return nil, undecodable(r, errors.New("it is not in Confluent's wire format"))
	}
	w, err := a.writer(ctx, r, id)
	if err != nil {
		return nil, err
	}
	e := blank(w.eventType)
	if err := unmarshal(w.schema, datum, e); err != nil {
		return nil, undecodable(r, fmt.Errorf("its value is no %s of schema %d: %w", w.eventType, id, err))
	}
	return e, complete(r, e)
}

// writer returns how to read what the schema of this id wrote.
func (a *Avro) writer(ctx context.Context, r *kgo.Record, id int) (*readable, error) {
	a.mu.Lock()
	w, refused := a.writers[id], a.refused[id]
	a.mu.Unlock()
	switch {
	case w != nil:
		return w, nil
	case refused != nil:
		return nil, undecodable(r, refused)
	}
	asking, cancel := context.WithTimeout(ctx, registryPatience)
	defer cancel()
	schema, err := a.registry.SchemaByID(asking, id)
	var answer *sr.ResponseError
	if errors.As(err, &answer) && answer.StatusCode == 404 {
		// Not remembered: it may be registered yet.
		return nil, undecodable(r, fmt.Errorf("the schema registry has no schema %d", id))
	}
	if err != nil {
		return nil, &RegistryError{What: fmt.Sprintf("decode record %s with schema %d", place(r), id), Err: err}
	}
	w, refused = resolve(schema)
	a.mu.Lock()
	defer a.mu.Unlock()
	if refused != nil {
		refused = fmt.Errorf("schema %d: %w", id, refused)
		a.refused[id] = refused
		return nil, undecodable(r, refused)
	}
	a.writers[id] = w
	return w, nil
}
