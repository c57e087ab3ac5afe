package jq

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
)

// maxDepth is how deep JSON may nest.
const maxDepth = 1000

// node is a JSON value with its place in the text.
type node struct {
	start, end int
	value      any
	members    []namedNode // of an object; never nil for one
	items      []node      // of an array; never nil for one
	inner      int         // the end of the last member or item; 0: there is none
}

type namedNode struct {
	name         string
	start, colon int
	value        node
}

// parse reads a text that is one JSON value.
func parse(text []byte) (*node, error) {
	p := &parser{text: text, dec: json.NewDecoder(bytes.NewReader(text))}
	p.dec.UseNumber()
	root, err := p.value(0)
	if err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("not JSON: something follows the value")
	}
	return &root, nil
}

type parser struct {
	text []byte
	dec  *json.Decoder
}

// begin is where the next token begins: behind blanks, commas and colons.
func (p *parser) begin() int {
	at := int(p.dec.InputOffset())
	for at < len(p.text) && bytes.IndexByte([]byte(" \t\r\n,:"), p.text[at]) >= 0 {
		at++
	}
	return at
}

func (p *parser) value(depth int) (n node, err error) {
	if depth > maxDepth {
		return n, fmt.Errorf("it nests deeper than %d", maxDepth)
	}
	n.start = p.begin()
	token, err := p.dec.Token()
	if err != nil {
		return n, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			err = p.object(&n, depth)
		} else {
			err = p.array(&n, depth)
		}
		if err != nil {
			return n, err
		}
		_, err = p.dec.Token() // the closing one
	case json.Number:
		n.value = number(t)
	default:
		n.value = token
	}
	n.end = int(p.dec.InputOffset())
	return n, err
}

func (p *parser) object(n *node, depth int) error {
	object := map[string]any{}
	n.members, n.value = []namedNode{}, object
	for p.dec.More() {
		m := namedNode{start: p.begin()}
		token, err := p.dec.Token()
		if err != nil {
			return err
		}
		m.name = token.(string)
		end := int(p.dec.InputOffset())
		m.colon = end + bytes.IndexByte(p.text[end:], ':')
		if m.value, err = p.value(depth + 1); err != nil {
			return err
		}
		if _, twice := object[m.name]; twice {
			return fmt.Errorf("member %q comes twice", m.name)
		}
		object[m.name], n.inner = m.value.value, m.value.end
		n.members = append(n.members, m)
	}
	return nil
}

func (p *parser) array(n *node, depth int) error {
	list := []any{}
	n.items = []node{}
	for p.dec.More() {
		item, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		list, n.inner = append(list, item.value), item.end
		n.items = append(n.items, item)
	}
	n.value = list
	return nil
}

// number keeps whole numbers whole, however long they are.
func number(t json.Number) any {
	if n, err := t.Int64(); err == nil {
		return int(n)
	}
	if n, ok := new(big.Int).SetString(t.String(), 10); ok && len(t) < 400 {
		return n
	}
	f, _ := t.Float64()
	return f
}

// separator is what stands before a member or item, as the text has it: blanks, and a
// comma unless it is the first that is written.
func (n *node) separator(text []byte, i int, first bool) []byte {
	var between []byte
	if i >= 0 {
		start, _ := n.part(i)
		from := n.start + 1
		if i > 0 {
			_, from = n.part(i - 1)
		}
		between = text[from:start]
	}
	switch comma := bytes.IndexByte(between, ','); {
	case first && comma >= 0:
		return append(bytes.Clone(between[:comma]), between[comma+1:]...)
	case !first && comma < 0:
		return append([]byte{','}, between...)
	}
	return between
}

// part is where a member or item is.
func (n *node) part(i int) (start, end int) {
	if n.members != nil {
		return n.members[i].start, n.members[i].value.end
	}
	return n.items[i].start, n.items[i].end
}

// closing is the closing bracket, with the blanks before it.
func (n *node) closing(text []byte) []byte {
	if n.inner == 0 {
		return text[n.end-1 : n.end]
	}
	return text[n.inner:n.end]
}
