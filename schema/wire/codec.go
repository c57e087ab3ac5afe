package wire

import (
	"container/list"
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Options bound what a [Codec] keeps and makes. Zero values stand for the defaults.
type Options struct {
	// Schemas is how many compiled schemas are kept: 500.
	Schemas int
	// Data is the most bytes of a key or value that are decoded, or of JSON that are
	// encoded: 16 MiB.
	Data int
	// JSON is the most bytes of JSON that are made of a key or value: 64 MiB.
	JSON int
	// Forget is how long it is remembered that a schema could not be had: 10 s.
	Forget time.Duration
	// Now is the clock: [time.Now].
	Now func() time.Time
}

func (o *Options) setDefaults() {
	if o.Schemas <= 0 {
		o.Schemas = 500
	}
	if o.Data <= 0 {
		o.Data = 16 << 20
	}
	if o.JSON <= 0 {
		o.JSON = 64 << 20
	}
	if o.Forget <= 0 {
		o.Forget = 10 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// Codec decodes and encodes keys and values. Any number of goroutines may use it
// at the same time.
type Codec struct {
	cache   cache
	options Options
}

// NewCodec makes a codec that gets its schemas from a source.
func NewCodec(source Source, options Options) *Codec {
	options.setDefaults()
	return &Codec{
		options: options,
		cache: cache{
			source: source, size: options.Schemas, forget: options.Forget, now: options.Now,
			entries: map[ID]*list.Element{}, order: list.New(),
		},
	}
}

// Message is decoded data.
type Message struct {
	Frame  Frame
	Format Format
	// Name is the full name of the Avro type or the Protobuf message; empty where
	// there is none.
	Name string
	JSON []byte // one line; see the package's documentation
	// Violations are places where data doesn't satisfy its JSON Schema. It was
	// decoded all the same.
	Violations []Violation
	// Notes tell what of the data isn't in JSON and would be lost in encoding it again,
	// and why data wasn't held against its JSON Schema.
	Notes []string
}

// Violation is a place where data doesn't satisfy its JSON Schema.
type Violation struct {
	Path   string // JSON pointer into the data; empty for all of it
	Reason string
}

// Decode turns a key or value into JSON. Errors: [ErrNull], and a [*FrameError]
// for data without a schema id, a [*SchemaError] where the schema could not be had
// or used, a [*DataError] where the data isn't what the schema says.
func (c *Codec) Decode(ctx context.Context, part Part, headers []kgo.RecordHeader, data []byte) (*Message, error) {
	frame, rest, err := ReadFrame(part, headers, data)
	if err != nil {
		return nil, err
	}
	lang, err := c.cache.get(ctx, frame.ID)
	if err != nil {
		return nil, err
	}
	b := body{data: rest, json: c.options.JSON}
	if frame.InHeader {
		b.data, b.more = data, rest
	}
	if len(b.data) > c.options.Data {
		return nil, dataError(frame.ID, lang, tooLong(len(b.data), c.options.Data))
	}
	m, err := lang.decode(&frame, b)
	if err != nil {
		return nil, dataError(frame.ID, lang, err)
	}
	m.Frame, m.Format = frame, lang.format()
	return m, nil
}

func tooLong(n, most int) error {
	return fmt.Errorf("it has %d bytes, and at most %d are decoded", n, most)
}

// Encoded is a key or value ready to be written.
type Encoded struct {
	Data []byte
	// Header must go with the record when the frame says that the id is in a header;
	// nil otherwise.
	Header *kgo.RecordHeader
}

// Encode turns JSON, in the form that [Codec.Decode] gives, into a key or value of
// the schema that the frame names, and checks it on the way: a missing, unknown or
// misplaced field, a wrong type and a number out of range are a [*DataError]. For
// Protobuf the frame needs indexes; without, it is the schema's first message.
func (c *Codec) Encode(ctx context.Context, part Part, frame Frame, json []byte) (*Encoded, error) {
	lang, err := c.cache.get(ctx, frame.ID)
	if err != nil {
		return nil, err
	}
	if len(json) > c.options.Data {
		return nil, dataError(frame.ID, lang, tooLong(len(json), c.options.Data))
	}
	if lang.format() != Protobuf {
		frame.Indexes = nil
	} else if len(frame.Indexes) == 0 {
		frame.Indexes = []int{0}
	}
	data, err := lang.encode(frame, json)
	if err != nil {
		return nil, dataError(frame.ID, lang, err)
	}
	head := appendID(nil, frame.ID)
	if frame.Indexes != nil {
		head = appendIndexes(head, frame.Indexes)
	}
	if frame.InHeader {
		if data == nil {
			data = []byte{} // null would be a tombstone
		}
		return &Encoded{Data: data, Header: &kgo.RecordHeader{Key: part.Header(), Value: head}}, nil
	}
	return &Encoded{Data: append(head, data...)}, nil
}
