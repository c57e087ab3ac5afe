package wire_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/wire"
	"github.com/twmb/franz-go/pkg/kgo"
	"google.golang.org/protobuf/encoding/protowire"
)

// The newer schema has fields that the older one doesn't: data of the newer one, edited
// with the older, must keep them.
const (
	newerBasket = `syntax = "proto3"; package acme; import "google/protobuf/any.proto";
message Basket {
  int64 id = 1; Line first = 2; repeated Line lines = 3; map<string, Line> by_shop = 4; google.protobuf.Any extra = 5;
  oneof by { string card = 6; Line voucher = 7; }
  string note = 90;
}
message Line { string sku = 1; int64 qty = 2; string note = 91; }`
	olderBasket = `syntax = "proto3"; package acme; import "google/protobuf/any.proto";
message Basket {
  int64 id = 1; Line first = 2; repeated Line lines = 3; map<string, Line> by_shop = 4; google.protobuf.Any extra = 5;
  oneof by { string card = 6; Line voucher = 7; }
}
message Line { string sku = 1; int64 qty = 2; }`
)

const fullBasket = `{"id":"9007199254740993","first":{"sku":"a","qty":"1","note":"n-a"},` +
	`"lines":[{"sku":"b","qty":"2","note":"n-b"},{"sku":"c","qty":"3","note":"n-c"},{"sku":"d","qty":"4","note":""}],` +
	`"by_shop":{"x":{"sku":"e","qty":"5","note":"n-e"}},"extra":{"@type":"t/acme.Line","sku":"f","qty":"6","note":"n-f"},` +
	`"voucher":{"sku":"g","qty":"7","note":"n-g"},"note":"n"}`

// drawn is a draft of data, with the schema of number 1.
func drawn(t *testing.T, c *wire.Codec, headers []kgo.RecordHeader, data []byte) *wire.Draft {
	t.Helper()
	d, err := c.Draft(t.Context(), wire.Value, headers, data)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// changed puts texts in the place of others, each of which must be there.
func changed(t *testing.T, text string, pairs []string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("no %q in %s", pairs[i], text)
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

func TestAChangeOfProtobufKeepsWhatTheSchemaDoesNotHave(t *testing.T) {
	newer, older := only(wire.Protobuf, newerBasket), only(wire.Protobuf, olderBasket)
	for name, c := range map[string]struct{ older, want []string }{
		"a number further up":      {[]string{`"id":"9007199254740993"`, `"id":"9007199254740995"`}, []string{`"id":"9007199254740993"`, `"id":"9007199254740995"`}},
		"a message's field":        {[]string{`"sku":"a"`, `"sku":"z"`}, []string{`"sku":"a"`, `"sku":"z"`}},
		"an element's field":       {[]string{`"sku":"b"`, `"sku":"z"`}, []string{`"sku":"b"`, `"sku":"z"`}},
		"a map's message":          {[]string{`"qty":"5"`, `"qty":"6"`}, []string{`"qty":"5"`, `"qty":"6"`}},
		"a message in an Any":      {[]string{`"sku":"f"`, `"sku":"z"`}, []string{`"sku":"f"`, `"sku":"z"`}},
		"a message of a oneof":     {[]string{`"qty":"7"`, `"qty":"8"`}, []string{`"qty":"7"`, `"qty":"8"`}},
		"an element taken out":     {[]string{`{"sku":"b","qty":"2"},`, ``}, []string{`{"sku":"b","qty":"2","note":"n-b"},`, ``}},
		"an element put in":        {[]string{`[{"sku":"b"`, `[{"sku":"z"},{"sku":"b"`}, []string{`[{"sku":"b"`, `[{"sku":"z","qty":"0","note":""},{"sku":"b"`}},
		"a message taken out":      {[]string{`"first":{"sku":"a","qty":"1"},`, ``}, []string{`"first":{"sku":"a","qty":"1","note":"n-a"},`, ``}},
		"another one of the oneof": {[]string{`"voucher":{"sku":"g","qty":"7"}`, `"card":"k"`}, []string{`"voucher":{"sku":"g","qty":"7","note":"n-g"},`, ``, `"extra":`, `"card":"k","extra":`}},
		"elements in another order": {
			[]string{`{"sku":"b","qty":"2"},{"sku":"c","qty":"3"}`, `{"sku":"c","qty":"3"},{"sku":"b","qty":"2"}`},
			[]string{`{"sku":"b","qty":"2","note":"n-b"},{"sku":"c","qty":"3","note":"n-c"}`, `{"sku":"c","qty":"3","note":"n-c"},{"sku":"b","qty":"2","note":"n-b"}`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := drawn(t, older, nil, encode(t, newer, wire.Frame{ID: number(1)}, fullBasket))
			data, err := d.Change([]byte(changed(t, string(d.Text), c.older)))
			if err != nil {
				t.Fatal(err)
			}
			want := decode(t, newer, encode(t, newer, wire.Frame{ID: number(1)}, changed(t, fullBasket, c.want)))
			if got := decode(t, newer, data); string(got.JSON) != string(want.JSON) {
				t.Errorf("got\n%s, want\n%s", got.JSON, want.JSON)
			}
		})
	}
}

func TestAChangeOfProtobufThatWouldMixUpUnknownFieldsIsRefused(t *testing.T) {
	newer, older := only(wire.Protobuf, newerBasket), only(wire.Protobuf, olderBasket)
	d := drawn(t, older, nil, encode(t, newer, wire.Frame{ID: number(1)}, fullBasket))
	for name, pairs := range map[string][]string{
		"one changed, one taken out": {`{"sku":"b","qty":"2"},{"sku":"c"`, `{"sku":"z"`},
		"one changed, one put in":    {`[{"sku":"b"`, `[{"sku":"y"},{"sku":"z"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := d.Change([]byte(changed(t, string(d.Text), pairs)))
			wantDataError(t, "changing", err, "data of schema 1 (protobuf): lines[]: elements have fields that the schema doesn't have, and it can't be told which elements those are now: change elements, or add and take out some, not both at once")
		})
	}
	// Where nothing can be mixed up, both at once will do.
	if _, err := d.Change([]byte(changed(t, string(d.Text), []string{`{"sku":"d","qty":"4"}`, `{"sku":"y"},{"sku":"z"}`}))); err != nil {
		t.Errorf("elements without such fields: %v", err)
	}
}

func TestAChangeOfProtobufKeepsAnAnyOfATypeThatNobodyKnows(t *testing.T) {
	inner := protowire.AppendString(protowire.AppendTag(nil, 7, protowire.BytesType), "x")
	stranger := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "example.com/who.Knows")
	stranger = protowire.AppendBytes(protowire.AppendTag(stranger, 2, protowire.BytesType), inner)
	extra := protowire.AppendBytes(protowire.AppendTag(nil, 5, protowire.BytesType), stranger)
	d := drawn(t, only(wire.Protobuf, olderBasket), nil, framed(append([]byte{0, 0x08, 1}, extra...)...))
	data, err := d.Change([]byte(changed(t, string(d.Text), []string{`"id":"1"`, `"id":"2"`})))
	if want := framed(append([]byte{0, 0x08, 2}, extra...)...); err != nil || !bytes.Equal(data, want) {
		t.Errorf("got %x and %v, want %x", data, err, want)
	}
	_, err = d.Change([]byte(changed(t, string(d.Text), []string{"who.Knows", "who.Cares"})))
	wantDataError(t, "another type", err, "data of schema 1 (protobuf): extra: the schema doesn't have the type example.com/who.Cares of a google.protobuf.Any")
}

func TestAChangeIsHeldAgainstTheSchema(t *testing.T) {
	for name, c := range map[string]struct {
		codec *wire.Codec
		data  []byte
		text  string
		want  string
	}{
		"a field that Protobuf doesn't have": {only(wire.Protobuf, olderBasket), framed(0, 0x08, 1), `{"idd":"2"}`, `unknown field "idd"`},
		"a required field that is missing":   {only(wire.Protobuf, `syntax = "proto2"; message R { required int32 a = 1; optional int32 b = 2; }`), framed(0), `{"b":1}`, "required field R.a not set"},
		"JSON that its schema refuses":       {only(wire.JSON, `{"type":"object","properties":{"n":{"type":"integer"}}}`), framed([]byte(`{"n":1}`)...), `{"n":"1"}`, "/n"},
		"no JSON":                            {only(wire.JSON, `{}`), framed([]byte(`{"n":1}`)...), `{"n":`, "not JSON"},
		"an Avro field of another type":      {only(wire.Avro, `{"type":"record","name":"R","fields":[{"name":"n","type":"long"}]}`), framed(2), `{"n":"1"}`, "n"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := drawn(t, c.codec, nil, c.data).Change([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	d := drawn(t, only(wire.Protobuf, `syntax = "proto2"; message R { required int32 a = 1; }`), nil, framed(0))
	if data, err := d.Change([]byte(`{"a":1}`)); err != nil || !bytes.Equal(data, framed(0, 0x08, 1)) {
		t.Errorf("a required field that is put in: %x and %v", data, err)
	}
}

func TestAChangeKeepsTheIdWhereItIs(t *testing.T) {
	json := only(wire.JSON, `{"type":"object"}`)
	text := `{ "z" : 9007199254740993,  "a": 1.10 }`
	inHeader := []kgo.RecordHeader{header("__value_schema_id", 0, 0, 0, 0, 1)}
	for name, c := range map[string]struct {
		codec   *wire.Codec
		headers []kgo.RecordHeader
		data    []byte
		pairs   []string
		want    []byte
	}{
		"JSON with the id in front":  {json, nil, framed([]byte(text)...), []string{"1.10", "1.20"}, framed([]byte(strings.Replace(text, "1.10", "1.20", 1))...)},
		"JSON with the id in header": {json, inHeader, []byte(text), []string{"1.10", "1.20"}, []byte(strings.Replace(text, "1.10", "1.20", 1))},
		"Avro with the id in header": {only(wire.Avro, `{"type":"record","name":"R","fields":[{"name":"n","type":"long"}]}`), inHeader, []byte{2}, []string{"1", "2"}, []byte{4}},
		"Protobuf with the id and indexes in header": {only(wire.Protobuf, olderBasket), []kgo.RecordHeader{header("__value_schema_id", 0, 0, 0, 0, 1, 2, 2)},
			[]byte{0x10, 1}, []string{`"qty":"1"`, `"qty":"2"`}, []byte{0x10, 2}},
		"Protobuf with long indexes in front": {only(wire.Protobuf, olderBasket), nil, framed(2, 0, 0x08, 1), []string{`"id":"1"`, `"id":"2"`}, framed(2, 0, 0x08, 2)},
	} {
		t.Run(name, func(t *testing.T) {
			d := drawn(t, c.codec, c.headers, c.data)
			got, err := d.Change([]byte(changed(t, string(d.Text), c.pairs)))
			if err != nil || !bytes.Equal(got, c.want) {
				t.Errorf("got %x and %v, want %x", got, err, c.want)
			}
			if same, err := d.Change(d.Text); err != nil || !bytes.Equal(same, c.data) {
				t.Errorf("unchanged it is %x and %v, want %x", same, err, c.data)
			}
		})
	}
}
