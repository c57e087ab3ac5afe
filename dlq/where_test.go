package dlq_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/dlq"
	"github.com/itchyny/gojq"
	"github.com/twmb/franz-go/pkg/kgo"
)

func where(t testing.TB, query string) *dlq.Where {
	t.Helper()
	w, err := dlq.NewWhere(query)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestAQuerySeesTheLetterAsItsJSONIs(t *testing.T) {
	queries := []string{
		`.`, `.cause.class`, `.origin.offset`, `.headers[] | select(.key == "ce_type") | .value`, `.decoded.value.json.orderId`,
		`.value`, `.value_base64`, `.key`, `.dialect`, `.died_at`, `.problems | length`, `keys`, `.["coordinates"]`, `.cause | .message`,
		`. as $l | $l.origin.topic`, `to_entries | length`, `.. | strings`, `def f: .dialect; f`, `{dialect}`, `.cause.stack | length`,
		`any(.headers[]; .key == "nullhdr")`, `has("decoded")`, `. as {dialect: $d} | $d`, `"\(.dialect) \(.key)"`, `.[("dia" + "lect")]`,
		`[.headers[].value]`, `.timestamp`, `.origin | keys`, `if .dialect == "spring" then .key else .value end`, `getpath(["cause","class"])`,
		`.decoded.key.format`, `reduce .headers[] as $h (0; .+1)`, `@json`, `.headers | map(.key) | join(",")`, `.expires_at`, `tostring | length`,
	}
	for _, letters := range samples(t) {
		for _, s := range letters[:min(len(letters), 6)] {
			l := dialects(t).Parse(s.record(t))
			l.Decode(t.Context(), nil, l.RecordHeaders())
			for _, query := range queries {
				want := oracle(t, l, "("+query+") as $got | $got")
				// The query compares with what plain jq makes of the JSON document.
				literal, err := json.Marshal(want)
				if err != nil {
					t.Fatal(err)
				}
				ok, err := where(t, "("+query+") == "+string(literal)).Match(t.Context(), l)
				if want == nil {
					ok, err = where(t, "("+query+") == null").Match(t.Context(), l)
				}
				if want == errNothing {
					continue
				}
				if err != nil || !ok {
					t.Fatalf("%s at %s: %v, %v; want %s", query, l.Coordinates, ok, err, literal)
				}
			}
		}
	}
}

var errNothing = "nothing \x00"

// oracle runs the query over the parsed JSON document.
func oracle(t *testing.T, l *dlq.Letter, query string) any {
	t.Helper()
	text, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	parsed, err := gojq.Parse(query)
	if err != nil {
		t.Fatal(err)
	}
	value, ok := parsed.Run(document).Next()
	if !ok {
		return errNothing
	}
	if err, failed := value.(error); failed {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

func TestNumbersOver2To53AreKept(t *testing.T) {
	l := dialects(t).Parse(springLetter("orders.DLQ", 0, 1, "a.B"))
	l.Decode(t.Context(), nil, l.RecordHeaders())
	for query, want := range map[string]bool{
		`.decoded.value.json.big == 9007199254740993`: true,
		`.decoded.value.json.big == 9007199254740992`: false,
	} {
		if ok, err := where(t, query).Match(t.Context(), l); err != nil || ok != want {
			t.Errorf("%s: %v, %v", query, ok, err)
		}
	}
	text, err := json.Marshal(l)
	if err != nil || !strings.Contains(string(text), `"big":9007199254740993`) {
		t.Errorf("JSON %s, %v", text, err)
	}
}

func TestAQueryThatCannotBeCompiledIsRefusedBeforeReading(t *testing.T) {
	for _, query := range []string{`.a ==`, `foo(.)`, `env.HOME`, `$ENV.PATH`, `input`, `[inputs]`, `.a | debug`, `import "a" as a; .`,
		`"\(env)"`, `.[env.X]`, `def f: env; f`, `halt`, `{a: env}`, `.x[input]`, `try env catch .`, strings.Repeat("(", 1<<17)} {
		_, err := dlq.NewWhere(query)
		var refused *dlq.WhereError
		if !errors.As(err, &refused) || refused.Hint() == "" {
			t.Errorf("%.40s: error = %v", query, err)
		}
	}
}

func TestAQueryThatLoopsEndsAndSaysSo(t *testing.T) {
	l := dialects(t).Parse(springLetter("orders.DLQ", 0, 1, "a.B"))
	for _, query := range []string{`last(repeat(1))`, `def f: f; f`, `last(range(1e12))`, `[range(1e9)] | length`} {
		start := time.Now()
		_, err := where(t, query).Match(t.Context(), l)
		if !errors.Is(err, dlq.ErrWhereTime) || time.Since(start) > 20*time.Second {
			t.Errorf("%s: %v after %s", query, err, time.Since(start))
		}
		// The next query isn't cut short by the last.
		if ok, err := where(t, `.dialect == "spring"`).Match(t.Context(), l); !ok || err != nil {
			t.Errorf("after %s: %v, %v", query, ok, err)
		}
	}
}

func TestAnErrorAtOneLetterIsToldAndOthersAreRead(t *testing.T) {
	l := dialects(t).Parse(&kgo.Record{Topic: "x.DLQ", Value: []byte("text")})
	if ok, err := where(t, `.value | fromjson | .a`).Match(t.Context(), l); ok || err == nil {
		t.Errorf("%v, %v", ok, err)
	}
	if ok, err := where(t, `empty`).Match(t.Context(), l); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
}

func TestJSONWithMillionsOfValuesIsNotLookedInto(t *testing.T) {
	few, many := []byte("["+strings.Repeat("{},", 1000)+"1]"), []byte("["+strings.Repeat("{},", 400_000)+`"[{,:\\\""]`)
	for _, test := range []struct {
		value []byte
		fails bool
	}{{few, false}, {many, true}, {[]byte(`["` + strings.Repeat(",", 1_000_000) + `"]`), false}} {
		rec := &kgo.Record{Topic: "t", Value: test.value}
		l := dialects(t).Parse(rec)
		l.Decode(t.Context(), nil, rec.Headers)
		ok, err := where(t, `.decoded.value.json | length > 0`).Match(t.Context(), l)
		if ok == test.fails || (err != nil) != test.fails || test.fails && !strings.Contains(err.Error(), "too many to look into") {
			t.Errorf("%d bytes: %t, %v", len(test.value), ok, err)
		}
	}
	other := &kgo.Record{Value: append([]byte(" "), many...)}
	if c := dlq.Compare(dialects(t).Parse(&kgo.Record{Value: many}), other); c.Value != dlq.Changed {
		t.Errorf("compared, it is %s", c.Value)
	}
}
