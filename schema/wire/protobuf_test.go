package wire_test

import (
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/wire"
	"google.golang.org/protobuf/encoding/protowire"
)

var firstMessage = wire.Frame{ID: number(1), Indexes: []int{0}}

const paymentProto = `syntax = "proto3";
package acme;
import "google/protobuf/timestamp.proto";
import "google/protobuf/any.proto";
import "google/protobuf/wrappers.proto";
import "acme/money.proto";
import "confluent/meta.proto";
message Payment {
  int64 payment_id = 1 [(confluent.field_meta) = {doc: "the id"}];
  acme.Money amount = 2;
  bytes raw = 3;
  google.protobuf.Timestamp at = 4;
  State state = 5;
  repeated int32 codes = 6;
  map<string, Money> parts = 7;
  oneof by { string card = 8; uint64 account = 9; }
  optional bool urgent = 10;
  google.protobuf.Any extra = 11;
  google.protobuf.StringValue comment = 12;
  enum State { NEW = 0; DONE = 1; }
}`

var moneyProto = wire.Reference{Name: "acme/money.proto", Text: `syntax = "proto3"; package acme; message Money { string currency = 1; int64 units = 2; }`}

func payments() *wire.Codec { return only(wire.Protobuf, paymentProto, moneyProto) }

func TestProtobufComesBack(t *testing.T) {
	for name, json := range map[string]string{
		"nothing set": `{"payment_id":"0","raw":"","state":"NEW","codes":[],"parts":{}}`,
		"all set": `{"payment_id":"9223372036854775807","amount":{"currency":"EUR","units":"9007199254740993"},"raw":"/wA=",` +
			`"at":"2024-02-29T12:00:00.000000001Z","state":"DONE","codes":[1,-1],"parts":{"tip":{"currency":"","units":"1"}},` +
			`"account":"18446744073709551615","urgent":false,"extra":{"@type":"type.googleapis.com/acme.Money","currency":"EUR","units":"1"},"comment":"a \"b\""}`,
		"a type of Protobuf's own in an Any":   `{"payment_id":"0","raw":"","state":"NEW","codes":[],"parts":{},"extra":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1.500s"}}`,
		"a number that is no name of the enum": `{"payment_id":"0","raw":"","state":7,"codes":[],"parts":{}}`,
	} {
		t.Run(name, func(t *testing.T) {
			m := back(t, payments(), firstMessage, json)
			if m.Name != "acme.Payment" || m.Format != wire.Protobuf || m.Notes != nil {
				t.Errorf("got %+v", m)
			}
		})
	}
}

func TestProtobufDataThatJSONDoesNotShowIsNoted(t *testing.T) {
	unknown := protowire.AppendVarint(protowire.AppendTag(nil, 99, protowire.VarintType), 1)
	money := protowire.AppendBytes(protowire.AppendTag(nil, 2, protowire.BytesType), unknown)
	stranger := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "example.com/who.Knows")
	stranger = protowire.AppendBytes(protowire.AppendTag(stranger, 2, protowire.BytesType), unknown)
	extra := protowire.AppendBytes(protowire.AppendTag(nil, 11, protowire.BytesType), stranger)
	for name, c := range map[string]struct {
		data []byte
		note string
	}{
		"an unknown field":            {unknown, "acme.Payment: 3 bytes of fields that the schema doesn't have"},
		"an unknown field further in": {money, "amount: 3 bytes of fields that the schema doesn't have"},
		"a type nobody knows":         {extra, "extra: the schema doesn't have the type example.com/who.Knows of a google.protobuf.Any"},
	} {
		t.Run(name, func(t *testing.T) {
			m := decode(t, payments(), framed(append([]byte{0}, c.data...)...))
			if len(m.Notes) != 1 || m.Notes[0] != c.note {
				t.Errorf("got %q, want %q", m.Notes, c.note)
			}
		})
	}
	t.Run("a required field", func(t *testing.T) {
		m := decode(t, only(wire.Protobuf, `syntax = "proto2"; message R { required int32 a = 1; }`), framed(0))
		if string(m.JSON) != "{}" || len(m.Notes) != 1 || m.Notes[0] != "required field R.a not set" {
			t.Errorf("got %s and %q", m.JSON, m.Notes)
		}
	})
}

func TestProtobufDataThatIsNotWhatItsSchemaSays(t *testing.T) {
	for want, data := range map[string][]byte{
		"data of schema 1 (protobuf): as a acme.Payment: cannot parse invalid wire-format data":          {0, 0x08},
		"data of schema 1 (protobuf): as a acme.Money: cannot parse invalid wire-format data":            append([]byte{0}, protowire.AppendBytes(protowire.AppendTag(nil, 11, protowire.BytesType), append(protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "x/acme.Money"), 0x12, 1, 0xff))...),
		"data of schema 1 (protobuf): as a acme.Payment: field acme.Payment.card contains invalid UTF-8": {0, 0x42, 1, 0xff},
	} {
		bad := fails(t, payments(), framed(data...), strings.Replace(want, "(protobuf): as a acme.Money", "(protobuf): extra: as a acme.Money", 1))
		if bad.ID != number(1) {
			t.Errorf("got %+v", bad)
		}
	}
}

func TestProtobufEncodingChecks(t *testing.T) {
	for name, c := range map[string]struct{ json, want string }{
		"an unknown field": {`{"x":1}`, `unknown field "x"`},
		"a wrong type":     {`{"raw":1}`, "invalid value for bytes field raw: 1"},
		"out of range":     {`{"payment_id":9223372036854775808}`, "invalid value for int64 field paymentId: 9223372036854775808"},
		"two of a oneof":   {`{"card":"x","account":1}`, "oneof acme.Payment.by is already set"},
		"a name twice":     {`{"raw":"","raw":""}`, "duplicate field"},
		"an unknown Any":   {`{"extra":{"@type":"x/who.Knows"}}`, "unable to resolve"},
		"not JSON":         {`{`, "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := payments().Encode(t.Context(), wire.Value, firstMessage, []byte(c.json))
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "data of schema 1 (protobuf): as a acme.Payment: ") {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
	t.Run("a message that isn't there", func(t *testing.T) {
		_, err := payments().Encode(t.Context(), wire.Value, wire.Frame{ID: number(1), Indexes: []int{3}}, []byte(`{}`))
		wantDataError(t, "encoding", err, "data of schema 1 (protobuf): message [3]: the schema has 1 message")
	})
	t.Run("camel case is taken too", func(t *testing.T) {
		c := payments()
		if m := decode(t, c, encode(t, c, wire.Frame{ID: number(1)}, `{"paymentId":5}`)); !strings.HasPrefix(string(m.JSON), `{"payment_id":"5",`) {
			t.Errorf("got %s", m.JSON)
		}
	})
}
