package copies_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/replay/copies"
)

// setting gives the request a change to whole records.
func setting(t testing.TB, query string) func(*copies.Request) {
	t.Helper()
	set, err := copies.NewRecordSet(query)
	if err != nil {
		t.Fatal(err)
	}
	return func(r *copies.Request) { r.SetRecord, r.Drafter = set, framed{} }
}

// framed drafts what begins with a null byte, as what has a schema does.
type framed struct{}

func (framed) Draft(_ context.Context, headers []kgo.RecordHeader, _ bool, data []byte) (copies.Draft, error) {
	switch {
	case len(headers) > 0 && headers[0].Key == "no-schema":
		return copies.Draft{}, errors.New("nobody has its schema")
	case data[0] != 0:
		return copies.Draft{}, nil
	case !json.Valid(data[1:]):
		return copies.Draft{}, errors.New("it is damaged")
	}
	return copies.Draft{JSON: data[1:], Format: "avro", Encode: func(text []byte) ([]byte, error) {
		if strings.Contains(string(text), "refused") {
			return nil, errors.New("the schema is against it")
		}
		return append([]byte{0}, text...), nil
	}}, nil
}

func TestKeysAndHeadersAreMaskedAndTheRestKeepsItsBytes(t *testing.T) {
	header := func(pairs ...string) (list []kgo.RecordHeader) {
		for i := 0; i < len(pairs); i += 2 {
			h := kgo.RecordHeader{Key: pairs[i], Value: []byte(pairs[i+1])}
			if pairs[i+1] == "null" {
				h.Value = nil
			}
			list = append(list, h)
		}
		return list
	}
	odd := header("user", "eve", "b", "\xff\x00", "user", "null", "e", "", "user", "\xfe")
	for _, test := range []struct {
		name, query string
		rec, want   kgo.Record
	}{
		{"a key", `.key = "x"`, kgo.Record{Key: []byte("eve"), Value: []byte(`{"z":9007199254740993}`), Headers: odd},
			kgo.Record{Key: []byte("x"), Value: []byte(`{"z":9007199254740993}`), Headers: odd}},
		{"a key of another's bytes", `.key = .key[:2]`, kgo.Record{Key: []byte("eve"), Value: []byte("v\xff")}, kgo.Record{Key: []byte("ev"), Value: []byte("v\xff")}},
		{"a null key", `.key = "x"`, kgo.Record{Value: []byte("v")}, kgo.Record{Key: []byte("x"), Value: []byte("v")}},
		{"a key goes", `del(.key)`, kgo.Record{Key: []byte("k"), Value: []byte("v")}, kgo.Record{Value: []byte("v")}},
		{"a key becomes null", `.key = null`, kgo.Record{Key: []byte("k"), Value: []byte("v")}, kgo.Record{Value: []byte("v")}},
		{"bytes become a text", `.key = "x"`, kgo.Record{Key: []byte("\xff"), Value: []byte("v")}, kgo.Record{Key: []byte("x"), Value: []byte("v")}},
		{"a text becomes bytes", `.key_base64 = "/w=="`, kgo.Record{Key: []byte("k"), Value: []byte("v")}, kgo.Record{Key: []byte("\xff"), Value: []byte("v")}},
		{"a tombstone's key", `.key = "x"`, kgo.Record{Key: []byte("eve")}, kgo.Record{Key: []byte("x")}},
		{"headers go", `del(.headers[] | select(.key == "user"))`, kgo.Record{Value: []byte("v"), Headers: odd}, kgo.Record{Value: []byte("v"), Headers: header("b", "\xff\x00", "e", "")}},
		{"headers become null", `(.headers[] | select(.key == "user") | .value) = null`, kgo.Record{Value: []byte("v"), Headers: odd},
			kgo.Record{Value: []byte("v"), Headers: header("user", "null", "b", "\xff\x00", "user", "null", "e", "", "user", "null")}},
		{"headers become another", `(.headers[] | select(.key == "user") | .value) |= "x"`, kgo.Record{Value: []byte("v"), Headers: odd},
			kgo.Record{Value: []byte("v"), Headers: header("user", "x", "b", "\xff\x00", "user", "x", "e", "", "user", "x")}},
		{"a header more", `.headers += [{"key": "by", "value": "me"}]`, kgo.Record{Value: []byte("v"), Headers: odd[:2]}, kgo.Record{Value: []byte("v"), Headers: append(header("user", "eve", "b", "\xff\x00"), header("by", "me")...)}},
		{"all headers", `.headers = []`, kgo.Record{Value: []byte("v"), Headers: odd}, kgo.Record{Value: []byte("v")}},
		{"a value as a whole", `.value = "x"`, kgo.Record{Key: []byte("k"), Value: []byte("\xff")}, kgo.Record{Key: []byte("k"), Value: []byte("x")}},
		{"JSON keys", `.decoded.key.json.id = 1`, kgo.Record{Key: []byte(`{"z": 9007199254740993, "id": 1.50}`), Value: []byte("v")}, kgo.Record{Key: []byte(`{"z": 9007199254740993, "id": 1}`), Value: []byte("v")}},
		{"keys and values with a schema", `.decoded[].json.id = 9007199254740993`, kgo.Record{Key: []byte("\x00" + `{ "id":1 }`), Value: []byte("\x00" + `{"a":1e400, "id":2}`)},
			kgo.Record{Key: []byte("\x00" + `{ "id":9007199254740993 }`), Value: []byte("\x00" + `{"a":1e400, "id":9007199254740993}`)}},
		{"from one part to another", `.key = .decoded.value.json.id`, kgo.Record{Key: []byte("k"), Value: []byte(`{"id":"x"}`)}, kgo.Record{Key: []byte("x"), Value: []byte(`{"id":"x"}`)}},
		{"nothing", `.`, kgo.Record{Key: []byte("\xff"), Value: []byte(""), Headers: odd}, kgo.Record{Key: []byte("\xff"), Value: []byte(""), Headers: odd}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := kafkatest.Fake(t)
			j := newJob(t, c, 2)
			test.rec.Topic, test.rec.Partition, test.want.Partition = j.from, 1, 1
			c.Produce(t, &test.rec)
			j.change = setting(t, test.query)
			if r := j.run(t); said(r) != "planned 1 done 1 skipped 0 failed 0 none 0 left 0" {
				t.Fatalf("%s %+v", said(r), r.Items)
			}
			plain, _ := copied(t, j, j.mustPlan(t).Copy, c.Committed(t, j.to)[0])
			if d := cmp.Diff(written(&test.want), written(plain)); d != "" {
				t.Error(d)
			}
			if v := verify(t, j); !v.Equal || v.Found != 1 {
				t.Errorf("%+v", v)
			}
		})
	}
}

// What a change gives that can't be written isn't written: nothing gets out unmasked.
func TestARecordThatCanNotBeChangedIsNotCopied(t *testing.T) {
	rec := kgo.Record{Key: []byte("k"), Value: []byte(`{"a":1}`), Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("\xff")}}}
	null := kgo.Record{Key: []byte("k")}
	for _, test := range []struct {
		name, query string
		rec         kgo.Record
		want        string
	}{
		{"a wrong name", `.keys = "x"`, rec, ".keys is no part of a record"},
		{"another place", `.offset += 1`, rec, ".offset can't be changed"},
		{"only a part", `{key}`, rec, "is left out: the whole record must be given"},
		{"no record", `.key`, rec, "it gives the type string"},
		{"a number", `.key = 5`, rec, ".key becomes the type number"},
		{"no base64", `.key_base64 = "%"`, rec, "isn't base64"},
		{"text and base64", `.key = "x" | .key_base64 = "eA=="`, rec, "which one counts?"},
		{"no list", `.headers = "x"`, rec, ".headers becomes the type string"},
		{"no header", `.headers = ["x"]`, rec, ".headers[0] isn't an object with a key"},
		{"a header that could be two", `.headers = [{"key": "g", "value": "x"}] + (.headers | map(.value = null))`, kgo.Record{
			Value: []byte("v"), Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("\xff")}, {Key: "h", Value: nil}}}, "which one counts?"},
		{"a header's wrong name", `.headers[0].name = "x"`, rec, ".headers[0].name is no part of a header"},
		{"a header's number", `.headers[0].value = 1`, rec, ".headers[0]: .value becomes the type number"},
		{"no value any more", `.value = null`, rec, "its value would become null"},
		{"a tombstone with a value", `.value = "x"`, null, "its value is null, and must stay null"},
		{"a tombstone's JSON", `.decoded.value.json.a = 1`, null, "the value is null"},
		{"a text's JSON", `.decoded.key.json = {}`, rec, "the key isn't JSON, and has no schema"},
		{"what is damaged", `.decoded.value.json = {}`, kgo.Record{Value: []byte("\x00{")}, "it is damaged"},
		{"JSON whose schema can't be had", `.decoded.value.json.a = 1`, kgo.Record{Value: []byte(`{"a":0}`), Headers: []kgo.RecordHeader{{Key: "no-schema"}}}, "nobody has its schema"},
		{"what the schema refuses", `.decoded.value.json.a = "refused"`, kgo.Record{Value: []byte("\x00{}")}, "the schema is against it"},
		{"the same twice", `.value = "x" | .decoded.value.json.a = 2`, rec, "which one counts?"},
		{"a format", `.decoded.value.format = "x"`, rec, ".decoded.value.format can't be changed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := kafkatest.Fake(t)
			j := newJob(t, c, 1)
			test.rec.Topic = j.from
			c.Produce(t, &test.rec)
			j.change = setting(t, test.query)
			r := j.run(t)
			if len(r.Items) != 1 || !strings.HasPrefix(r.Items[0].Reason, "--set-record: ") || !strings.Contains(r.Items[0].Reason, test.want) || r.Done != 0 {
				t.Errorf("%s %+v", said(r), r.Items)
			}
		})
	}
}

// Copies of before --set-record was there go on: their id is the same.
func TestAnOlderCopyKeepsItsID(t *testing.T) {
	i := copies.Identity{
		From: copies.Place{Cluster: "c", Topic: "a", TopicID: "1"}, To: copies.Place{Cluster: "d", Topic: "b", TopicID: "2"},
		Where: ".key", Set: ".a = 1", Partition: copies.Original,
	}
	if got := i.ID(); got != "0f91068c99d76722" {
		t.Error(got)
	}
	other := i
	if other.SetRecord = `.key = "x"`; other.ID() == i.ID() {
		t.Error("another change is the same copy")
	}
}
