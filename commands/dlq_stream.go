package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
)

// gap is where in a document something writes itself, instead of a member that is
// empty: an empty list, or null.
type gap struct {
	empty string // such as "letters":[]
	write func(io.Writer) error
}

// writeAround writes a document with what writes itself in its gaps, in their order.
func writeAround(w io.Writer, document any, gaps ...gap) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		return err
	}
	text := b.Bytes()
	for _, p := range gaps {
		before, after, found := bytes.Cut(text, []byte(p.empty)) // in a text, its quotes would be escaped
		if !found {
			return fmt.Errorf("the document has no %s", p.empty)
		}
		name, _, _ := bytes.Cut([]byte(p.empty), []byte(":"))
		if _, err := fmt.Fprintf(w, "%s%s:", before, name); err != nil {
			return err
		}
		if err := p.write(w); err != nil {
			return err
		}
		text = after
	}
	_, err := w.Write(text)
	return err
}

// decodedLetter is a letter that is decoded only while it is written: what is decoded can
// be larger than what it was.
type decodedLetter struct {
	*dlq.Letter
	ctx    context.Context
	office *postOffice
}

// WriteJSON implements [render.Streamed].
func (l decodedLetter) WriteJSON(w io.Writer) error {
	if l.Decoded == nil { // else a query needed it
		defer func() { l.Decoded = nil }()
		l.Decode(l.ctx, l.office.Decoder, l.RecordHeaders())
	}
	return l.Letter.WriteJSON(w)
}

// WriteJSON implements [render.Streamed].
func (p letterPage) WriteJSON(w io.Writer) error {
	head := p
	head.Letters = []decodedLetter{}
	return writeAround(w, letterPageFields(head), gap{`"letters":[]`, func(w io.Writer) error {
		return writeList(w, p.Letters)
	}})
}

// letterPageFields are a page without its methods.
type letterPageFields letterPage

func writeList[T render.Streamed](w io.Writer, list []T) error {
	for i, one := range list {
		separator := ","
		if i == 0 {
			separator = "["
		}
		if _, err := io.WriteString(w, separator); err != nil {
			return err
		}
		if err := one.WriteJSON(w); err != nil {
			return err
		}
	}
	end := "]"
	if len(list) == 0 {
		end = "[]"
	}
	_, err := io.WriteString(w, end)
	return err
}

// letterDocumentFields are a document without its methods.
type letterDocumentFields letterDocument

// WriteJSON implements [render.Streamed].
func (d letterDocument) WriteJSON(w io.Writer) error {
	head := letterDocumentFields(d)
	head.Letter = nil
	gaps := []gap{{`"letter":null`, d.Letter.WriteJSON}}
	if d.Source != nil && d.Source.Record != nil {
		source := *d.Source
		source.Record = nil
		head.Source = &source
		gaps = append(gaps, gap{`"record":null`, d.Source.Record.WriteJSON})
	}
	return writeAround(w, head, gaps...)
}
