package wire

import (
	"fmt"

	"github.com/evtctl/evtctl/schema/protobuf"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// protobufDepth is how deep messages nest: the limit of Protobuf's other languages.
const protobufDepth = 100

// protobufSchema is a compiled .proto file.
type protobufSchema struct{ schema *protobuf.Schema }

func compileProtobuf(s *Schema) (language, error) {
	refs := make([]protobuf.Reference, len(s.References))
	for i, r := range s.References {
		refs[i] = protobuf.Reference{Name: r.Name, Source: []byte(r.Text)}
	}
	schema, err := protobuf.Parse([]byte(s.Text), refs...)
	if err != nil {
		return nil, err
	}
	return protobufSchema{schema}, nil
}

func (protobufSchema) format() Format { return Protobuf }
func (protobufSchema) name() string   { return "" }

func (p protobufSchema) decode(f *Frame, b body) (*Message, error) {
	indexes, data, err := messageOf(*f, b)
	if err != nil {
		return nil, err
	}
	f.Indexes = indexes
	descriptor, err := p.schema.MessageAt(f.Indexes)
	if err != nil {
		return nil, err
	}
	message := dynamicpb.NewMessage(descriptor)
	name := string(descriptor.FullName())
	look := inspection{types: anyTypes{p.schema.Types()}, size: measure{most: b.json, costs: map[protoreflect.FullName]int{}}}
	if err := look.read(data, message, ""); err != nil {
		return nil, err
	}
	if err := look.message(message, "", 0); err != nil {
		return nil, err
	}
	if err := proto.CheckInitialized(message); err != nil {
		look.note("%s", libraryWords(err))
	}
	text, err := protojson.MarshalOptions{
		AllowPartial: true, UseProtoNames: true, EmitDefaultValues: true, Resolver: look.types,
	}.Marshal(message)
	if err != nil {
		return nil, faultf("", "%s", libraryWords(err))
	}
	if len(text) > b.json {
		return nil, tooMuchJSON(b.json)
	}
	// The library puts blanks in at random, so that nobody relies on its form.
	if text, err = oneLine(text, false); err != nil {
		return nil, err
	}
	return &Message{Name: name, JSON: text, Notes: look.notes}, nil
}

func (p protobufSchema) encode(f Frame, text []byte) ([]byte, error) {
	descriptor, err := p.schema.MessageAt(f.Indexes)
	if err != nil {
		return nil, err
	}
	message := dynamicpb.NewMessage(descriptor)
	reading := protojson.UnmarshalOptions{Resolver: knownTypes{p.schema.Types()}, RecursionLimit: protobufDepth}
	if err := reading.Unmarshal(text, message); err != nil {
		return nil, faultf("", "as a %s: %s", descriptor.FullName(), libraryWords(err))
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(message)
}

func tooMuchJSON(most int) error {
	return fmt.Errorf("its JSON has more than %d bytes", most)
}
