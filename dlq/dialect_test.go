package dlq_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/dlq"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

// letter parses a record with these headers: name and value in turn, "\x00null" for null.
func letter(t testing.TB, d dlq.Dialects, pairs ...string) *dlq.Letter {
	t.Helper()
	rec := &kgo.Record{Topic: "x.DLQ", Partition: 2, Offset: 40, Timestamp: noon}
	for i := 0; i < len(pairs); i += 2 {
		h := kgo.RecordHeader{Key: pairs[i], Value: []byte(pairs[i+1])}
		if pairs[i+1] == "\x00null" {
			h.Value = nil
		}
		rec.Headers = append(rec.Headers, h)
	}
	return d.Parse(rec)
}

func TestFrameworksWithoutSamplesAreReadByTheirSource(t *testing.T) {
	d := dialects(t)
	l := letter(t, d, "source_topic", "orders", "source_partition", "3", "source_offset", "9007199254740993", "source_consumer_group", "shop", "source_attempts", "2")
	if l.Dialect != "karafka" || *l.Origin.Topic != "orders" || *l.Origin.Partition != 3 || *l.Origin.Offset != 9007199254740993 || *l.Origin.Group != "shop" || *l.Cause.Attempts != 2 {
		t.Errorf("karafka: %+v", l)
	}
	if l = letter(t, d, "original_topic", "orders", "original_offset", "1"); l.Dialect != "karafka" || *l.Origin.Offset != 1 || l.Origin.Partition != nil {
		t.Errorf("karafka before 2.5: %+v", l)
	}
	if l = letter(t, d, "source_topic", "orders"); l.Dialect != "" {
		t.Errorf("one plain word makes %s", l.Dialect)
	}
	l = letter(t, d, "exception-type", "Acme.Bad", "exception-message", "no", "original-destination", "kafka://topic/orders")
	if l.Dialect != "wolverine" || *l.Origin.Topic != "orders" || *l.Cause.Class != "Acme.Bad" || *l.Cause.Message != "no" {
		t.Errorf("wolverine: %+v", l)
	}
}

func TestOldSpringVersionsCountAttemptsInOneByte(t *testing.T) {
	for value, want := range map[string]int64{"\x03": 3, "\x00\x00\x00\x03": 3} {
		l := letter(t, dialects(t), "retry_topic-attempts", value)
		if l.Dialect != "spring-retry" || deref(l.Cause.Attempts) != want || len(l.Problems) > 0 {
			t.Errorf("attempts %v, problems %v", l.Cause.Attempts, l.Problems)
		}
	}
}

func TestSpringsRetryTimesAreBigIntegersOfAnyLength(t *testing.T) {
	want := time.UnixMilli(1795420610635).UTC()
	for _, value := range []string{"\x01\xa2\x07h`K", "\x00\x00\x01\xa2\x07h`K", "\x00\x00\x00\x00\x01\xa2\x07h`K"} {
		l := letter(t, dialects(t), "retry_topic-original-timestamp", value)
		if l.Origin.Timestamp == nil || !l.Origin.Timestamp.Equal(want) {
			t.Errorf("%x is %v, problems %v", value, l.Origin.Timestamp, l.Problems)
		}
	}
	for value, reason := range map[string]string{"": "empty", "\xff\x00": "no time", "\x01\x00\x00\x00\x00\x00\x00\x00\x00": "too large", "\x7f\xff\xff\xff\xff\xff\xff\xff": "no time"} {
		l := letter(t, dialects(t), "retry_topic-original-timestamp", value)
		if l.Origin.Timestamp != nil || len(l.Problems) != 1 || !strings.Contains(l.Problems[0].Reason, reason) {
			t.Errorf("%x is %v, problems %v", value, l.Origin.Timestamp, l.Problems)
		}
	}
}

func TestAMalformedHeaderIsReportedAndTheRestIsRead(t *testing.T) {
	l := letter(t, dialects(t),
		"kafka_dlt-original-topic", "orders", "kafka_dlt-original-partition", "7", "kafka_dlt-original-offset", "\xff\xff\xff\xff\xff\xff\xff\xfe",
		"kafka_dlt-original-timestamp", "\x00null", "kafka_dlt-exception-cause-fqcn", "a.B", "kafka_dlt-exception-message", "caf\xe9")
	want := []dlq.Problem{
		{Field: "origin.partition", Header: "kafka_dlt-original-partition", Reason: `it has 1 bytes, not 4 bytes, and looks like the text "7"`},
		{Field: "origin.offset", Header: "kafka_dlt-original-offset", Reason: "it is -2, and can't be negative"},
		{Field: "origin.timestamp", Header: "kafka_dlt-original-timestamp", Reason: "it is null"},
		{Field: "cause.message", Header: "kafka_dlt-exception-message", Reason: "it isn't UTF-8; what isn't is shown as \ufffd"},
	}
	if diff := cmp.Diff(want, l.Problems); diff != "" {
		t.Error(diff)
	}
	if *l.Origin.Topic != "orders" || l.Origin.Partition != nil || l.Origin.Offset != nil || *l.Cause.Class != "a.B" || *l.Cause.Message != "caf\ufffd" {
		t.Errorf("letter = %+v", l)
	}
	for value, reason := range map[string]string{"99999999999": "no number of a partition", "x": "no whole number", "": "no whole number", strings.Repeat("9", 4000): "4000 characters"} {
		l := letter(t, dialects(t), "__connect.errors.partition", value)
		if l.Origin.Partition != nil || len(l.Problems) != 1 || !strings.Contains(l.Problems[0].Reason, reason) {
			t.Errorf("partition %.20q: %v", value, l.Problems)
		}
	}
}

func TestContradictionsAreReported(t *testing.T) {
	d := dialects(t)
	for what, pairs := range map[string][]string{
		"two headers of one dialect": {"kafka_original-timestamp", "\x00\x00\x00\x00\x00\x00\x00\x07", "retry_topic-original-timestamp", "\x08"},
		"two dialects":               {"kafka_dlt-original-topic", "orders", "__connect.errors.topic", "payments"},
		"the letter itself":          {"__dlq.errors.topic", "x.DLQ", "__dlq.errors.partition", "2", "__dlq.errors.offset", "40"},
		"no name of a topic":         {"kafka_dlt-original-topic", "or\x1b[2Jders"},
	} {
		if l := letter(t, d, pairs...); len(l.Problems) != 1 {
			t.Errorf("%s: problems %v", what, l.Problems)
		}
	}
	if l := letter(t, d, "kafka_dlt-original-topic", "orders", "__connect.errors.topic", "orders"); len(l.Problems) != 0 {
		t.Errorf("two dialects that agree: %v", l.Problems)
	}
}

func TestTheHeadersOfTheNewestDeathCountAndAreNotMixed(t *testing.T) {
	d := dialects(t)
	l := letter(t, d, "dead-letter-topic", "new", "dead-letter-reason", "new reason", "dead-letter-topic", "old", "dead-letter-reason", "old reason", "dead-letter-cause", "old cause")
	if *l.Origin.Topic != "new" || *l.Cause.Message != "new reason" {
		t.Errorf("SmallRye: %s, %s", *l.Origin.Topic, *l.Cause.Message)
	}
	l = letter(t, d, "kafka_dlt-exception-cause-fqcn", "old.C", "kafka_dlt-exception-fqcn", "old.B", "kafka_dlt-original-topic", "old",
		"kafka_dlt-exception-fqcn", "new.B", "kafka_dlt-original-topic", "new")
	if *l.Origin.Topic != "new" || *l.Cause.Class != "new.B" {
		t.Errorf("Spring: %s, %s", *l.Origin.Topic, *l.Cause.Class)
	}
	l = letter(t, d, "kafka_original-topic", "first", "kafka_original-topic", "second", "kafka_exception-message", "first", "kafka_exception-message", "second")
	if *l.Origin.Topic != "first" || *l.Cause.Message != "second" {
		t.Errorf("Spring retry: %s, %s", *l.Origin.Topic, *l.Cause.Message)
	}
}

func TestAUsersOwnDialectComesBeforeTheOthers(t *testing.T) {
	own := dlq.Dialect{Name: "shop", Marks: []string{"shop-topic"}, Fields: []dlq.Field{
		{Name: "origin.topic", Header: "shop-topic", Encoding: dlq.Text, Pick: dlq.First},
		{Name: "origin.offset", Header: "shop-offset", Encoding: dlq.Decimal},
		{Name: "origin.timestamp", Header: "shop-time", Encoding: dlq.RFC3339},
	}}
	l := letter(t, dialects(t, own), "shop-topic", "a", "shop-topic", "b", "shop-offset", "7", "shop-time", "2026-11-23T13:00:00+01:00", "kafka_dlt-original-topic", "a")
	if l.Dialect != "shop" || *l.Origin.Topic != "a" || *l.Origin.Offset != 7 || !l.Origin.Timestamp.Equal(noon) || len(l.Problems) > 0 {
		t.Errorf("letter = %+v, problems %v", l, l.Problems)
	}
	for reason, bad := range map[string]dlq.Dialect{
		"no name":         {},
		"no marks":        {Name: "x"},
		"is none of":      {Name: "x", Marks: []string{"m"}, Fields: []dlq.Field{{Name: "origin.tpoic", Header: "m", Encoding: dlq.Text}}},
		"doesn't give it": {Name: "x", Marks: []string{"m"}, Fields: []dlq.Field{{Name: "origin.offset", Header: "m", Encoding: dlq.Text}}},
		"neither first":   {Name: "x", Marks: []string{"m"}, Fields: []dlq.Field{{Name: "origin.topic", Header: "m", Encoding: dlq.Text, Pick: "middle"}}},
		"has no header":   {Name: "x", Marks: []string{"m"}, Fields: []dlq.Field{{Name: "origin.topic", Encoding: dlq.Text}}},
		"more than 32":    {Name: "x", Marks: []string{"m"}, Fields: make([]dlq.Field, 33)},
	} {
		if _, err := dlq.NewDialects(bad); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%+v: %v, want %s", bad, err, reason)
		}
	}
}

func TestKeysValuesAndHeadersAreShownAsTheyAre(t *testing.T) {
	rec := &kgo.Record{Topic: "x.DLQ", Key: []byte{}, Value: []byte("\xff\x00"), Timestamp: time.UnixMilli(-1), Headers: []kgo.RecordHeader{
		{Key: "a", Value: []byte("<b>\x1b")}, {Key: "a"}, {Key: "a", Value: []byte{}}, {Key: "b", Value: []byte{0xfe}},
	}}
	got, err := json.Marshal(dialects(t).Parse(rec))
	if err != nil {
		t.Fatal(err)
	}
	// json.Marshal escapes < and > of what a Marshaler gives.
	want := `{"coordinates":"x.DLQ:0:0","dialect":null,"died_at":null,"timestamp":null,"origin":{"topic":null,"partition":null,"offset":null,"timestamp":null,"group":null},` +
		`"cause":{"class":null,"message":null,"fingerprint":"` + dlq.Fingerprint("", "", "") + `","frame":null,"stack":null,"attempts":null},` +
		`"key":"","value_base64":"/wA=","headers":[{"key":"a","value":"\u003cb\u003e\u001b"},{"key":"a","value":null},{"key":"a","value":""},{"key":"b","value_base64":"/g=="}],` +
		`"problems":[],"decoded":null,"source_differs":null,"disposition":null,"expires_at":null}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func FuzzHeaders(f *testing.F) {
	f.Add("kafka_dlt-original-topic", []byte("orders"), "kafka_dlt-original-offset", []byte("\x00\x00\x00\x00\x00\x00\x00\x01"))
	f.Add("retry_topic-original-timestamp", []byte("\x01\xa2\x07h`K"), "retry_topic-attempts", []byte("\x01"))
	f.Add("__connect.errors.partition", []byte("12"), "dead-letter-topic", []byte("\xff"))
	f.Fuzz(func(t *testing.T, a string, av []byte, b string, bv []byte) {
		rec := &kgo.Record{Topic: "x.DLQ", Key: av, Value: bv, Timestamp: noon, Headers: []kgo.RecordHeader{{Key: a, Value: av}, {Key: b, Value: bv}, {Key: a, Value: bv}}}
		l := dialects(t).Parse(rec)
		l.Decode(t.Context(), nil, rec.Headers)
		text, err := json.Marshal(l)
		if err != nil || !json.Valid(text) {
			t.Fatalf("%s, %v", text, err)
		}
		if len(l.Headers) != 3 || l.Origin.Partition != nil && *l.Origin.Partition < 0 || l.Origin.Offset != nil && *l.Origin.Offset < 0 {
			t.Fatalf("%s", text)
		}
	})
}
