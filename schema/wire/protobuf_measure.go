package wire

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxMessages is how many messages one piece of data may consist of. A message
// takes two bytes on the wire, and a hundred times that in memory.
const maxMessages = 500_000

// measure finds out, before anything is built, what data would come to: a message
// of many fields is two bytes when it is empty, and its JSON has all of them.
type measure struct {
	messages int
	json     int // bytes that names come to, beyond what is in proportion to the data
	most     int // of json
	costs    map[protoreflect.FullName]int
}

// message walks over the bytes of one message. Broken bytes end the walk: reading
// them says what is wrong.
func (s *measure) message(b []byte, descriptor protoreflect.MessageDescriptor, depth int) error {
	if s.messages++; s.messages > maxMessages {
		return faultf("", "it consists of more than %d messages", maxMessages)
	}
	if depth > protobufDepth {
		return faultf("", "messages nest deeper than %d levels", protobufDepth)
	}
	if err := s.add(s.emptyCost(descriptor)); err != nil {
		return err
	}
	for len(b) > 0 {
		number, wireType, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil
		}
		size := protowire.ConsumeFieldValue(number, wireType, b[n:])
		if size < 0 {
			return nil
		}
		value := b[n : n+size]
		b = b[n+size:]
		field := descriptor.Fields().ByNumber(number)
		if field == nil {
			continue
		}
		if err := s.field(field, wireType, value, depth); err != nil {
			return err
		}
	}
	return nil
}

func (s *measure) field(field protoreflect.FieldDescriptor, wireType protowire.Type, value []byte, depth int) error {
	switch {
	case field.Enum() != nil:
		return s.add(s.enumCost(field.Enum()) * max(1, len(value)))
	case field.Message() == nil:
	case wireType == protowire.BytesType:
		inner, _ := protowire.ConsumeBytes(value)
		return s.message(inner, field.Message(), depth+1)
	case wireType == protowire.StartGroupType:
		inner, _ := protowire.ConsumeGroup(field.Number(), value)
		return s.message(inner, field.Message(), depth+1)
	}
	return nil
}

func (s *measure) add(json int) error {
	if s.json += json; s.json > s.most {
		return tooMuchJSON(s.most)
	}
	return nil
}

// emptyCost is the JSON of a message without data: the fields that appear even
// when they are zero.
func (s *measure) emptyCost(descriptor protoreflect.MessageDescriptor) int {
	if cost, ok := s.costs[descriptor.FullName()]; ok {
		return cost
	}
	cost := 2
	for fields, i := descriptor.Fields(), 0; i < fields.Len(); i++ {
		if field := fields.Get(i); !field.HasPresence() {
			cost += len(field.Name()) + len(`"":0,`)
			if field.Enum() != nil && !field.IsList() {
				cost += s.enumCost(field.Enum())
			}
		}
	}
	s.costs[descriptor.FullName()] = cost
	return cost
}

// enumCost is the longest of an enum's names, beyond what any number takes.
func (s *measure) enumCost(enum protoreflect.EnumDescriptor) int {
	if cost, ok := s.costs[enum.FullName()]; ok {
		return cost
	}
	cost := 0
	for values, i := enum.Values(), 0; i < values.Len(); i++ {
		cost = max(cost, len(values.Get(i).Name())-8)
	}
	s.costs[enum.FullName()] = cost
	return cost
}
