package copies

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/jq"
)

// RecordSet is a change to a whole record, written in jq over the JSON form that
// [Where] sees: .key = "x" | del(.headers[] | select(.key == "user")). What it doesn't
// touch keeps its very bytes. Where the record is can't be changed, and a null value
// stays null, as another one doesn't become it. Several goroutines may use it at once.
type RecordSet struct {
	text    string
	set     *jq.Set
	decodes bool
}

// NewRecordSet compiles a change. The environment, modules and other input can't be had.
func NewRecordSet(query string) (*RecordSet, error) {
	set, err := jq.NewSet(query)
	if err != nil {
		return nil, err
	}
	return &RecordSet{query, set, strings.Contains(query, "decoded")}, nil
}

// Drafter turns keys and values into JSON that can be changed. Several goroutines may
// use it at once.
type Drafter interface {
	// Draft is for data that isn't empty. An [*UnavailableError] ends the copy; with any
	// other, the data has no JSON.
	Draft(ctx context.Context, headers []kgo.RecordHeader, key bool, data []byte) (Draft, error)
}

// Draft is a key or value as JSON.
type Draft struct {
	JSON   []byte
	Format string // avro, json or protobuf; empty for data that names no schema
	// Encode makes data of changed JSON again, checked by its schema.
	Encode func(json []byte) ([]byte, error)
}

// Null values stay null, and no other: a compacted topic deletes by them.
var (
	errTombstone = errors.New(`its value is null, and must stay null; "if .value != null then … else . end" leaves it so`)
	errDeletes   = errors.New("its value would become null, which deletes the key in a compacted topic")
)

// apply changes a record that is to be written; read is the one it was made of.
func (s *RecordSet) apply(ctx context.Context, read, made *kgo.Record, d Drafter) error {
	c := &recordChange{read: read, made: made}
	if s.decodes {
		for i, key := range []bool{true, false} {
			if err := c.parts[i].draft(ctx, d, made, key); err != nil {
				return err
			}
		}
	}
	input, err := c.form(s.decodes)
	if err != nil {
		return err
	}
	result, err := s.set.Value(ctx, input)
	if err != nil {
		return err
	}
	now, ok := result.(map[string]any)
	if !ok {
		return fmt.Errorf("it gives the type %s, and must give the record", jq.Type(result))
	}
	if c.was, err = c.form(s.decodes); err != nil { // the other may have been changed in place
		return err
	}
	return c.take(now)
}

// recordChange is a change to one record.
type recordChange struct {
	read, made *kgo.Record
	parts      [2]drafted // of the key, and of the value
	was        map[string]any
}

// drafted is a key or value that is decoded.
type drafted struct {
	data []byte
	Draft
	err error
}

func (p *drafted) draft(ctx context.Context, d Drafter, made *kgo.Record, key bool) error {
	if p.data = made.Value; key {
		p.data = made.Key
	}
	if d != nil && len(p.data) > 0 {
		p.Draft, p.err = d.Draft(ctx, made.Headers, key, p.data)
	}
	var unavailable *UnavailableError
	if errors.As(p.err, &unavailable) {
		return p.err
	}
	return nil
}

func all(string) bool { return true }

// form is what jq sees.
func (c *recordChange) form(decodes bool) (map[string]any, error) {
	in := form(c.read, c.made, all)
	if !decodes {
		return in, nil
	}
	both := map[string]any{}
	for i, name := range partNames {
		p := &c.parts[i]
		m, text, err := decoded(p.data, p.JSON, p.Format, p.err)
		if err != nil {
			return nil, err
		}
		if both[name] = m; p.JSON == nil && text != nil && p.err == nil { // without a schema
			p.JSON, p.Encode = text, func(json []byte) ([]byte, error) { return json, nil }
		}
	}
	in["decoded"] = both
	return in, nil
}

var partNames = [2]string{"key", "value"}

// take makes the record what jq gave.
func (c *recordChange) take(now map[string]any) error {
	if err := c.sameBut(now, c.was, "", "key", "key_base64", "value", "value_base64", "headers", "decoded"); err != nil {
		return err
	}
	headers, err := c.headers(now["headers"])
	if err != nil {
		return err
	}
	var data [2][]byte
	for i, name := range partNames {
		if data[i], err = c.part(now, i, name); err != nil {
			return err
		}
	}
	switch was := c.made.Value; {
	case was == nil && data[1] != nil:
		return errTombstone
	case was != nil && data[1] == nil:
		return errDeletes
	}
	c.made.Key, c.made.Value, c.made.Headers = data[0], data[1], headers
	return nil
}

// sameBut fails when members of an object aren't as they were, some left out.
func (c *recordChange) sameBut(now, was map[string]any, path string, but ...string) error {
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if before, known := was[name]; slices.Contains(but, name) {
			continue
		} else if !known {
			return fmt.Errorf("%s.%s is no part of a record", path, name)
		} else if !jq.Equal(before, now[name]) {
			return fmt.Errorf("%s.%s can't be changed", path, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(was)) {
		if _, kept := now[name]; !kept && !slices.Contains(but, name) {
			return fmt.Errorf("%s.%s is left out: the whole record must be given", path, name)
		}
	}
	return nil
}

// part is the key or value as it is to be.
func (c *recordChange) part(now map[string]any, i int, name string) ([]byte, error) {
	plain, err := jq.Bytes(now, c.was, name)
	if err != nil {
		return nil, err
	}
	before := [2][]byte{c.made.Key, c.made.Value}[i]
	changed := (plain == nil) != (before == nil) || string(plain) != string(before)
	coded, is, err := c.decoded(now, name)
	switch {
	case err != nil:
		return nil, err
	case !is && !changed:
		return before, nil
	case !is:
		return plain, nil
	case changed:
		return nil, fmt.Errorf(".%s and .decoded.%[1]s.json are both changed: which one counts?", name)
	}
	p := &c.parts[i]
	switch {
	case p.JSON != nil:
	case p.err != nil:
		return nil, fmt.Errorf(".decoded.%s.json can't be changed: %w", name, p.err)
	case p.data == nil:
		return nil, fmt.Errorf(".decoded.%s.json can't be changed: the %[1]s is null", name)
	default:
		return nil, fmt.Errorf(".decoded.%s.json can't be changed: the %[1]s isn't JSON, and has no schema", name)
	}
	text, err := jq.SpliceValue(p.JSON, coded)
	if err != nil {
		return nil, err
	}
	data, err := p.Encode(text)
	if data == nil && err == nil { // never null by accident
		data = []byte{}
	}
	return data, err
}

// decoded is the JSON of a key or value, if that is changed.
func (c *recordChange) decoded(now map[string]any, name string) (json any, changed bool, err error) {
	was, decodes := c.was["decoded"].(map[string]any)
	if !decodes {
		if _, given := now["decoded"]; given {
			return nil, false, errors.New(".decoded is no part of the record here")
		}
		return nil, false, nil
	}
	is, _ := now["decoded"].(map[string]any)
	if err := c.sameBut(is, was, ".decoded", partNames[:]...); err != nil {
		return nil, false, err
	}
	part, _ := is[name].(map[string]any)
	before := was[name].(map[string]any)
	if err := c.sameBut(part, before, ".decoded."+name, "json"); err != nil {
		return nil, false, err
	}
	return part["json"], !jq.Equal(part["json"], before["json"]), nil
}

// headers are those that jq gave; neither a value nor its base64 is a null.
func (c *recordChange) headers(now any) ([]kgo.RecordHeader, error) {
	was := c.was["headers"].([]any)
	if jq.Equal(now, was) {
		return c.made.Headers, nil
	}
	list, ok := now.([]any)
	if !ok && now != nil {
		return nil, fmt.Errorf(".headers becomes the type %s, and must be a list", jq.Type(now))
	}
	headers := make([]kgo.RecordHeader, 0, len(list)+ownHeaders)
	for i, item := range list {
		h, _ := item.(map[string]any)
		name, ok := h["key"].(string)
		if !ok {
			return nil, fmt.Errorf(".headers[%d] isn't an object with a key", i)
		}
		for member := range h {
			if member != "key" && member != "value" && member != "value_base64" {
				return nil, fmt.Errorf(".headers[%d].%s is no part of a header", i, member)
			}
		}
		value, err := jq.Bytes(h, madeOf(was, list, i), "value")
		if err != nil {
			return nil, fmt.Errorf(".headers[%d]: %w", i, err)
		}
		headers = append(headers, kgo.RecordHeader{Key: name, Value: value})
	}
	return headers, nil
}

// madeOf is the header that one with both a value and a base64 was made of: the one in
// its place where the names are as they were, or else one that has either of them. Nil:
// it can't be told.
func madeOf(was, list []any, at int) (found map[string]any) {
	h := list[at].(map[string]any)
	inPlace := slices.EqualFunc(was, list, func(a, b any) bool {
		o, isObject := b.(map[string]any)
		return isObject && jq.Equal(a.(map[string]any)["key"], o["key"])
	})
	kept := func(o map[string]any, member string) bool {
		before, there := o[member]
		return there && jq.Equal(before, h[member]) && jq.Equal(o["key"], h["key"])
	}
	coded := false
	for i, item := range was {
		o := item.(map[string]any)
		text, isCoded := kept(o, "value"), kept(o, "value_base64")
		switch {
		case !text && !isCoded:
		case inPlace && i == at:
			return o
		case found != nil && coded != isCoded:
			return nil
		default:
			found, coded = o, isCoded
		}
	}
	return found
}
