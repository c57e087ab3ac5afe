package wire

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

const (
	// maxAvroDepth is how deep the values of recursive types may nest.
	maxAvroDepth = 500
	// maxAvroValues is how many values one piece of data may consist of, fields
	// counted. A value can take a hundred times its bytes in memory.
	maxAvroValues = 1_000_000
	// maxEmptyValues is how many of them may take no bytes at all, such as null.
	maxEmptyValues = 10_000
)

// avroScan walks over data without making anything of it, to find out whether it
// is what the schema says and what it would come to.
//
// The library bounds each array by itself, and not the sum of all: 60 kB of arrays
// that claim 4,096 nulls each take it 1.2 GB. And it doesn't say where data ends
// too early.
type avroScan struct {
	data   []byte
	at     int
	values int
	empty  int
	depth  int
	path   []step
}

// step is a field's name, or else an index; a key of a map is neither.
type step struct {
	field string
	index int
}

// scanAvro checks that data is one value of the type, and nothing is left.
func scanAvro(t *avroType, data []byte) error {
	s := avroScan{data: data}
	if err := s.value(t); err != nil {
		return err
	}
	if left := len(data) - s.at; left > 0 {
		return &fault{"", s.at, fmt.Sprintf("%d bytes are left over; it was probably written with another schema", left)}
	}
	return nil
}

func (s *avroScan) value(t *avroType) error {
	if s.depth++; s.depth > maxAvroDepth {
		return s.faultf("values nest deeper than %d levels", maxAvroDepth)
	}
	before := s.at
	if err := s.kind(t); err != nil {
		return err
	}
	s.depth--
	if s.values++; s.values > maxAvroValues {
		return s.faultf("it consists of more than %d values", maxAvroValues)
	}
	if s.at == before {
		if s.empty++; s.empty > maxEmptyValues {
			return s.faultf("it has more than %d values that take no bytes", maxEmptyValues)
		}
	}
	return nil
}

func (s *avroScan) kind(t *avroType) error {
	switch t.kind {
	case "null":
		return nil
	case "boolean":
		if s.at < len(s.data) && s.data[s.at] > 1 {
			return s.faultf("the byte 0x%02x is no boolean", s.data[s.at])
		}
		return s.skip(1, t)
	case "int", "long":
		_, err := s.number(t)
		return err
	case "float":
		return s.skip(4, t)
	case "double":
		return s.skip(8, t)
	case "fixed":
		return s.skip(t.size, t)
	case "bytes", "string":
		return s.bytes(t)
	case "enum":
		return s.choice(t, len(t.symbols), "symbols", nil)
	case "union":
		return s.choice(t, len(t.branches), "branches", t.branches)
	case "record":
		return s.record(t)
	}
	return s.blocks(t, s.value)
}

func (s *avroScan) record(t *avroType) error {
	for _, f := range t.fields {
		s.path = append(s.path, step{field: f.name})
		if err := s.value(f.is); err != nil {
			return err
		}
		s.path = s.path[:len(s.path)-1]
	}
	return nil
}

// number reads an int or long.
func (s *avroScan) number(t *avroType) (int64, error) {
	n, size := binary.Varint(s.data[s.at:])
	switch {
	case size == 0:
		return 0, s.cutOff(t)
	case size < 0 || t.kind == "int" && int64(int32(n)) != n:
		return 0, s.faultf("the number is too long for %s", t.words())
	}
	s.at += size
	return n, nil
}

func (s *avroScan) skip(n int, t *avroType) error {
	if n > len(s.data)-s.at {
		return s.cutOff(t)
	}
	s.at += n
	return nil
}

func (s *avroScan) bytes(t *avroType) error {
	n, err := s.number(t)
	if err != nil {
		return err
	}
	if left := len(s.data) - s.at; n < 0 || n > int64(left) {
		return s.faultf("%s of %d bytes, and %d bytes are left", t.words(), n, left)
	}
	s.at += int(n)
	return nil
}

// choice reads the index of an enum's symbol, or of a union's branch and its value.
func (s *avroScan) choice(t *avroType, n int, of string, branches []*avroType) error {
	i, err := s.number(t)
	if err != nil {
		return err
	}
	if i < 0 || i >= int64(n) {
		return s.faultf("number %d of the %d %s of %s", i, n, of, t.words())
	}
	if branches != nil {
		return s.value(branches[i])
	}
	return nil
}

// blocks reads the items of an array or a map, each by the function.
func (s *avroScan) blocks(t *avroType, item func(*avroType) error) error {
	s.path = append(s.path, step{})
	defer func() { s.path = s.path[:len(s.path)-1] }()
	for total := int64(0); ; {
		count, err := s.number(t)
		if err != nil || count == 0 {
			return err
		}
		if count < 0 { // the size of the block in bytes follows
			if _, err := s.number(t); err != nil {
				return err
			}
			count = -count
		}
		if count < 0 || count > maxAvroValues {
			return s.faultf("a block of %d items", uint64(count))
		}
		for range count {
			s.path[len(s.path)-1].index = int(total)
			if t.kind == "map" {
				if err := s.bytes(mapKey); err != nil {
					return err
				}
			}
			if err := item(t.items); err != nil {
				return err
			}
			total++
		}
	}
}

var mapKey = &avroType{kind: "string"}

func (s *avroScan) cutOff(t *avroType) error {
	return s.faultf("it ends in the middle of %s", t.words())
}

func (s *avroScan) faultf(format string, args ...any) error {
	return &fault{pathText(s.path), s.at, fmt.Sprintf(format, args...)}
}

// words describes a type for messages.
func (t *avroType) words() string {
	if t.name != "" {
		return t.kind + " " + t.name
	}
	switch t.kind {
	case "int", "array":
		return "an " + t.kind
	case "bytes":
		return t.kind
	}
	return "a " + t.kind
}

func pathText(path []step) string {
	text := ""
	for _, s := range path {
		if s.field != "" {
			text = within(text, s.field)
		} else {
			text += "[" + strconv.Itoa(s.index) + "]"
		}
	}
	return text
}
