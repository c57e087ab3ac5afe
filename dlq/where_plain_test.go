package dlq

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/itchyny/gojq"
	"github.com/twmb/franz-go/pkg/kgo"
)

// plainQueries are of the kind that is answered without jq.
var plainQueries = []string{
	`.cause.class == "a.B"`, `.origin.offset < 100`, `.cause.class == "a.B" and .origin.offset >= 7`, `.key`, `.key == null or .value == ""`,
	`(.cause.message // .cause.class) != "x"`, `.cause.message | test("time|not")`, `.cause.message | startswith("order")`,
	`.value | endswith("}")`, `.value | contains("ord-1")`, `.origin.group | not`, `."dialect" == "spring"`, `.timestamp > "2026"`,
	`.died_at == .timestamp`, `.expires_at != null`, `.origin.topic == .origin.group`, `.cause.attempts > 3`, `.value_base64 == "/w=="`,
	`true`, `null // .key_base64`, `.coordinates | startswith("orders.DLQ:1:")`, `.cause.fingerprint != "0"`, `.cause.frame | test("^a\\.")`,
	`.cause.stack | test("Caused by")`, `.origin.partition == 1`, `.origin.timestamp == null`, `(.key == "k") | not`, `.origin.offset == "7"`,
	`.key < .origin.offset`, `.key == false or .value > true`,
}

// otherQueries are left to jq.
var otherQueries = []string{
	`.`, `.cause`, `.foo == 1`, `.["dialect"] == "spring"`, `.headers[0].key == "a"`, `.decoded.value.json.id == 1`, `.key, .value`, `.origin.offset + 1 == 8`,
	`def test(x): true; .key | test("a")`, `.key | test("("; "i")`, `.key as $k | $k == "a"`, `.cause.class?`, `.origin.offset == 7.0`, `"\(.key)" == "a"`,
	`.key | test("(")`, `.key[0:1] == "k"`, `if .key == "a" then true else false end`, `.cause | .class == "a.B"`, `-1 < .origin.offset`,
}

func TestPlainQueriesAreTheUsualOnes(t *testing.T) {
	for _, query := range plainQueries {
		if w := mustWhere(t, query); w.plain == nil {
			t.Errorf("%s is left to jq", query)
		}
	}
	for _, query := range otherQueries {
		if w := mustWhere(t, query); w.plain != nil {
			t.Errorf("%s isn't left to jq", query)
		}
	}
}

func mustWhere(t testing.TB, query string) *Where {
	t.Helper()
	w, err := NewWhere(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return w
}

// oddRecord is a letter of Spring's, of which parts may be missing.
func oddRecord(class, message, stack string, key, value []byte, offset int64, mask uint8) *kgo.Record {
	rec := &kgo.Record{Topic: "orders.DLQ", Partition: 1, Offset: 12, Key: key, Value: value, Timestamp: time.UnixMilli(offset)}
	for i, h := range []kgo.RecordHeader{
		{Key: "kafka_dlt-exception-cause-fqcn", Value: []byte(class)},
		{Key: "kafka_dlt-exception-message", Value: []byte(message)},
		{Key: "kafka_dlt-exception-stacktrace", Value: []byte(stack)},
		{Key: "kafka_dlt-original-offset", Value: binary.BigEndian.AppendUint64(nil, uint64(offset))},
		{Key: "kafka_dlt-original-partition", Value: binary.BigEndian.AppendUint32(nil, uint32(offset))},
		{Key: "kafka_dlt-original-topic", Value: []byte(class)},
		{Key: "kafka_dlt-original-consumer-group", Value: []byte(message)},
		{Key: "__connect.errors.topic", Value: []byte(message)},
	} {
		if mask&(1<<i) != 0 {
			rec.Headers = append(rec.Headers, h)
		}
	}
	return rec
}

// samePlainly fails unless a query gives the same with and without jq, and at a letter
// of which only what it looks at was read.
func samePlainly(t *testing.T, query string, rec *kgo.Record) {
	t.Helper()
	w, err := NewWhere(query)
	if err != nil {
		return
	}
	d, err := NewDialects()
	if err != nil {
		t.Fatal(err)
	}
	full, lean := d.Parse(rec), new(Letter)
	p := d.parser()
	if p.parse(lean, rec, w.wants); w.needs("decoded") {
		full.Decode(t.Context(), nil, rec.Headers)
		lean.Decode(t.Context(), nil, rec.Headers)
	}
	want, wantErr := w.jq(t.Context(), full)
	if got, err := w.jq(t.Context(), lean); got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Errorf("%s at a lean letter: %v, %v; want %v, %v", query, got, err, want, wantErr)
	}
	if w.plain == nil {
		return
	}
	input, err := w.input(full)
	if err != nil {
		t.Fatal(err)
	}
	code, err := gojq.Compile(w.query.Syntax())
	if err != nil {
		t.Fatal(err)
	}
	value, _ := code.RunWithContext(t.Context(), input).Next()
	p.parse(lean, rec, w.plainWants)
	for name, l := range map[string]*Letter{"a whole": full, "a lean": lean} {
		if got, ok := w.plain(l); ok && !reflect.DeepEqual(got, value) {
			t.Errorf("%s gives %#v at %s letter, and by jq %#v", query, got, name, value)
		}
	}
	if got, err := w.Match(t.Context(), full); got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Errorf("%s: %v, %v; want %v, %v", query, got, err, want, wantErr)
	}
}

func TestPlainQueriesGiveWhatJqGives(t *testing.T) {
	const stack = "a.W: failed\n\tat java.lang.X.y(X.java:1)\nCaused by: a.B: order ord-1 not found\n\tat a.b.C.lambda$find$3(C.java:2)\n"
	for _, query := range append(append([]string{}, plainQueries...), otherQueries...) {
		for mask := range 256 {
			samePlainly(t, query, oddRecord("a.B", "order ord-1 not found", stack, []byte("k"), []byte(`{"id":"ord-1"}`), 7, uint8(mask)))
		}
		samePlainly(t, query, oddRecord("\xff", "", "", nil, []byte{0xff}, -1, 255))
		samePlainly(t, query, oddRecord("", "\xfe", "\xff: \xfe\n\tat \xfd(", []byte{}, nil, 1<<40, 255))
	}
}

func FuzzPlainQueries(f *testing.F) {
	for _, query := range append(append([]string{}, plainQueries...), otherQueries...) {
		f.Add(query, "a.B", "order ord-1 not found", "a.B: x\n\tat a.b(C.java)", []byte("k"), []byte("{}"), int64(7), uint8(255))
	}
	f.Fuzz(func(t *testing.T, query, class, message, stack string, key, value []byte, offset int64, mask uint8) {
		samePlainly(t, query, oddRecord(class, message, stack, key, value, offset, mask))
	})
}
