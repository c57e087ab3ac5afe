package commands

import (
	"bytes"
	"context"
	"errors"
	"unicode/utf8"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/dispose"
	"github.com/evtctl/evtctl/schema/wire"
	"github.com/twmb/franz-go/pkg/kgo"
)

// draft is the value of a letter as a text that can be changed: JSON as it is, and what
// has a schema by way of its JSON, so that the result is what the schema says.
type draft struct {
	at    dlq.Coordinates
	value []byte // as the letter has it
	text  []byte
	// encode makes a value of a text that was changed.
	encode func(text []byte) ([]byte, error)

	changed []byte // the text afterwards
	sent    []byte // the value of that; nil: nothing is sent
	why     string // why nothing is
	err     error  // what the schema, or the change, has against it
}

// draft reads the value of a record, with its schema where it has one.
func (d *letterDecoder) draft(ctx context.Context, rec *kgo.Record) (*draft, error) {
	if rec.Value == nil {
		return nil, errors.New("its value is null: there is nothing to change")
	}
	changing, err := d.wireDraft(ctx, rec.Headers, false, rec.Value)
	switch {
	case err != nil:
		return nil, err
	case changing == nil: // plain data
		return &draft{value: rec.Value, text: rec.Value, encode: func(text []byte) ([]byte, error) { return text, nil }}, nil
	}
	return &draft{value: rec.Value, text: changing.Text, encode: changing.Change}, nil
}

// wireDraft gives nil, with no error, for plain data.
func (d *letterDecoder) wireDraft(ctx context.Context, headers []kgo.RecordHeader, key bool, data []byte) (*wire.Draft, error) {
	var none *wire.FrameError
	if _, _, err := wire.ReadFrame(partOf(key), headers, data); errors.As(err, &none) && !none.InHeader {
		return nil, nil
	}
	codec, err := d.wire(ctx)
	if err != nil {
		return nil, err
	}
	return codec.Draft(ctx, partOf(key), headers, data)
}

// put takes a changed text over, and makes the value of it.
func (d *draft) put(text []byte, err error) {
	d.changed, d.sent, d.why, d.err = text, nil, "", err
	switch {
	case err != nil:
	case bytes.Equal(text, d.text):
		d.why = unchangedLetter
	default:
		sent, err := d.encode(text)
		switch {
		case err != nil:
			d.err = err
		case bytes.Equal(sent, d.value):
			d.why = unchangedLetter
		default:
			d.sent = append([]byte{}, sent...) // never null, which would be a tombstone
		}
	}
}

// Why a letter that could be edited isn't sent.
const (
	unchangedLetter = "was not changed"
	deletedLetter   = "was deleted from the file"
)

// shown is the text as an editor shows it: JSON is set out in lines.
func (d *draft) shown() (text []byte, isJSON bool) {
	if text = indented(d.text); text != nil {
		return text, true
	}
	return d.text, false
}

// read takes over what an editor made of what was shown. JSON is put back into the text
// as it was, so that only what was changed is.
func (d *draft) read(edited []byte) {
	shown, isJSON := d.shown()
	var err error
	switch {
	case bytes.Equal(edited, shown):
		edited = d.text
	case isJSON:
		edited, err = dispose.Splice(d.text, edited)
	case !bytes.HasSuffix(d.text, []byte("\n")):
		edited = bytes.TrimSuffix(edited, []byte("\n")) // editors add one
	}
	d.put(edited, err)
}

// legible tells what no editor can show.
func (d *draft) legible() error {
	if !utf8.Valid(d.text) {
		return errors.New("its value isn't text: --value-file gives another one")
	}
	return nil
}

// letterEditor changes the values of letters, each in the same way.
type letterEditor struct {
	decoder *letterDecoder
	change  func(ctx context.Context, text []byte) ([]byte, error)
}

// Edit implements dispose.Editor.
func (e *letterEditor) Edit(ctx context.Context, _ *dlq.Letter, rec *kgo.Record) (bool, error) {
	d, err := e.decoder.draft(ctx, rec)
	if err != nil {
		return false, err
	}
	changed, err := e.change(ctx, d.text)
	if d.put(changed, err); d.err != nil || d.sent == nil {
		return false, d.err
	}
	rec.Value = d.sent
	return true, nil
}

// draftEditor collects the drafts of letters, for somebody to change.
type draftEditor struct {
	decoder   *letterDecoder
	forEditor bool // which must be able to show them
	list      []*draft
	size      int
	failed    map[dlq.Coordinates]error
}

// Edit implements dispose.Editor.
func (e *draftEditor) Edit(ctx context.Context, l *dlq.Letter, rec *kgo.Record) (bool, error) {
	d, err := e.decoder.draft(ctx, rec)
	if err == nil && e.forEditor {
		err = d.legible()
	}
	if err != nil {
		if e.failed == nil {
			e.failed = map[dlq.Coordinates]error{}
		}
		if len(e.failed) < dispose.MaxLeft {
			e.failed[l.Coordinates] = err
		}
		return false, err
	}
	d.at = l.Coordinates
	if e.size += len(d.text); e.size <= maxSheet {
		e.list = append(e.list, d)
	}
	return true, nil
}

// fixed gives the values that were shown.
func (e *draftEditor) fixed() dispose.Editor {
	f := fixedEditor{}
	for _, d := range e.list {
		f[d.at] = d
	}
	for at, err := range e.failed {
		f[at] = &draft{at: at, err: err}
	}
	return f
}

// fixedEditor has the drafts of letters as they were left.
type fixedEditor map[dlq.Coordinates]*draft

// Edit implements dispose.Editor.
func (e fixedEditor) Edit(_ context.Context, l *dlq.Letter, rec *kgo.Record) (bool, error) {
	switch d := e[l.Coordinates]; {
	case d == nil:
		return false, errors.New("it wasn't among the letters that were edited")
	case d.err != nil:
		return false, d.err
	case !bytes.Equal(rec.Value, d.value):
		return false, errors.New("the letter isn't the one that was edited")
	case d.sent == nil && d.why == deletedLetter:
		return false, &dispose.LeaveError{Kind: "deleted", Why: d.why}
	case d.sent == nil:
		return false, &dispose.LeaveError{Kind: "unchanged", Why: d.why}
	default:
		rec.Value = d.sent
		return true, nil
	}
}
