package commands

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/schema/wire"
	"github.com/twmb/franz-go/pkg/kgo"
)

// letterEditor changes the values of letters: JSON as it is, and what has a schema by
// way of its JSON, so that the result is what the schema says.
type letterEditor struct {
	decoder *letterDecoder
	change  func(ctx context.Context, text []byte) ([]byte, error)

	before, after []byte // the text of the last change
}

// Edit implements dispose.Editor.
func (e *letterEditor) Edit(ctx context.Context, _ *dlq.Letter, rec *kgo.Record) (bool, error) {
	before := rec.Value
	if before == nil {
		return false, errors.New("its value is null: there is nothing to change")
	}
	value, err := e.edited(ctx, rec)
	if err != nil {
		return false, err
	}
	rec.Value = value
	return !bytes.Equal(before, value), nil
}

// made makes the change, and keeps both texts.
func (e *letterEditor) made(ctx context.Context, text []byte) (changed []byte, err error) {
	e.before = text
	e.after, err = e.change(ctx, text)
	return e.after, err
}

func (e *letterEditor) edited(ctx context.Context, rec *kgo.Record) ([]byte, error) {
	var none *wire.FrameError
	_, rest, err := wire.ReadFrame(wire.Value, rec.Headers, rec.Value)
	if errors.As(err, &none) && !none.InHeader {
		return e.made(ctx, rec.Value) // plain data
	}
	codec, err := e.decoder.wire(ctx)
	if err != nil {
		return nil, err
	}
	message, err := codec.Decode(ctx, wire.Value, rec.Headers, rec.Value)
	if err != nil {
		return nil, err
	}
	if len(message.Notes) > 0 {
		return nil, fmt.Errorf("it can't be changed without losing something: %s", strings.Join(message.Notes, "; "))
	}
	text := message.JSON
	if message.Format == wire.JSON {
		text = rest // with its blanks
	}
	changed, err := e.made(ctx, text)
	if err != nil || bytes.Equal(changed, text) {
		return rec.Value, err
	}
	encoded, err := codec.Encode(ctx, wire.Value, message.Frame, changed)
	if err != nil {
		return nil, err
	}
	if message.Format == wire.JSON {
		frame := rec.Value[:len(rec.Value)-len(rest)]
		return append(bytes.Clone(frame), changed...), nil
	}
	return encoded.Data, nil
}
