package wire

import (
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// change makes data of JSON that was changed. What the JSON didn't show of the former
// data, because the schema doesn't have it, stays in the messages that stay.
func (p protobufSchema) change(indexes []int, former []byte, most int, text []byte) ([]byte, error) {
	descriptor, err := p.schema.MessageAt(indexes)
	if err != nil {
		return nil, err
	}
	look := inspection{types: anyTypes{p.schema.Types()}, size: measure{most: most, costs: map[protoreflect.FullName]int{}}}
	old := dynamicpb.NewMessage(descriptor)
	if err := look.read(former, old, ""); err != nil {
		return nil, err
	}
	now := dynamicpb.NewMessage(descriptor)
	reading := protojson.UnmarshalOptions{Resolver: look.types, RecursionLimit: protobufDepth}
	if err := reading.Unmarshal(text, now); err != nil {
		return nil, faultf("", "as a %s: %s", descriptor.FullName(), libraryWords(err))
	}
	k := keeper{types: look.types, look: &look}
	if err := k.message(old, now, "", 0); err != nil {
		return nil, err
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(now)
}

// keeper brings what the schema doesn't have from a message into its changed form.
type keeper struct {
	types anyTypes
	look  *inspection // reads what is in a google.protobuf.Any
}

// message keeps what a message has, and what those in it have.
func (k *keeper) message(old, now protoreflect.Message, path string, depth int) error {
	if unknown := old.GetUnknown(); len(unknown) > 0 {
		now.SetUnknown(unknown)
	}
	if now.Descriptor().FullName() == "google.protobuf.Any" {
		return k.any(old, now, path, depth)
	}
	var err error
	now.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		err = k.field(field, old, value, within(path, string(field.Name())), depth)
		return err == nil
	})
	return err
}

func (k *keeper) field(field protoreflect.FieldDescriptor, old protoreflect.Message, value protoreflect.Value, path string, depth int) error {
	former := old.Get(field)
	var err error
	switch {
	case field.IsMap() && field.MapValue().Message() != nil:
		value.Map().Range(func(key protoreflect.MapKey, inner protoreflect.Value) bool {
			before := emptyOr(former.Map().Get(key), inner)
			err = k.message(before, inner.Message(), path+"{}", depth)
			return err == nil
		})
		return err
	case field.IsMap() || field.Message() == nil:
		return nil
	case field.IsList():
		return k.list(former.List(), value.List(), path, depth)
	}
	return k.message(former.Message(), value.Message(), path, depth)
}

// emptyOr is the former message, or an empty one for what wasn't there.
func emptyOr(former, now protoreflect.Value) protoreflect.Message {
	if former.IsValid() {
		return former.Message()
	}
	return now.Message().Type().Zero()
}

// list finds out which element was which: those that are as they were, wherever they
// stand now, and then those that stand where they stood. Where elements were both
// changed and added or taken out, nobody can tell whose the unknown fields are.
func (k *keeper) list(old, now protoreflect.List, path string, depth int) error {
	of, left, err := k.pair(old, now)
	if err != nil {
		return err
	}
	for i, j := range of {
		if j < 0 && left {
			return faultf(path+"[]", "elements have fields that the schema doesn't have, and it can't be told which elements those are now: change elements, or add and take out some, not both at once")
		}
		if j < 0 {
			continue // a new one
		}
		if err := k.message(old.Get(j).Message(), now.Get(i).Message(), path+"[]", depth); err != nil {
			return err
		}
	}
	return nil
}

// pair gives the former index of each element, or -1, and tells whether a former one
// without counterpart has something to lose.
func (k *keeper) pair(old, now protoreflect.List) (of []int, left bool, err error) {
	before, rich, err := k.faces(old)
	if err != nil {
		return nil, false, err
	}
	after, _, err := k.faces(now)
	if err != nil {
		return nil, false, err
	}
	taken, moved := make([]bool, len(before)), map[string][]int{}
	of = make([]int, len(after))
	for i := range of {
		if of[i] = -1; i < len(before) && before[i] == after[i] {
			of[i], taken[i] = i, true
		}
	}
	for j := range before {
		if !taken[j] {
			moved[before[j]] = append(moved[before[j]], j)
		}
	}
	for i := range of {
		if places := moved[after[i]]; of[i] < 0 && len(places) > 0 {
			of[i], taken[places[0]], moved[after[i]] = places[0], true, places[1:]
		}
	}
	for i := range of {
		if of[i] < 0 && len(of) == len(taken) && !taken[i] {
			of[i], taken[i] = i, true
		}
	}
	for j := range taken {
		left = left || !taken[j] && rich[j]
	}
	return of, left, nil
}

// faces are what the schema sees of elements; rich are those that have more.
func (k *keeper) faces(list protoreflect.List) (faces []string, rich []bool, err error) {
	marshal := proto.MarshalOptions{Deterministic: true, AllowPartial: true}
	for i := range list.Len() {
		m := proto.Clone(list.Get(i).Message().Interface())
		all, err := marshal.Marshal(m)
		if err == nil {
			err = k.forget(m.ProtoReflect(), 0)
		}
		if err != nil {
			return nil, nil, err
		}
		face, err := marshal.Marshal(m)
		if err != nil {
			return nil, nil, err
		}
		faces, rich = append(faces, string(face)), append(rich, string(all) != string(face))
	}
	return faces, rich, nil
}

// forget takes out what the schema doesn't have.
func (k *keeper) forget(m protoreflect.Message, depth int) error {
	m.SetUnknown(nil)
	if m.Descriptor().FullName() == "google.protobuf.Any" {
		return k.forgetAny(m, depth)
	}
	var err error
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsMap() && field.MapValue().Message() != nil:
			value.Map().Range(func(_ protoreflect.MapKey, inner protoreflect.Value) bool {
				err = k.forget(inner.Message(), depth)
				return err == nil
			})
		case field.IsMap() || field.Message() == nil:
		case field.IsList():
			for i := 0; i < value.List().Len() && err == nil; i++ {
				err = k.forget(value.List().Get(i).Message(), depth)
			}
		default:
			err = k.forget(value.Message(), depth)
		}
		return err == nil
	})
	return err
}

func (k *keeper) forgetAny(m protoreflect.Message, depth int) error {
	fields := m.Descriptor().Fields()
	kind, err := knownTypes{k.types.Types}.FindMessageByURL(m.Get(fields.ByNumber(1)).String())
	if err != nil || depth >= maxAnyDepth {
		m.Clear(fields.ByNumber(2)) // the JSON shows nothing of it
		return nil
	}
	inner := kind.New()
	if err := k.look.read(m.Get(fields.ByNumber(2)).Bytes(), inner, ""); err != nil {
		return err
	}
	if err := k.forget(inner, depth+1); err != nil {
		return err
	}
	return k.fill(m, inner)
}

// fill puts a message into a google.protobuf.Any.
func (k *keeper) fill(m, inner protoreflect.Message) error {
	data, err := proto.MarshalOptions{Deterministic: true, AllowPartial: true}.Marshal(inner.Interface())
	if err == nil {
		m.Set(m.Descriptor().Fields().ByNumber(2), protoreflect.ValueOfBytes(data))
	}
	return err
}

// any keeps what is in a message of which the type is in the data.
func (k *keeper) any(old, now protoreflect.Message, path string, depth int) error {
	fields := now.Descriptor().Fields()
	url, value := fields.ByNumber(1), fields.ByNumber(2)
	name := now.Get(url).String()
	kind, err := knownTypes{k.types.Types}.FindMessageByURL(name)
	stays := old.Get(url).String() == name
	switch {
	case depth >= maxAnyDepth:
		return faultf(path, "more than %d messages of google.protobuf.Any in each other", maxAnyDepth)
	case name == "" || err == nil && !stays:
		return nil
	case err != nil && !stays:
		return faultf(path, "the schema doesn't have the type %s of a google.protobuf.Any", name)
	case err != nil: // its JSON shows nothing of it, so that nothing was changed
		now.Set(value, old.Get(value))
		return nil
	}
	before, after := kind.New(), kind.New()
	for _, one := range []struct {
		from, to protoreflect.Message
	}{{old, before}, {now, after}} {
		if err := k.look.read(one.from.Get(value).Bytes(), one.to, path); err != nil {
			return err
		}
	}
	if err := k.message(before, after, path, depth+1); err != nil {
		return err
	}
	return k.fill(now, after)
}
