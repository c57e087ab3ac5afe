package wire

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Draft is a key or value as a text that can be changed.
type Draft struct {
	Message
	// Text is the JSON: for JSON Schema as it was written, with its blanks, else one line.
	Text []byte

	codec  *Codec
	lang   language
	prefix []byte // what stands before the data: the id, and a message's indexes
	data   []byte
}

// Draft decodes a key or value to be changed. It fails, as [Codec.Decode] does, and
// where [Draft.Change] would lose something.
func (c *Codec) Draft(ctx context.Context, part Part, headers []kgo.RecordHeader, data []byte) (*Draft, error) {
	m, err := c.Decode(ctx, part, headers, data)
	if err != nil {
		return nil, err
	}
	if m.Format != Protobuf && len(m.Notes) > 0 {
		return nil, fmt.Errorf("it can't be changed without losing something: %s", strings.Join(m.Notes, "; "))
	}
	lang, err := c.cache.get(ctx, m.Frame.ID)
	if err != nil {
		return nil, err
	}
	_, rest, err := ReadFrame(part, headers, data)
	switch {
	case err != nil:
		return nil, err
	case m.Frame.InHeader:
		rest = data
	case m.Format == Protobuf:
		_, rest, err = readIndexes(rest)
	}
	d := &Draft{Message: *m, Text: m.JSON, codec: c, lang: lang, prefix: data[:len(data)-len(rest)], data: rest}
	if m.Format == JSON {
		d.Text = rest
	}
	return d, err
}

// Change makes the key or value of a changed text, checked as [Codec.Encode] does it.
// The schema id stays where it was. What the text doesn't show stays too: blanks of
// JSON, and of Protobuf the fields that the schema doesn't have.
func (d *Draft) Change(text []byte) ([]byte, error) {
	if len(text) > d.codec.options.Data {
		return nil, dataError(d.Frame.ID, d.lang, tooLong(len(text), d.codec.options.Data))
	}
	var data []byte
	var err error
	if p, ok := d.lang.(protobufSchema); ok {
		data, err = p.change(d.Frame.Indexes, d.data, d.codec.options.JSON, text)
	} else {
		data, err = d.lang.encode(d.Frame, text)
	}
	if err != nil {
		return nil, dataError(d.Frame.ID, d.lang, err)
	}
	if d.Format == JSON {
		data = text
	}
	return append(bytes.Clone(d.prefix), data...), nil
}
